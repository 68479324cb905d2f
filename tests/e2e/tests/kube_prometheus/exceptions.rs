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
pub(crate) const EXCEPTIONS: [Exception; 4] = [
    Exception {
        part: "ALERTS{",
        reason: "alerts are made by Prometheus alone, as nothing evaluates alerting rules here",
    },
    Exception {
        part: "rate(workqueue_depth",
        reason: "the rate of a gauge that is above zero for milliseconds: one who looks in that moment sees it",
    },
    Exception {
        part: "process_start_time_seconds{cluster=~",
        reason: "node_exporter is a process of its own there, and the collectors are a part of ours here",
    },
    Exception {
        part: "(up == 1)",
        reason: "ours is a target of its own, and Prometheus is none there",
    },
];

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
