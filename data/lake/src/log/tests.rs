use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::*;

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]))
}

fn rows(numbers: &[i64]) -> RecordBatch {
    RecordBatch::try_new(schema(), vec![Arc::new(Int64Array::from(numbers.to_vec()))]).unwrap()
}

fn opened(folder: &Path, applied: u64) -> (Log, Vec<(u64, i64)>) {
    let recovered = recover(folder, schema(), applied).unwrap();
    let first = |batch: &RecordBatch| {
        batch
            .column(0)
            .as_any()
            .downcast_ref::<Int64Array>()
            .unwrap()
            .value(0)
    };
    let batches = recovered
        .batches
        .iter()
        .map(|(sequence, batch)| (*sequence, first(batch)));
    (recovered.log, batches.collect())
}

#[test]
fn records_come_back_in_order_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, found) = opened(folder.path(), 0);
    assert_eq!(found, []);
    assert_eq!(log.append(&[rows(&[10])]).unwrap(), 1);
    assert_eq!(log.append(&[rows(&[20]), rows(&[30])]).unwrap(), 3);
    log.roll();
    assert_eq!(log.append(&[rows(&[40])]).unwrap(), 4);
    drop(log);
    let (mut log, found) = opened(folder.path(), 0);
    assert_eq!(found, [(1, 10), (2, 20), (3, 30), (4, 40)]);
    assert_eq!(log.append(&[rows(&[50])]).unwrap(), 5);
    drop(log);
    let (_, found) = opened(folder.path(), 3);
    assert_eq!(found, [(4, 40), (5, 50)]);
}

#[test]
fn a_failed_write_counts_for_nothing_even_if_it_reached_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = opened(folder.path(), 0);
    log.append(&[rows(&[10])]).unwrap();
    let segment = log.segment.as_mut().unwrap();
    let path = segment.path.clone();
    // The file takes no more writes, as one on a full disk.
    segment.file = File::open(&path).unwrap();
    assert!(log.append(&[rows(&[666])]).is_err());
    // And yet the record is there in the end: the write went through and only the sync failed.
    let mut stray = Vec::new();
    let mut stream = stream(&schema()).unwrap();
    stream.get_mut().clear();
    stream.write(&rows(&[666])).unwrap();
    format::put_record(&mut stray, 2, stream.get_ref()).unwrap();
    std::io::Write::write_all(&mut File::options().append(true).open(&path).unwrap(), &stray).unwrap();
    assert_eq!(log.append(&[rows(&[20])]).unwrap(), 2);
    drop(log);
    let (_, found) = opened(folder.path(), 0);
    assert_eq!(found, [(1, 10), (2, 20)]);
}

#[test]
fn segments_go_when_files_hold_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut log, _) = opened(folder.path(), 0);
    for n in 0..4 {
        log.append(&[rows(&[n])]).unwrap();
        log.roll();
    }
    assert_eq!(log.forget(2), 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(log.bytes() > 0);
    log.forget(4);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(log);
    let (mut log, found) = opened(folder.path(), 4);
    assert_eq!(found, []);
    assert_eq!(log.append(&[rows(&[9])]).unwrap(), 5, "numbers never come twice");
}

#[test]
fn a_later_version_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut head = format::head(1);
    head[8] = 9;
    let sum = crc32c::crc32c(&head[..20]).to_le_bytes();
    head[20..].copy_from_slice(&sum);
    std::fs::write(folder.path().join(format::file_name(1)), head).unwrap();
    let error = recover(folder.path(), schema(), 0).err().unwrap();
    assert!(
        matches!(
            error,
            LogError::Version {
                found: 9,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn no_bytes_make_it_fail() {
    // A sequence of its own (Knuth's constants), so that a failure can be had again.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for round in 0..200 {
        let folder = tempfile::tempdir().unwrap();
        let mut content = if round % 2 == 0 {
            format::head(1)
        } else {
            Vec::new()
        };
        content.extend((0..next() % 400).map(|_| next() as u8));
        if round % 4 == 0 {
            let noise: Vec<u8> = (0..next() % 100).map(|_| next() as u8).collect();
            format::put_record(&mut content, 1, &noise).unwrap();
        }
        std::fs::write(folder.path().join(format::file_name(1)), content).unwrap();
        let (mut log, _) = opened(folder.path(), 0);
        log.append(&[rows(&[1])]).unwrap();
        drop(log);
        assert_eq!(
            opened(folder.path(), 0).1.last().map(|(_, n)| *n),
            Some(1),
            "round {round}"
        );
    }
}
