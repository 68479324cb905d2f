//! PromQL: text to tree, tree to plan, plan and stored series to values.
//!
//! Pure: no I/O, no clock, no threads. Series come through [`model::Query`]; whoever waits for the answer says by
//! a function when to stop. The language is that of Prometheus 3.16, native histograms and start
//! timestamps included; its experimental parts are behind [`Options`] and [`EvalParams`].
//!
//! ```text
//! parse(text) -> Expr -> evaluate(&Expr, &dyn Query, &EvalParams) -> QueryOutput
//! ```

mod annotations;
pub mod ast;
mod error;
mod eval;
mod functions;
pub mod histogram;
mod lex;
mod math;
mod number;
mod parse;
mod plan;
mod value;

pub use annotations::Annotation;
pub use ast::Expr;
pub use error::{EvalError, Interrupt, ParseError};
pub use eval::{Alone, Caller, EvalParams, Job, Limits, Workers, evaluate, evaluate_with};
pub use functions::{Function, functions, keywords};
pub use number::format_plain;
pub use parse::{MAX_DEPTH, MAX_QUERY_BYTES, Options, parse, parse_selector};
pub use value::{QueryOutput, Sample, Series, Value};
