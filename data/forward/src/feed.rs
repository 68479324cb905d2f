//! Records of the log, cut into parcels for lanes.
//!
//! A series is named once: its labels with the external ones, after the rules, are remembered by the labels in the
//! store. What it hashes to decides its lane.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use model::{
    Batch, BatchRow, EditableLabels, Exemplar, Histogram, Labels, METRIC_NAME, Metadata, Millis,
    PackedLabels, relabel,
};
use relay::Parcel;
use xxhash_rust::xxh3::xxh3_64;

use self::late::LateExemplars;
use crate::config::RemoteWriteConfig;
use crate::metrics::SendMetrics;

mod late;

/// Series that are remembered; beyond that all are forgotten and named anew.
const MAX_ROUTES: usize = 1_000_000;
/// Families that are remembered.
const MAX_FAMILIES: usize = 100_000;

/// Cuts records.
pub(crate) struct Feed {
    config: Arc<RemoteWriteConfig>,
    external: Labels,
    metrics: Arc<SendMetrics>,
    /// `None` for series that the rules drop.
    routes: HashMap<Box<str>, Option<Route>>,
    families: HashMap<String, Metadata>,
    late: LateExemplars,
}

/// Where a series goes, under which labels.
#[derive(Clone)]
struct Route {
    labels: Labels,
    hash: u64,
}

/// A parcel and the lane it belongs in.
pub(crate) struct Piece {
    pub(crate) lane: usize,
    pub(crate) parcel: Parcel<Batch>,
}

/// A record being cut: one open batch a lane.
struct Cut<'a> {
    open: Vec<Open>,
    done: Vec<Piece>,
    max: usize,
    position: u64,
    families: &'a HashMap<String, Metadata>,
}

#[derive(Default)]
struct Open {
    batch: Batch,
    weight: usize,
    described: HashSet<String>,
}

impl Feed {
    pub(crate) fn new(config: Arc<RemoteWriteConfig>, external: Labels, metrics: Arc<SendMetrics>) -> Self {
        Self {
            config,
            external,
            metrics,
            routes: HashMap::new(),
            families: HashMap::new(),
            late: LateExemplars::default(),
        }
    }

    /// Takes in what is known about families.
    pub(crate) fn learn(&mut self, families: impl IntoIterator<Item = (String, Metadata)>) {
        for (name, metadata) in families {
            if self.families.len() < MAX_FAMILIES || self.families.contains_key(&name) {
                self.families.insert(name, metadata);
            }
        }
    }

    /// Returns parcels that say all that is known about families.
    pub(crate) fn metadata(&self, position: u64) -> Vec<Piece> {
        let mut families: Vec<(&String, &Metadata)> = self.families.iter().collect();
        families.sort_by_key(|(name, _)| *name);
        families
            .chunks(self.config.metadata.max_per_request)
            .map(|families| {
                let mut batch = Batch::default();
                for (name, metadata) in families {
                    batch.describe(name, (*metadata).clone());
                }
                let weight = families.len();
                let parcel = Parcel {
                    payload: batch,
                    weight,
                    position,
                };
                Piece { lane: 0, parcel }
            })
            .collect()
    }

