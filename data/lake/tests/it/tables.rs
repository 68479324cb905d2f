//! Rows come back as they went in, from memory, from the log and from files, once each.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lake::sql::SqlError;
use lake::{Lake, LakeConfig, LakeError, QueryBounds, Retention};
use model::EventLog as _;

use crate::support::{
    DAY, MINUTE, NOON, append, clock_at, counts, data_files, event, files, open, quiet, sql, wait,
};

#[test]
fn rows_are_seen_at_once_and_in_every_place_once() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..10).map(event).collect());
    assert_eq!(counts(&lake), (10, 10));
    wait(lake.flush()).unwrap();
    assert_eq!(counts(&lake), (10, 10));
    append(&lake, (10..15).map(event).collect());
    assert_eq!(counts(&lake), (15, 15));
    let [status] = lake.status().try_into().unwrap();
    assert_eq!((status.file_rows, status.memory_rows, status.n_files), (10, 5, 1));
    assert_eq!(
        sql(
            &lake,
            "SELECT reason, sum(delta) AS n FROM events GROUP BY reason ORDER BY reason"
        ),
        "reason,n\nBackOff,3\nPulled,12\n"
    );
    lake.close();
    assert_eq!(data_files(folder.path()).len(), 2, "closing writes the rest");
}

#[test]
fn the_log_holds_what_no_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..10).map(event).collect());
    wait(lake.flush()).unwrap();
    append(&lake, (10..30).map(event).collect());
    drop(lake);
    for _ in 0..2 {
        let lake = open(folder.path());
        assert_eq!(counts(&lake), (30, 30));
        drop(lake);
    }
    let lake = open(folder.path());
    wait(lake.flush()).unwrap();
    assert_eq!(counts(&lake), (30, 30));
    lake.close();
    let lake = open(folder.path());
    assert_eq!(counts(&lake), (30, 30));
    assert_eq!(lake.status()[0].memory_rows, 0);
}

#[test]
fn only_one_process_has_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path());
    let second = Lake::open(LakeConfig::new(folder.path()), clock_at(NOON));
    assert!(matches!(second, Err(LakeError::InUse { .. })));
    first.close();
    Lake::open(LakeConfig::new(folder.path()), clock_at(NOON))
        .unwrap()
        .close();
}

#[test]
fn small_files_become_one_with_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig {
        upkeep_interval: Duration::from_millis(10),
        ..quiet(folder.path())
    };
    let lake = Arc::new(Lake::open(config, clock_at(NOON)).unwrap());
    for n in 0..8 {
        // Neighbours overlap in time, so that merging has something to sort.
        append(&lake, (n..n + 20).map(|m| event(m * 8 + n)).collect());
        wait(lake.flush()).unwrap();
    }
    let before = "SELECT count(*) FROM events";
    assert_eq!(sql(&lake, before), "count(*)\n160\n");
    until(|| lake.status()[0].n_files == 1);
    assert_eq!(sql(&lake, before), "count(*)\n160\n");
    let times = sql(&lake, "SELECT time FROM events");
    assert!(
        times.lines().skip(1).is_sorted(),
        "the rows of a merged file are in order: {times}"
    );
    lake.close();
    assert_eq!(counts(&open(folder.path())).0, 160);
}

#[test]
fn old_files_go_by_age_and_by_size() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock_at(NOON);
    let keep = |age, bytes| {
        let retention = Retention { age, bytes };
        LakeConfig {
            upkeep_interval: Duration::from_millis(10),
            retention: vec![("events".to_owned(), retention)],
            ..quiet(folder.path())
        }
    };
    let two_days = Duration::from_secs(2 * 86_400);
    let lake = Arc::new(Lake::open(keep(two_days, None), clock.clone()).unwrap());
    append(&lake, (0..10).map(event).collect());
    wait(lake.flush()).unwrap();
    clock.0.store(NOON + DAY, Ordering::Relaxed);
    let mut later = event(99);
    later.last_time = NOON + DAY;
    append(&lake, vec![later]);
    wait(lake.flush()).unwrap();
    assert_eq!(counts(&lake).0, 11);
    clock.0.store(NOON + 2 * DAY + MINUTE, Ordering::Relaxed);
    until(|| lake.status()[0].file_rows == 1);
    assert_eq!(counts(&lake).0, 1);
    lake.close();
    let lake = Lake::open(keep(two_days * 10, Some(1)), clock).unwrap();
    until(|| lake.status()[0].n_files == 0);
    assert_eq!(counts(&lake).0, 0);
}

