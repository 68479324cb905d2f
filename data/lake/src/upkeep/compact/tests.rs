use super::*;

const MIB: u64 = 1 << 20;
/// 2026-11-22T12:00:00Z.
const NOON: Millis = 1_795_348_800_000;
const DAY: Millis = 86_400_000;

fn file(name: &str, day: Millis, bytes: u64) -> Arc<DataFile> {
    let time = (NOON + day * DAY) * 1000;
    Arc::new(DataFile {
        path: name.to_owned(),
        bytes,
        rows: bytes,
        min_time: time,
        max_time: time,
        checksum: Some(1),
        written: NOON + day * DAY,
        stats: None,
    })
}

fn chosen(files: &[Arc<DataFile>]) -> Vec<String> {
    let files: Vec<&Arc<DataFile>> = files.iter().collect();
    let mut names: Vec<String> = choose(&files, NOON, 32 * MIB)
        .iter()
        .map(|file| file.path.clone())
        .collect();
    names.sort();
    names
}

#[test]
fn today_waits_for_eight_of_a_class() {
    let mut files: Vec<_> = (0..7).map(|n| file(&format!("s{n}"), 0, 100_000)).collect();
    files.extend((0..7).map(|n| file(&format!("m{n}"), 0, 2 * MIB)));
    assert!(chosen(&files).is_empty());
    files.push(file("s7", 0, 120_000));
    assert_eq!(chosen(&files), ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"]);
}

#[test]
fn a_quiet_day_becomes_as_few_files_as_possible() {
    let files = [
        file("a", -1, 100),
        file("b", -1, 9 * MIB),
        file("c", -1, 15 * MIB),
        file("d", -1, 15 * MIB),
    ];
    assert_eq!(chosen(&files), ["a", "b", "c"]);
    assert!(
        chosen(&[file("a", -1, 20 * MIB), file("b", -1, 100)]).is_empty(),
        "one small file has no other"
    );
}

#[test]
fn days_are_not_mixed_and_files_of_others_left_alone() {
    let mut files: Vec<_> = (0..8)
        .map(|n| file(&format!("d{n}"), Millis::from(n % 2 == 0), 1000))
        .collect();
    assert!(chosen(&files).is_empty());
    files = (0..9).map(|n| file(&format!("d{n}"), 0, 1000)).collect();
    let foreign = Arc::make_mut(&mut files[4]);
    foreign.checksum = None;
    assert_eq!(chosen(&files).len(), 8);
    assert!(!chosen(&files).contains(&"d4".to_owned()));
}
