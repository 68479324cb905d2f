//! SQL over the tables, read only and within bounds.

mod answer;
mod aside;
mod mistake;
mod provider;
mod session;

pub use answer::{Answer, AnswerError, Cut, Format};
pub use mistake::{Position, SqlError};

pub(crate) use aside::Aside;
pub(crate) use session::{EndWithUs, Engine, Question, Select, threads};
