use std::time::Duration;

use super::{Usage, own_usage, parse_stat};

/// From proc_pid_stat(5), with a name made to confuse.
const STAT: &str = "4217 (a) b (c) S 1 4217 4217 0 -1 4194560 3015 0 4 0 150 50 0 0 20 0 7 0 98765 734003200 2560 18446744073709551615 1 1 0 0 0 0 0 4096 17663 0 0 0 17 1 0 0 0 0 0";

#[test]
fn fields_are_counted_behind_the_name() {
    assert_eq!(
        parse_stat(STAT, 4096, 100),
        Some(Usage {
            resident_bytes: 2560 * 4096,
            virtual_bytes: 734_003_200,
            cpu: Duration::from_secs(2),
            threads: 7,
            started_after_boot: Duration::from_millis(987_650),
            ..Usage::default()
        })
    );
}

#[test]
fn a_cut_line_is_no_usage() {
    assert_eq!(parse_stat("4217 (periplus", 4096, 100), None);
    assert_eq!(parse_stat("4217 (periplus) S 1 2", 4096, 100), None);
    assert_eq!(parse_stat("", 4096, 100), None);
}

#[test]
fn this_process_uses_something() {
    let usage = own_usage().unwrap();
    assert!(usage.resident_bytes > 0 && usage.virtual_bytes >= usage.resident_bytes);
    assert!(usage.threads >= 1);
    assert!(usage.open_files >= 1);
}
