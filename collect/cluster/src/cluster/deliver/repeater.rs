//! Samples of objects that have not changed.

use model::{Ingest, Millis, Repeat, SeriesHandle};

use super::{BATCH, offer};
use crate::objects::Object;

pub(super) struct Repeater<'a> {
    ingest: &'a dyn Ingest,
    before: Millis,
    timestamp: Millis,
    series: Vec<SeriesHandle>,
    /// The objects of this batch, and where the series of each end.
    objects: Vec<(&'a Object, usize)>,
    void: Vec<usize>,
    /// Objects of which not all could be repeated.
    again: Vec<&'a Object>,
    /// Samples that the store took.
    pub(super) samples: u64,
    /// Samples that it did not, as it took nothing.
    pub(super) lost: u64,
}

impl<'a> Repeater<'a> {
    /// Repeats what was delivered at `before`.
    pub(super) fn new(ingest: &'a dyn Ingest, (before, timestamp): (Millis, Millis)) -> Self {
        Self {
            ingest,
            before,
            timestamp,
            series: Vec::new(),
            objects: Vec::new(),
            void: Vec::new(),
            again: Vec::new(),
            samples: 0,
            lost: 0,
        }
    }

    /// Adds the series of an object.
    pub(super) fn add(&mut self, object: &'a Object, series: &[SeriesHandle]) {
        self.series.extend_from_slice(series);
        self.objects.push((object, self.series.len()));
        if self.series.len() >= BATCH {
            self.hand_over();
        }
    }

    /// Hands over what is left; returns the objects of which not all could be repeated.
    pub(super) fn finish(&mut self) -> Vec<&'a Object> {
        self.hand_over();
        std::mem::take(&mut self.again)
    }

    fn hand_over(&mut self) {
        let repeat = Repeat {
            series: &self.series,
            before: self.before,
            timestamp: self.timestamp,
        };
        let (ingest, void) = (self.ingest, &mut self.void);
        match offer(|| ingest.repeat(repeat, void)) {
            Some(ingested) => self.samples += ingested.samples as u64,
            None => self.lost += self.series.len() as u64,
        }
        self.void.sort_unstable();
        let mut void = self.void.drain(..).peekable();
        for (object, end) in self.objects.drain(..) {
            let mut is_void = false;
            while void.next_if(|at| *at < end).is_some() {
                is_void = true;
            }
            if is_void {
                self.again.push(object);
            }
        }
        drop(void);
        self.series.clear();
    }
}
