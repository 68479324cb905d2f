//! What is moved, and who moves it the last step.

use std::time::Duration;

/// Something to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel<T> {
    /// What it is; a relay does not look.
    pub payload: T,
    /// How much it is, in samples.
    pub weight: usize,
    /// The position in the log that it comes from; parcels are pushed in ascending order.
    pub position: u64,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has taken all of it.
    Delivered,
    /// The receiver has taken it, but for a part that it will never take.
    DeliveredInPart {
        /// Weight of the part.
        dropped: usize,
        /// A word for a metric: why.
        reason: &'static str,
        /// What the receiver said.
        message: String,
    },
    /// It may be taken later.
    Retry {
        /// How long the receiver asks to wait.
        after: Option<Duration>,
        /// What happened.
        message: String,
    },
    /// The receiver will never take it.
    Refused {
        /// A word for a metric: why.
        reason: &'static str,
        /// What the receiver said.
        message: String,
    },
}

/// Moves requests the last step.
pub trait Deliver<T>: Send + Sync + 'static {
    /// What is sent: made once from the payloads of a request, sent as often as needed.
    type Request: Send;

    /// Makes a request of payloads, in their order.
    fn prepare(&self, payloads: Vec<T>) -> Self::Request;

    /// Sends a request. It may change it, for example into an older form of the protocol that the receiver knows.
    fn deliver(&self, request: &mut Self::Request) -> impl Future<Output = Outcome> + Send;
}
