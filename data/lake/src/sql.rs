//! SQL over the tables, read only and within bounds.

mod answer;
mod mistake;
mod provider;
mod session;

pub use answer::{Answer, AnswerError, Cut, Format};
pub use mistake::{Position, SqlError};

pub(crate) use session::{EndWithUs, Engine, Question, Select};
