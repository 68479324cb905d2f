//! Threads that apply records to shards.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use hashbrown::HashMap;
use model::Millis;

use super::ReplayTarget;
use crate::StoreError;
use crate::wal::decode::RefTable;
use crate::wal::extent::Extent;
use crate::wal::record::SamplesReader;
use crate::wal::segment::{KIND_EXTENDED, KIND_SAMPLES, for_each_record};

/// Frames that may wait for a worker.
const MAX_WAITING: usize = 8;

/// What workers are told.
#[derive(Clone)]
pub(super) enum Message {
    Segment { epoch: u64, floor: Millis },
    Frame(Arc<Vec<u8>>),
}

/// What workers found.
pub(super) struct Outcome<T> {
    pub(super) targets: Vec<T>,
    /// What samples there were, by segment announced.
    pub(super) segments: Vec<Extent>,
    pub(super) n_samples: u64,
    pub(super) n_lost: u64,
}

/// All workers.
pub(super) struct Workers<'s, T> {
    threads: Vec<(SyncSender<Message>, ScopedJoinHandle<'s, Outcome<T>>)>,
}

impl<'s, T: ReplayTarget + 's> Workers<'s, T> {
    /// Starts a thread for each target. `tables` are by logged shard; records up to the position are known.
    pub(super) fn start<'env>(
        scope: &'s Scope<'s, 'env>,
        targets: Vec<T>,
        (tables, position): (Vec<RefTable>, u64),
    ) -> Result<Self, StoreError> {
        let several = targets.len() > 1;
        let mut tables: HashMap<u32, RefTable> = (0u32..).zip(tables).collect();
        let mut threads = Vec::new();
        for (shard, target) in (0u32..).zip(targets) {
            let own = if several {
                tables
                    .remove(&shard)
                    .map(|table| (shard, table))
                    .into_iter()
                    .collect()
            } else {
                std::mem::take(&mut tables)
            };
            let worker = Worker {
                target,
                only: several.then_some(shard),
                tables: own,
                epoch: 0,
                last_position: position,
                segments: Vec::new(),
                n_samples: 0,
                n_lost: 0,
            };
            let (sender, receiver) = sync_channel(MAX_WAITING);
            let name = "store-replay";
            let thread = std::thread::Builder::new()
                .name(name.to_owned())
                .spawn_scoped(scope, move || worker.run(&receiver))
                .map_err(|source| StoreError::StartThread { name, source })?;
            threads.push((sender, thread));
        }
        Ok(Self { threads })
    }

    /// Hands a message to every worker, waiting for those that are behind.
    pub(super) fn send(&self, message: &Message) {
        for (sender, _) in &self.threads {
            if sender.send(message.clone()).is_err() {
                // Only a panic ends a worker early, and `finish` passes that on.
                tracing::error!("log replay ended early");
            }
        }
    }

    /// Waits until everything is applied.
    pub(super) fn finish(self) -> Outcome<T> {
        let mut all = Outcome {
            targets: Vec::new(),
            segments: Vec::new(),
            n_samples: 0,
            n_lost: 0,
        };
        for (sender, thread) in self.threads {
            drop(sender);
            let outcome = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            all.targets.extend(outcome.targets);
            all.n_samples += outcome.n_samples;
            all.n_lost += outcome.n_lost;
            all.segments.resize(outcome.segments.len(), Extent::default());
            for (sum, extent) in all.segments.iter_mut().zip(&outcome.segments) {
                sum.join(extent);
            }
        }
        all
    }
}

struct Worker<T> {
    target: T,
    /// The only logged shard to apply.
    only: Option<u32>,
    tables: HashMap<u32, RefTable>,
    epoch: u32,
    last_position: u64,
    segments: Vec<Extent>,
    n_samples: u64,
    n_lost: u64,
}

impl<T: ReplayTarget> Worker<T> {
    fn run(mut self, messages: &Receiver<Message>) -> Outcome<T> {
        let mut in_segment = false;
        while let Ok(message) = messages.recv() {
            match message {
                Message::Segment { epoch, floor } => {
                    if std::mem::replace(&mut in_segment, true) {
                        self.segments.push(self.target.end_segment());
                    }
                    self.epoch = u32::try_from(epoch).unwrap_or(u32::MAX);
                    self.target.begin_segment(epoch, floor);
                }
                Message::Frame(raw) => self.frame(&raw),
            }
        }
        if in_segment {
            self.segments.push(self.target.end_segment());
        }
        self.target.end();
        Outcome {
            targets: vec![self.target],
            segments: self.segments,
            n_samples: self.n_samples,
            n_lost: self.n_lost,
        }
    }

    fn frame(&mut self, raw: &[u8]) {
        let read = for_each_record(raw, |kind, position, payload| {
            if position > self.last_position {
                self.record(kind, position, payload);
            }
            Ok(())
        });
        debug_assert!(read.is_ok(), "the reader looked at the frame before");
    }

    fn record(&mut self, kind: u8, position: u64, payload: &[u8]) {
        if position != self.last_position + 1 {
            self.tables
                .values_mut()
                .for_each(|table| table.break_chains(position));
        }
        self.last_position = position;
        self.target.begin_record(position);
        if !matches!(kind, KIND_SAMPLES | KIND_EXTENDED) {
            return;
        }
        let shard = SamplesReader::shard_of(payload).unwrap_or(u32::MAX);
        if self.only.is_some_and(|only| only != shard) {
            return;
        }
        let table = self.tables.entry(shard).or_default();
        let mut counting = Counting {
            target: &mut self.target,
            n: 0,
        };
        match table.read((self.epoch, position), (kind, payload), &mut counting) {
            Ok(n_lost) => self.n_lost += n_lost,
            Err(error) => {
                tracing::warn!(position, %error, "log record is malformed and skipped");
                self.n_lost += 1;
            }
        }
        self.n_samples += counting.n;
    }
}

/// Counts what it passes on.
struct Counting<'a, T> {
    target: &'a mut T,
    n: u64,
}

impl<T: ReplayTarget> crate::wal::decode::RecordSink for Counting<'_, T> {
    fn define(&mut self, packed: &str) -> u64 {
        self.target.define(packed)
    }

    fn sample(&mut self, handle: u64, sample: crate::wal::decode::Decoded) {
        self.n += 1;
        self.target.sample(handle, sample);
    }
}
