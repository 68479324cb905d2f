//! Damaged files are set aside and named; the rest serves.

use std::os::unix::fs::FileExt as _;

use lake::{AppendError, Lake, LakeConfig};

use crate::support::{DAY, NOON, append, clock_at, counts, data_files, event, files, open, sql, wait};

#[test]
fn a_damaged_file_is_set_aside_by_the_query_that_finds_it() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..10).map(event).collect());
    wait(lake.flush()).unwrap();
    append(&lake, (10..15).map(event).collect());
    wait(lake.flush()).unwrap();
    let victim = data_files(folder.path())[0].clone();
    std::fs::write(&victim, "not Parquet").unwrap();
    assert_eq!(counts(&lake), (5, 5));
    let aside = files(&folder.path().join("tables/events/quarantine"), ".parquet");
    assert_eq!(aside.len(), 1);
    assert_eq!(std::fs::read(&aside[0]).unwrap(), b"not Parquet");
    assert_eq!(lake.status()[0].n_quarantined, 1);
    lake.close();
    assert_eq!(counts(&open(folder.path())), (5, 5));
}

#[test]
fn a_missing_file_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, (0..10).map(event).collect());
    wait(lake.flush()).unwrap();
    append(&lake, (10..15).map(event).collect());
    wait(lake.flush()).unwrap();
    std::fs::remove_file(&data_files(folder.path())[1]).unwrap();
    assert_eq!(counts(&lake), (10, 10));
    assert_eq!(
        sql(&lake, "SELECT max(uid) AS uid FROM events"),
        "uid\nuid-000009\n"
    );
}

#[test]
fn a_flipped_bit_in_the_log_costs_no_more_than_its_record_and_what_follows_in_the_segment() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for n in 0..5 {
        append(&lake, vec![event(n)]);
    }
    drop(lake);
    let [segment] = files(&folder.path().join("log"), ".log").try_into().unwrap();
    let length = std::fs::metadata(&segment).unwrap().len();
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&segment)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, length - 10).unwrap();
    file.write_all_at(&[byte[0] ^ 1], length - 10).unwrap();
    let lake = open(folder.path());
    assert_eq!(counts(&lake), (4, 4));
    append(&lake, vec![event(7)]);
    drop(lake);
    assert_eq!(counts(&open(folder.path())), (5, 5));
}

#[test]
fn a_log_cut_anywhere_gives_whole_records_only() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for n in 0..4 {
        append(&lake, vec![event(n)]);
    }
    drop(lake);
    let [segment] = files(&folder.path().join("log"), ".log").try_into().unwrap();
    let whole = std::fs::read(&segment).unwrap();
    let mut seen = Vec::new();
    for cut in (0..=whole.len()).step_by(251).chain([whole.len()]) {
        let copy = tempfile::tempdir().unwrap();
        let log = copy.path().join("log/events");
        std::fs::create_dir_all(&log).unwrap();
        std::fs::write(log.join(segment.file_name().unwrap()), &whole[..cut]).unwrap();
        let lake = open(copy.path());
        let (all, distinct) = counts(&lake);
        assert_eq!(all, distinct);
        seen.push(all);
    }
    assert!(seen.is_sorted());
    assert_eq!(seen.last(), Some(&4));
}

#[test]
fn a_damaged_commit_sets_its_table_aside_until_it_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    append(&lake, vec![event(1)]);
    lake.close();
    let commit = folder
        .path()
        .join("tables/events/_delta_log/00000000000000000001.json");
    let whole = std::fs::read(&commit).unwrap();
    std::fs::write(&commit, "{\"add\":").unwrap();
    let opened = |defs| Lake::open_with(LakeConfig::new(folder.path()), clock_at(NOON), defs).unwrap();
    let mut other = lake::tables().remove(0);
    other.name = "others";
    let lake = opened(vec![lake::tables().remove(0), other]);
    let status = lake.status();
    let reason = |name: &str| {
        let table = status.iter().find(|table| table.def.name == name).unwrap();
        table.aside.clone()
    };
    assert_eq!(reason("others"), None);
    let reason = reason("events").unwrap();
    assert!(
        reason.contains("00000000000000000001.json") && reason.contains("restore it from a copy"),
        "{reason}"
    );
    let batch = lake::events::to_batch(&[event(2)]).unwrap();
    wait(lake.append("others", &batch)).unwrap();
    assert_eq!(sql(&lake, "SELECT count(*) AS n FROM others"), "n\n1\n");
    let refused = wait(lake.append("events", &batch)).unwrap_err();
    assert!(
        matches!(refused, AppendError::Aside { table: "events", .. }),
        "{refused}"
    );
    let unreadable = wait(lake.sql("SELECT count(*) FROM events")).unwrap_err();
    assert!(
        unreadable.to_string().contains("table events is set aside"),
        "{unreadable}"
    );
    lake.close();
    std::fs::write(&commit, whole).unwrap();
    assert_eq!(counts(&open(folder.path())), (1, 1));
}

#[test]
fn checkpoints_keep_the_log_short_and_a_damaged_one_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let lake = open(folder.path());
    for n in 0..110 {
        let mut event = event(n);
        event.last_time = NOON + DAY * i64::try_from(n % 3).unwrap();
        append(&lake, vec![event]);
        wait(lake.flush()).unwrap();
    }
    let log = folder.path().join("tables/events/_delta_log");
    let checkpoints = files(&log, ".checkpoint.parquet");
    assert_eq!(checkpoints.len(), 2);
    let commits = files(&log, ".json").len();
    assert!(commits <= 70, "{commits} commits are left");
    let rows = counts(&lake);
    drop(lake);
    assert_eq!(counts(&open(folder.path())), rows);
    std::fs::write(&checkpoints[1], "no checkpoint").unwrap();
    assert_eq!(counts(&open(folder.path())), rows);
}
