use super::*;

/// Composes one data block: transitions with the type each begins, and types as offset and name.
fn block(version: u8, width: Width, transitions: &[(i64, u8)], types: &[(i32, &str)]) -> Vec<u8> {
    let names: String = types.iter().map(|(_, name)| format!("{name}\0")).collect();
    let mut bytes = b"TZif".to_vec();
    bytes.push(version);
    bytes.extend([0; 15]);
    // Leap seconds are there to be skipped.
    for count in [0, 0, 1, transitions.len(), types.len(), names.len()] {
        bytes.extend(u32::try_from(count).unwrap().to_be_bytes());
    }
    for (time, _) in transitions {
        let time = time.to_be_bytes();
        bytes.extend(&time[8 - width as usize..]);
    }
    bytes.extend(transitions.iter().map(|(_, idx)| idx));
    let mut start = 0;
    for (offset, name) in types {
        bytes.extend(offset.to_be_bytes());
        bytes.extend([0, start]);
        start += u8::try_from(name.len() + 1).unwrap();
    }
    bytes.extend(names.bytes());
    bytes.extend(vec![0; width as usize + 4]);
    bytes
}

const TYPES: [(i32, &str); 3] = [(-3_208, "LMT"), (3600, "CET"), (7200, "CEST")];

fn berlin(footer: &str) -> Vec<u8> {
    let mut file = block(b'2', Width::Four, &[], &[(0, "old")]);
    let transitions = [(-2_000_000_000_000, 1), (100, 2), (200, 1)];
    file.extend(block(b'2', Width::Eight, &transitions, &TYPES));
    file.extend(format!("\n{footer}\n").bytes());
    file
}

#[track_caller]
fn check(file: &[u8], time: i64, expected: Option<(i32, &str)>) {
    let expected = expected.map(|(offset, name)| Zone { offset, name });
    assert_eq!(at(file, time), expected, "at {time}");
}

#[test]
fn transitions() {
    let file = berlin("CET-1CEST,M3.5.0,M10.5.0/3");
    check(&file, -3_000_000_000_000, Some((-3_208, "LMT")));
    check(&file, 99, Some((3600, "CET")));
    check(&file, 100, Some((7200, "CEST")));
    check(&file, 199, Some((7200, "CEST")));
    // From here on the footer speaks.
    check(&file, 200, Some((3600, "CET")));
    check(&file, 1_784_000_000, Some((7200, "CEST")));
    check(&file, 1_795_317_601, Some((3600, "CET")));
}

#[test]
fn a_footer_that_does_not_help_leaves_the_last_transition() {
    for footer in ["", "nonsense"] {
        check(&berlin(footer), 1_784_000_000, Some((3600, "CET")));
    }
}

#[test]
fn the_first_version() {
    let file = block(0, Width::Four, &[(-10, 1), (5, 2)], &TYPES);
    check(&file, -11, Some((-3_208, "LMT")));
    check(&file, 4, Some((3600, "CET")));
    check(&file, 5, Some((7200, "CEST")));
}

#[test]
fn garbage() {
    check(b"", 0, None);
    check(b"not a zone at all, but long enough to be one, is it?", 0, None);
    // A type that is not there, and every way to end too early.
    check(&block(0, Width::Four, &[(0, 9)], &TYPES), 1, None);
    let file = berlin("");
    for length in 0..file.len() {
        let cut = file.get(..length).unwrap();
        assert!(at(cut, 150).is_none_or(|zone| zone.name == "CEST"), "{length}");
    }
    let mut huge = file;
    huge[32..36].copy_from_slice(&u32::MAX.to_be_bytes());
    check(&huge, 0, None);
}
