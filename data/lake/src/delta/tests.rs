use bytes::Bytes;
use expect_test::expect;

use super::*;
use crate::config::LakeConfig;

fn file(path: &str, rows: u64) -> DataFile {
    let mut file = DataFile {
        path: path.to_owned(),
        bytes: 100 * rows,
        rows,
        min_time: 1_795_348_800_000_000,
        max_time: 1_795_348_800_000_000 + 1_500,
        checksum: Some(0xabcd),
        written: 7,
        stats: None,
    };
    file.describe("time");
    file
}

async fn table(folder: &std::path::Path) -> (Objects, DeltaLog, Snapshot) {
    let objects = Objects::open(&LakeConfig::new(folder)).unwrap();
    let log = DeltaLog::new(objects.clone(), "events");
    let snapshot = log.open(&crate::events::definition(), 5).await.unwrap();
    (objects, log, snapshot)
}

fn add(paths: &[&str], applied: u64) -> Change {
    Change {
        add: paths.iter().map(|path| file(path, 3)).collect(),
        applied: Some(applied),
        operation: "WRITE",
        ..Change::default()
    }
}

#[tokio::test]
async fn versions_add_up_and_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, log, first) = table(folder.path()).await;
    assert_eq!((first.version, first.files.len()), (Some(0), 0));
    let second = log
        .commit(&first, add(&["day=2026-11-22/a.parquet", "b.parquet"], 17), 6)
        .await
        .unwrap();
    let change = Change {
        remove: vec!["b.parquet".to_owned()],
        operation: "DELETE",
        ..Change::default()
    };
    let third = log.commit(&second, change, 7).await.unwrap();
    let read = log.open(&crate::events::definition(), 8).await.unwrap();
    for snapshot in [&third, &read] {
        assert_eq!(
            (
                snapshot.version,
                snapshot.applied,
                snapshot.rows(),
                snapshot.bytes()
            ),
            (Some(2), 17, 3, 300)
        );
        assert_eq!(
            *snapshot.files["day=2026-11-22/a.parquet"],
            file("day=2026-11-22/a.parquet", 3)
        );
    }
    let commit = objects
        .read(&Path::from("events/_delta_log/00000000000000000001.json"))
        .await
        .unwrap();
    let text = String::from_utf8(commit.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().take(2).collect();
    expect![[r#"
        {"txn":{"appId":"periplus","version":17,"lastUpdated":6}}
        {"add":{"path":"day=2026-11-22/a.parquet","partitionValues":{},"size":300,"modificationTime":7,"dataChange":true,"stats":"{\"maxValues\":{\"time\":\"2026-11-22T12:00:00.002Z\"},\"minValues\":{\"time\":\"2026-11-22T12:00:00.000Z\"},\"nullCount\":{\"time\":0},\"numRecords\":3}","tags":{"periplus.crc32c":"0000abcd","periplus.maxTime":"1795348800001500","periplus.minTime":"1795348800000000","periplus.rows":"3"}}}
    "#]]
    .assert_eq(&(lines.join("\n") + "\n"));
}

#[tokio::test]
async fn two_writers_of_one_version_cannot_both_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, log, snapshot) = table(folder.path()).await;
    log.commit(&snapshot, add(&["a.parquet"], 1), 6).await.unwrap();
    let second = log.commit(&snapshot, add(&["b.parquet"], 1), 6).await;
    assert!(
        matches!(second, Err(DeltaError::Conflict { version: 1 })),
        "{second:?}"
    );
}

#[tokio::test]
async fn a_checkpoint_says_what_the_commits_said() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, log, snapshot) = table(folder.path()).await;
    let snapshot = log
        .commit(&snapshot, add(&["a.parquet", "b.parquet"], 17), 6)
        .await
        .unwrap();
    checkpoint::write(&objects, &log.folder, &snapshot).await.unwrap();
    for version in 0..2 {
        objects
            .delete(&snapshot::commit_path(&log.folder, version))
            .await
            .unwrap();
    }
    let read = log.open(&crate::events::definition(), 8).await.unwrap();
    assert_eq!((read.version, read.applied, read.checkpoint), (Some(1), 17, 1));
    assert_eq!(read.files, snapshot.files);
    assert_eq!(read.metadata, snapshot.metadata);
    let last = objects
        .read(&log.folder.clone().join("_last_checkpoint"))
        .await
        .unwrap();
    assert_eq!(last, Bytes::from_static(b"{\"size\":5,\"version\":1}"));
}

#[tokio::test]
async fn what_others_add_to_the_format_is_passed_over_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, log, _) = table(folder.path()).await;
    let path = snapshot::commit_path(&log.folder, 1);
    let more = "{\"cdc\":{\"path\":\"x\"}}\n{\"txn\":{\"appId\":\"other\",\"version\":99}}\n\
                {\"add\":{\"path\":\"c.parquet\",\"partitionValues\":{},\"size\":5,\"modificationTime\":1,\"dataChange\":true}}\n";
    objects.create(&path, more.into()).await.unwrap();
    let read = log.open(&crate::events::definition(), 8).await.unwrap();
    assert_eq!((read.applied, read.files.len()), (0, 1));
    assert_eq!(read.files["c.parquet"].min_time, i64::MIN);
    let newer = "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7}}\n";
    objects
        .create(&snapshot::commit_path(&log.folder, 2), newer.into())
        .await
        .unwrap();
    let refused = log.open(&crate::events::definition(), 8).await;
    assert!(
        matches!(refused, Err(DeltaError::Version { reader: 3, writer: 7 })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_gap_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (objects, log, snapshot) = table(folder.path()).await;
    let snapshot = log.commit(&snapshot, add(&["a.parquet"], 1), 6).await.unwrap();
    log.commit(&snapshot, add(&["b.parquet"], 2), 6).await.unwrap();
    objects
        .delete(&snapshot::commit_path(&log.folder, 1))
        .await
        .unwrap();
    let gap = log.open(&crate::events::definition(), 8).await;
    let Err(DeltaError::Missing { path }) = gap else {
        panic!("{gap:?}")
    };
    assert_eq!(path, "events/_delta_log/00000000000000000001.json");
}