    /// Cuts a record into parcels of at most a quarter of the weight of a request.
    pub(crate) fn cut(&mut self, record: &Batch, (position, lanes): (u64, usize), now: Millis) -> Vec<Piece> {
        if self.config.metadata.send {
            self.learn(record.metadata().iter().cloned());
        }
        let oldest = self
            .config
            .sample_age_limit
            .map_or(Millis::MIN, |limit| now - millis(limit));
        let mut exemplars = self.exemplars(record);
        let mut histograms = record.histograms();
        let mut starts = record.starts();
        let series: Vec<Option<Route>> = record
            .rows()
            .chunk_by(Batch::same_series)
            .map(|rows| rows.first().and_then(|row| self.route(record.labels(row))))
            .collect();
        let mut cut = Cut {
            open: (0..lanes.max(1)).map(|_| Open::default()).collect(),
            done: Vec::new(),
            // Quarters of a request fill requests better than wholes and what is left of them.
            max: self.config.queue.max_request.div_ceil(4).max(1),
            position,
            families: if self.config.metadata.send {
                &self.families
            } else {
                &NO_FAMILIES
            },
        };
        let mut number = 0_u32;
        for (rows, route) in record.rows().chunk_by(Batch::same_series).zip(series) {
            let of_series = rows
                .first()
                .and_then(|row| exemplars.remove(record.labels(row).packed()));
            let rows: Vec<Row<'_>> = rows
                .iter()
                .map(|row| {
                    let at = number;
                    number += 1;
                    Row {
                        row,
                        histogram: pop(&mut histograms, at),
                        start: pop(&mut starts, at).copied().unwrap_or(0),
                    }
                })
                .collect();
            let Some(route) = route else {
                SendMetrics::add(&self.metrics.dropped_by_rules, rows.len());
                continue;
            };
            let rows = self.wanted(rows, oldest);
            let of_series = of_series.unwrap_or_default();
            let Some(first) = rows.first() else {
                // They belong to samples that are not sent.
                SendMetrics::add(&self.metrics.exemplars_left_out, of_series.len());
                continue;
            };
            let late = self.late.take(record.labels(first.row).packed());
            let with_late: Vec<&Exemplar> = late.iter().chain(of_series).collect();
            cut.add(&route, &rows, &with_late);
        }
        // The samples of these came before, or come later.
        for (labels, waiting) in exemplars {
            if self.routes.get(labels).is_none_or(Option::is_none) {
                continue;
            }
            for exemplar in waiting {
                let given_up = self.late.keep(labels, exemplar.clone(), now);
                SendMetrics::add(&self.metrics.exemplars_left_out, given_up);
            }
        }
        cut.finish()
    }

    /// Leaves out what is too old or not to be sent, and counts it.
    fn wanted<'a>(&self, rows: Vec<Row<'a>>, oldest: Millis) -> Vec<Row<'a>> {
        let keeps_histograms = self.config.send_native_histograms;
        let mut wanted = rows;
        wanted.retain(|row| {
            if row.row.timestamp < oldest {
                SendMetrics::add(&self.metrics.too_old, 1);
                return false;
            }
            if row.histogram.is_some() && !keeps_histograms {
                SendMetrics::add(&self.metrics.histograms_left_out, 1);
                return false;
            }
            self.metrics.note_newest_read(row.row.timestamp);
            true
        });
        wanted
    }

    /// Collects the exemplars of a record by the labels of their series, naming those series.
    fn exemplars<'a>(&mut self, record: &'a Batch) -> HashMap<&'a str, Vec<&'a Exemplar>> {
        let mut by_labels: HashMap<&str, Vec<&Exemplar>> = HashMap::new();
        if self.config.send_exemplars {
            for exemplar in record.exemplars() {
                let labels = record.exemplar_labels(exemplar);
                self.route(labels);
                by_labels
                    .entry(labels.packed())
                    .or_default()
                    .push(&exemplar.exemplar);
            }
        }
        by_labels
    }

    fn route(&mut self, labels: PackedLabels<'_>) -> Option<Route> {
        if let Some(known) = self.routes.get(labels.packed()) {
            return known.clone();
        }
        if self.routes.len() >= MAX_ROUTES {
            self.routes.clear();
        }
        let route = self.name(labels);
        self.routes.insert(labels.packed().into(), route.clone());
        route
    }

    /// Adds external labels that the series does not have, then applies the rules.
    fn name(&self, labels: PackedLabels<'_>) -> Option<Route> {
        let mut edited = EditableLabels::from_packed(labels);
        for (name, value) in self.external.iter() {
            if edited.get(name).is_empty() {
                edited.set(name, value);
            }
        }
        if !relabel(&self.config.relabel, &mut edited) || edited.is_empty() {
            return None;
        }
        let labels = match edited.to_labels() {
            Ok(labels) => labels,
            Err(error) => {
                tracing::warn!(%error, "rules made labels that form no set; the series is not sent");
                return None;
            }
        };
        let hash = xxh3_64(labels.packed().as_bytes());
        Some(Route { labels, hash })
    }
}

