//! What may differ, and why.

use crate::questions::Question;

/// Queries whose answers may differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exception {
    /// A part of the query.
    part: &'static str,
    /// Why.
    reason: &'static str,
}

/// All of them.
pub(crate) const EXCEPTIONS: [Exception; 0] = [];

impl Exception {
    /// Tells whether it is about a query.
    pub(crate) fn is_about(&self, question: &Question) -> bool {
        question.query.contains(self.part)
    }
}

/// Returns why the answers to a question may differ, `None` if they may not.
pub(crate) fn reason(question: &Question) -> Option<&'static str> {
    EXCEPTIONS
        .iter()
        .find(|one| one.is_about(question))
        .map(|one| one.reason)
}