#[test]
fn rows_of_several_days_lie_in_several_folders() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    let mut events: Vec<_> = (0..6).map(event).collect();
    for (n, event) in events.iter_mut().enumerate() {
        event.last_time = NOON - DAY * (n as i64 % 3);
    }
    append(&lake, events);
    wait(lake.flush()).unwrap();
    let days: Vec<String> = data_files(folder.path())
        .iter()
        .map(|path| {
            path.parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(days, ["day=2026-11-20", "day=2026-11-21", "day=2026-11-22"]);
    let plan = sql(
        &lake,
        "EXPLAIN SELECT * FROM events WHERE time < '2026-11-21T00:00:00Z'",
    );
    assert!(
        plan.contains("day=2026-11-20") && !plan.contains("day=2026-11-21"),
        "{plan}"
    );
}

#[test]
fn a_table_that_is_full_refuses_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig {
        flush_bytes: 1 << 20,
        max_memory_bytes: 2 << 20,
        ..quiet(folder.path())
    };
    let lake = Arc::new(Lake::open(config, clock_at(NOON)).unwrap());
    // Files cannot be written: a file stands where their folder would be.
    let day = folder.path().join("tables/events/day=2026-11-22");
    std::fs::write(&day, "in the way").unwrap();
    let log = lake::events::Events::new(Arc::clone(&lake));
    let mut taken = 0;
    let refused = loop {
        match wait(log.append((taken..taken + 500).map(event).collect())) {
            Ok(()) => taken += 500,
            Err(error) => break error,
        }
        assert!(taken < 100_000, "memory has a bound");
    };
    assert!(refused.to_string().contains("overloaded"), "{refused}");
    assert_eq!(counts(&lake), (taken, taken));
    assert!(wait(lake.flush()).is_err());
    std::fs::remove_file(&day).unwrap();
    wait(lake.flush()).unwrap();
    append(&lake, vec![event(taken)]);
    assert_eq!(counts(&lake), (taken + 1, taken + 1));
}

#[test]
fn queries_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for query in [
        "DROP TABLE events",
        "CREATE TABLE mine AS SELECT 1",
        "CREATE VIEW mine AS SELECT 1",
        "INSERT INTO events (uid) VALUES ('x')",
        "DELETE FROM events",
        "UPDATE events SET uid = 'x'",
        "TRUNCATE TABLE events",
        "COPY events TO '/tmp/lake-copy.csv'",
        "COPY (SELECT 1) TO '/tmp/lake-copy.parquet' STORED AS PARQUET",
        "CREATE EXTERNAL TABLE passwd (line VARCHAR) STORED AS CSV LOCATION '/etc/passwd'",
        "SELECT * FROM '/etc/passwd'",
        "SET datafusion.execution.batch_size = 1",
        "SELECT 1; SELECT 2",
    ] {
        let refused = wait(lake.sql(query));
        assert!(
            matches!(refused, Err(SqlError::ReadOnly { .. } | SqlError::Mistake { .. })),
            "{query}: {refused:?}"
        );
    }
    assert!(!std::path::Path::new("/tmp/lake-copy.csv").exists());
    assert_eq!(counts(&lake).0, 0);
}

#[test]
fn answers_and_queries_have_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let config = LakeConfig {
        query: QueryBounds {
            max_rows: 25,
            timeout: Duration::from_millis(300),
            memory_bytes: 4 << 20,
            ..QueryBounds::default()
        },
        ..quiet(folder.path())
    };
    let lake = Arc::new(Lake::open(config, clock_at(NOON)).unwrap());
    append(&lake, (0..100).map(event).collect());
    let cut = wait(lake.sql("SELECT uid FROM events ORDER BY uid")).unwrap();
    assert_eq!(cut.rows(), 25);
    assert!(cut.notice().unwrap().contains("first 25 rows"));
    let whole = wait(lake.sql("SELECT uid FROM events ORDER BY uid LIMIT 25")).unwrap();
    assert_eq!((whole.rows(), whole.notice()), (25, None));
    let endless = "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a.value * b.value % 7 = 3";
    assert!(matches!(wait(lake.sql(endless)), Err(SqlError::TimedOut { .. })));
    let large = "SELECT DISTINCT value, value::varchar || 'x' FROM generate_series(1, 1000000000)";
    let large = wait(lake.sql(large));
    assert!(
        matches!(large, Err(SqlError::TooLarge { .. } | SqlError::TimedOut { .. })),
        "{large:?}"
    );
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    assert!(matches!(wait(lake.sql(&long)), Err(SqlError::Mistake { .. })));
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert!(wait(lake.sql(&deep)).is_err());
    // The threads of the queries above are free again at their next pause.
    until(|| wait(lake.sql("SELECT 1")).is_ok());
    assert_eq!(counts(&lake).0, 100, "and the lake still answers");
}

#[test]
fn what_is_left_by_an_end_in_between_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..10).map(event).collect());
    lake.close();
    let stray = folder
        .path()
        .join("tables/events/day=2026-11-22/0000000000001-000000.parquet");
    std::fs::write(&stray, "half a file").unwrap();
    let unfinished = folder.path().join("tables/.unfinished/7");
    std::fs::write(&unfinished, "less than that").unwrap();
    let config = LakeConfig {
        upkeep_interval: Duration::from_millis(10),
        grace: Duration::ZERO,
        query: QueryBounds {
            timeout: Duration::ZERO,
            ..QueryBounds::default()
        },
        ..quiet(folder.path())
    };
    let lake = Lake::open(config, clock_at(NOON)).unwrap();
    until(|| !stray.exists());
    assert!(!unfinished.exists());
    assert_eq!(files(folder.path(), ".parquet").len(), 1);
    lake.close();
    assert_eq!(counts(&open(folder.path())).0, 10);
}

/// Waits until something holds; fails after a while.
fn until(mut holds: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited for too long");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
