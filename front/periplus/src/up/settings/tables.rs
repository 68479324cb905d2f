//! `periplus.lake`: what is kept of tables, where, and what queries of them may use.

use std::time::Duration;

use lake::{LakeConfig, Retention, TableDef};

use super::raw::RawLake;
use super::set;

/// Settings of the lake; `None` keeps the default.
#[derive(Clone, Debug, Default)]
pub(super) struct LakeSettings {
    objects: Option<String>,
    retention: Vec<(String, Option<Duration>, Option<u64>)>,
    query_timeout: Option<Duration>,
    query_memory: Option<usize>,
    max_concurrent_queries: Option<usize>,
}

/// Checks the section.
pub(super) fn check(raw: &RawLake, mistakes: &mut Vec<String>) -> LakeSettings {
    let tables = lake::tables();
    let names: Vec<&str> = tables.iter().map(|table| table.name).collect();
    for name in raw.retention.keys().chain(raw.retention_size.keys()) {
        if !names.contains(&name.as_str()) {
            mistakes.push(format!(
                "periplus.lake: there is no table {name:?}; there are {}",
                names.join(", ")
            ));
        }
    }
    for (key, is_nothing) in [
        ("retention", raw.retention.values().any(|span| span.0.is_zero())),
        (
            "query_timeout",
            raw.query_timeout.is_some_and(|span| span.0.is_zero()),
        ),
        ("query_memory", raw.query_memory.is_some_and(|size| size.0 == 0)),
        ("max_concurrent_queries", raw.max_concurrent_queries == Some(0)),
    ] {
        if is_nothing {
            mistakes.push(format!(
                "periplus.lake: {key} must be more than 0; leave it out for the default"
            ));
        }
    }
    let kept = names.iter().map(|name| {
        let age = raw.retention.get(*name).map(|span| span.0);
        let bytes = raw
            .retention_size
            .get(*name)
            .map(|size| size.0)
            .filter(|bytes| *bytes != 0);
        ((*name).to_owned(), age, bytes)
    });
    LakeSettings {
        objects: raw.objects.clone().filter(|url| !url.is_empty()),
        retention: kept.collect(),
        query_timeout: raw.query_timeout.map(|span| span.0),
        query_memory: raw
            .query_memory
            .map(|size| usize::try_from(size.0).unwrap_or(usize::MAX)),
        max_concurrent_queries: raw.max_concurrent_queries,
    }
}

impl LakeSettings {
    /// Brings the settings in. `events` is how long the command line says to keep them; it decides.
    pub(super) fn apply(&self, config: &mut LakeConfig, events: Option<Duration>) {
        config.objects.clone_from(&self.objects);
        let keep = |table: &TableDef| {
            let own = self.retention.iter().find(|(name, ..)| name == table.name);
            let (age, bytes) = own.map_or((None, None), |(_, age, bytes)| (*age, *bytes));
            let flag = events.filter(|_| table.name == lake::events::TABLE);
            let retention = Retention {
                age: flag.or(age).unwrap_or(table.retention.age),
                bytes: bytes.or(table.retention.bytes),
            };
            (table.name.to_owned(), retention)
        };
        config.retention = lake::tables().iter().map(keep).collect();
        set(&mut config.query.timeout, self.query_timeout);
        set(&mut config.query.memory_bytes, self.query_memory);
        set(&mut config.query.max_concurrent, self.max_concurrent_queries);
        config.grace = config.grace.max(config.query.timeout * 2);
    }
}
