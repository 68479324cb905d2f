//! Which labels make how many series.

use hashbrown::HashMap;
use model::{METRIC_NAME, Matcher, QueryError, TimeRange};

use crate::head::{Census, PairCount};
use crate::select::resolve;
use crate::store::{Inner, Store};

/// Index entries that are looked at under one hold of a shard's lock: some tenths of a millisecond.
const SLICE: usize = 16_384;

/// Series that are looked at under one hold of a shard's lock.
const SERIES_SLICE: usize = 1024;

/// How often counting starts over when series are numbered anew meanwhile.
const MAX_TRIES: usize = 4;

/// A name, a value or a pair `name=value`, with how much there is of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Of what.
    pub name: String,
    /// How much.
    pub value: u64,
}

/// The series in memory by their labels. Lists are in descending order of their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cardinality {
    /// Series.
    pub series: u64,
    /// Different pairs of label name and value.
    pub label_pairs: u64,
    /// Chunks; without matchers an open one is counted for every series.
    pub chunks: u64,
    /// Span of all samples in memory, `None` if there are none.
    pub range: Option<TimeRange>,
    /// Metric names by series.
    pub metrics: Vec<Counted>,
    /// Label names by number of different values.
    pub label_values: Vec<Counted>,
    /// Label names by bytes of their values, counted once for each series.
    pub label_bytes: Vec<Counted>,
    /// Pairs `name=value` by series.
    pub pairs: Vec<Counted>,
    /// Values of the label asked for by series.
    pub focus: Vec<Counted>,
}

impl Store {
    /// Counts the series in memory for which all matchers hold, by their labels; lists have at most `limit`
    /// entries. `focus` names a label whose values are counted by series. Locks are held for fractions of a
    /// millisecond, so what comes meanwhile may be counted or not.
    ///
    /// # Errors
    /// The matchers cannot be resolved, or series keep being numbered anew.
    pub fn cardinality(
        &self,
        limit: usize,
        focus: Option<&str>,
        matchers: &[Matcher],
    ) -> Result<Cardinality, QueryError> {
        let inner = &*self.inner;
        for _ in 0..MAX_TRIES {
            let before = inner.incarnations();
            let census = inner.census(matchers)?;
            let counted = inner.rank(&census, (limit, focus));
            if inner.incarnations() == before {
                return Ok(counted);
            }
        }
        Err(QueryError::Storage {
            what: "head".to_owned(),
            reason: "series are numbered anew faster than they are counted".to_owned(),
        })
    }
}

impl Inner {
    fn incarnations(&self) -> Vec<u32> {
        self.shards
            .iter()
            .map(|shard| shard.lock().incarnation())
            .collect()
    }

    fn census(&self, matchers: &[Matcher]) -> Result<Census, QueryError> {
        let mut census = Census::default();
        for shard in &self.shards {
            if matchers.is_empty() {
                let mut next = Some(0);
                while let Some(from) = next {
                    next = shard.lock().count_pairs(from, SLICE, &mut census);
                }
                let shard = shard.lock();
                census.n_series += shard.n_series() as u64;
                census.n_chunks += shard.n_chunks() as u64;
            } else {
                let ids = resolve(&mut &*shard.lock(), matchers)?;
                for slice in ids.chunks(SERIES_SLICE) {
                    shard.lock().count_series(slice, &mut census);
                }
            }
        }
        Ok(census)
    }

    fn rank(&self, census: &Census, (limit, focus): (usize, Option<&str>)) -> Cardinality {
        let place = |name: &str| census.names.iter().position(|known| &**known == name);
        let of_name = |name: Option<usize>| {
            let pairs = census.pairs.values();
            pairs.filter(move |pair| Some(pair.name as usize) == name)
        };
        let mut names: HashMap<u32, (u64, u64)> = HashMap::new();
        for pair in census.pairs.values() {
            let (values, bytes) = names.entry(pair.name).or_default();
            *values += 1;
            *bytes += pair.n_series * u64::from(pair.value_bytes);
        }
        let by_name = |of: fn(&(u64, u64)) -> u64| {
            let counted = names.iter().map(|(name, counts)| Counted {
                name: census
                    .names
                    .get(*name as usize)
                    .map_or("", |name| name)
                    .to_owned(),
                value: of(counts),
            });
            top(counted.collect(), limit)
        };
        let spans = self.shards.iter().filter_map(|shard| shard.lock().span());
        let range = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let value_only = |_: &str, value: &str| value.to_owned();
        Cardinality {
            series: census.n_series,
            label_pairs: census.pairs.len() as u64,
            chunks: census.n_chunks,
            range: range.map(|(start, end)| TimeRange { start, end }),
            metrics: self.top_pairs(of_name(place(METRIC_NAME)), limit, value_only),
            label_values: by_name(|counts| counts.0),
            label_bytes: by_name(|counts| counts.1),
            pairs: self.top_pairs(census.pairs.values(), limit, |name, value| {
                format!("{name}={value}")
            }),
            focus: match focus {
                Some(focus) => self.top_pairs(of_name(place(focus)), limit, value_only),
                None => Vec::new(),
            },
        }
    }

    fn top_pairs<'a>(
        &self,
        pairs: impl Iterator<Item = &'a PairCount>,
        limit: usize,
        text: impl Fn(&str, &str) -> String,
    ) -> Vec<Counted> {
        let mut pairs: Vec<&PairCount> = pairs.collect();
        if limit < pairs.len() {
            pairs.select_nth_unstable_by_key(limit, |pair| {
                (std::cmp::Reverse(pair.n_series), pair.shard, pair.pair)
            });
            pairs.truncate(limit);
        }
        let counted = pairs.into_iter().filter_map(|pair| {
            let shard = self.shards.get(pair.shard as usize)?.lock();
            let (name, value) = shard.pair(pair.pair)?;
            Some(Counted {
                name: text(name, value),
                value: pair.n_series,
            })
        });
        top(counted.collect(), limit)
    }
}

fn top(mut counted: Vec<Counted>, limit: usize) -> Vec<Counted> {
    counted.sort_unstable_by(|a, b| b.value.cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    counted.truncate(limit);
    counted
}
