//! Takes a page, or lines of a watch, apart and hands the objects over.

use super::{Receiver, Unreadable};
use crate::client::{Change, Form, Page, PageEnd, RequestError, each_event, version_of};

/// What came from the server.
pub(super) enum Piece {
    Page(Page),
    Lines(Vec<u8>),
}

/// What a piece held.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The version after it.
    pub(crate) version: Option<String>,
    /// Where the next page is.
    pub(crate) page: Option<PageEnd>,
    /// The server ended the watch for a reason.
    pub(crate) failed: Option<RequestError>,
    /// Objects that could not be read.
    pub(crate) unreadable: Vec<Unreadable>,
    /// Objects that were taken or forgotten.
    pub(crate) changes: usize,
    /// Lines that are no events.
    pub(crate) malformed: usize,
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Page(page) => page.len(),
            Self::Lines(lines) => lines.len(),
        }
    }
}

/// Takes a piece apart.
pub(super) fn take(piece: &Piece, form: Form, receiver: &dyn Receiver) -> Result<Outcome, RequestError> {
    let mut outcome = Outcome::default();
    match piece {
        Piece::Page(page) => {
            let end = page.each(|json| {
                outcome.note(receiver.apply(json), json);
            })?;
            outcome.version = None;
            outcome.page = Some(end);
        }
        Piece::Lines(lines) => {
            outcome.malformed = each_event(lines, form, |change| outcome.change(change, receiver));
        }
    }
    Ok(outcome)
}

impl Outcome {
    fn change(&mut self, change: Change<'_>, receiver: &dyn Receiver) {
        match change {
            Change::Applied(json) => self.note(receiver.apply(&json), &json),
            Change::Deleted(json) => self.note(receiver.delete(&json), &json),
            Change::Bookmark(version) => self.newer(version),
            Change::Failed(error) => self.failed = Some(error),
        }
    }

    fn note(&mut self, taken: Result<u64, Unreadable>, json: &str) {
        self.changes += 1;
        match taken {
            // Not a number: some aggregated servers have their own versions.
            Ok(0) => self.newer(version_of(json)),
            Ok(version) => self.newer(version.to_string()),
            Err(unreadable) => {
                self.unreadable.push(unreadable);
                self.newer(version_of(json));
            }
        }
    }

    fn newer(&mut self, version: String) {
        if !version.is_empty() {
            self.version = Some(version);
        }
    }
}