/// A row with what the record keeps beside it.
struct Row<'a> {
    row: &'a BatchRow,
    histogram: Option<&'a Histogram>,
    start: Millis,
}

/// Takes the first element if it belongs to a row.
fn pop<'a, T>(column: &mut &'a [(u32, T)], row: u32) -> Option<&'a T> {
    let ((first, value), rest) = column.split_first()?;
    if *first != row {
        return None;
    }
    *column = rest;
    Some(value)
}

static NO_FAMILIES: std::sync::LazyLock<HashMap<String, Metadata>> = std::sync::LazyLock::new(HashMap::new);

impl Cut<'_> {
    fn add(&mut self, route: &Route, rows: &[Row<'_>], exemplars: &[&Exemplar]) {
        debug_assert!(
            !rows.is_empty(),
            "a series without samples is refused by receivers"
        );
        let lanes = self.open.len() as u64;
        // A number of lanes fits.
        let lane = usize::try_from(route.hash % lanes).unwrap_or(0);
        let mut exemplars = exemplars;
        let mut rows = rows;
        loop {
            let room = self.max - self.open.get(lane).map_or(0, |open| open.weight);
            let (now, later) = rows.split_at(room.min(rows.len()));
            if let Some(open) = self.open.get_mut(lane) {
                open.add(route, (now, exemplars), self.families);
                exemplars = &[];
                if open.weight >= self.max {
                    let full = std::mem::take(open);
                    self.close(lane, full);
                }
            }
            if later.is_empty() {
                return;
            }
            rows = later;
        }
    }

    fn close(&mut self, lane: usize, open: Open) {
        let parcel = Parcel {
            payload: open.batch,
            weight: open.weight,
            position: self.position,
        };
        self.done.push(Piece { lane, parcel });
    }

    fn finish(mut self) -> Vec<Piece> {
        for (lane, open) in std::mem::take(&mut self.open).into_iter().enumerate() {
            if !open.batch.rows().is_empty() {
                self.close(lane, open);
            }
        }
        self.done
    }
}

impl Open {
    fn add(
        &mut self,
        route: &Route,
        (rows, exemplars): (&[Row<'_>], &[&Exemplar]),
        families: &HashMap<String, Metadata>,
    ) {
        let Ok(series) = self.batch.add_packed(route.labels.as_packed()) else {
            // A batch of a few thousand samples is far below what its text can hold.
            return;
        };
        for row in rows {
            match row.histogram {
                Some(histogram) => self
                    .batch
                    .push_histogram(&series, row.row.timestamp, histogram.clone()),
                None => self.batch.push(&series, row.row.timestamp, row.row.value),
            }
            self.batch.set_start(row.start);
        }
        for exemplar in exemplars {
            self.batch.push_exemplar(&series, (*exemplar).clone());
        }
        self.weight += rows.len();
        let Some(name) = route.labels.get(METRIC_NAME) else {
            return;
        };
        if let Some((name, metadata)) = find_family(name, families)
            && !self.described.contains(name)
        {
            self.batch.describe(name, metadata.clone());
            self.described.insert(name.to_owned());
        }
    }
}

fn find_family<'a>(
    name: &'a str,
    families: &'a HashMap<String, Metadata>,
) -> Option<(&'a str, &'a Metadata)> {
    if families.is_empty() {
        return None;
    }
    let parts = ["_bucket", "_sum", "_count", "_total", "_created"];
    let stems = parts.iter().filter_map(|part| name.strip_suffix(part));
    std::iter::once(name)
        .chain(stems)
        .find_map(|name| Some((name, families.get(name)?)))
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}
