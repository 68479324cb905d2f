//! Samples with their labels, in batches.

use std::collections::HashSet;
use std::ops::Range;

use model::{Batch, Family, Ingest, LabelsBuilder, METRIC_NAME, Metadata, Millis, SeriesHandle};

use super::{BATCH, DeliveryStatus, offer};
use crate::objects::Uid;

/// The series that objects have, as the store names them.
pub(super) type Named = Vec<(Uid, Box<[SeriesHandle]>)>;

pub(super) struct Packer<'a> {
    batch: Batch,
    labels: LabelsBuilder,
    /// Where samples come from; a label of the same name that an object's own metric has stays as it is, as for a
    /// scrape with `honor_labels`.
    fixed: Vec<(&'static str, String)>,
    time: Millis,
    described: &'a mut HashSet<String>,
    ingest: &'a dyn Ingest,
    status: &'a mut DeliveryStatus,
    /// Objects of this batch whose samples are all in it, and where they are.
    objects: Vec<(Uid, Range<usize>)>,
    /// First row of the object at hand.
    first: usize,
    /// A sample of the object at hand is in no batch.
    is_incomplete: bool,
    handles: Vec<SeriesHandle>,
    named: Named,
}

impl<'a> Packer<'a> {
    pub(super) fn new(
        ingest: &'a dyn Ingest,
        (fixed, time): (Vec<(&'static str, String)>, Millis),
        described: &'a mut HashSet<String>,
        status: &'a mut DeliveryStatus,
    ) -> Self {
        Self {
            batch: Batch::default(),
            labels: LabelsBuilder::default(),
            fixed,
            time,
            described,
            ingest,
            status,
            objects: Vec::new(),
            first: 0,
            is_incomplete: false,
            handles: Vec::new(),
            named: Named::new(),
        }
    }

    pub(super) fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        self.labels.clear();
        self.labels.add(METRIC_NAME, family.name);
        for (name, value) in &self.fixed {
            if !labels.iter().any(|(own, value)| own == name && !value.is_empty()) {
                self.labels.add(name, value);
            }
        }
        for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
            self.labels.add(name, value);
        }
        match self.batch.add_series(&mut self.labels) {
            Ok(series) => self.batch.push(&series, self.time, value),
            Err(_) => {
                self.status.refused += 1;
                self.is_incomplete = true;
            }
        }
        if !self.described.contains(family.name) {
            self.described.insert(family.name.to_owned());
            let metadata = Metadata {
                metric_type: family.metric_type,
                help: family.help.to_owned(),
                unit: String::new(),
            };
            self.batch.describe(family.name, metadata);
        }
    }

    /// The samples since the last call were all those of one object.
    pub(super) fn end_object(&mut self, uid: Uid) {
        let end = self.batch.rows().len();
        if !std::mem::take(&mut self.is_incomplete) && uid != Uid::default() {
            self.objects.push((uid, self.first..end));
        }
        self.hand_over_if_full();
    }

    /// What comes next belongs to another object.
    pub(super) fn hand_over_if_full(&mut self) {
        if self.batch.rows().len() >= BATCH {
            self.hand_over();
        }
        self.first = self.batch.rows().len();
    }

    /// Hands over what is left; returns the series of the objects that the store has all samples of.
    pub(super) fn finish(mut self) -> Named {
        self.hand_over();
        self.named
    }

    fn hand_over(&mut self) {
        if self.batch.rows().is_empty() {
            return;
        }
        let (ingest, batch, handles) = (self.ingest, &self.batch, &mut self.handles);
        match offer(|| ingest.ingest_named(batch, handles)) {
            Some(ingested) => {
                self.status.samples += ingested.samples as u64;
                self.status.refused += ingested.n_rejected as u64;
                if let Some((labels, reason)) = ingested.rejected.first() {
                    tracing::debug!(%labels, %reason, "the store does not take a sample of an object's state");
                }
                for (uid, rows) in self.objects.drain(..) {
                    // An object without samples may be in a batch of which nothing is named.
                    let series = self.handles.get(rows).unwrap_or(&[SeriesHandle::VOID]);
                    if !series.contains(&SeriesHandle::VOID) {
                        self.named.push((uid, series.into()));
                    }
                }
            }
            None => self.status.lost += self.batch.rows().len() as u64,
        }
        self.objects.clear();
        self.batch.clear();
    }
}
