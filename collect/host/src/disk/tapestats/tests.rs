use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn drive_and_its_other_names() {
    let tree = Tree::new();
    for (file, content) in [
        ("in_flight", "1\n"),
        ("io_ns", "9247011087720\n"),
        ("other_cnt", "1409\n"),
        ("read_byte_cnt", "979383912\n"),
        ("read_cnt", "3741\n"),
        ("read_ns", "33788355744\n"),
        ("resid_cnt", "19\n"),
        ("write_byte_cnt", "1496246784000\n"),
        ("write_cnt", "53772916\n"),
        ("write_ns", "5233597394395\n"),
    ] {
        for device in ["st0", "nst0", "st0a"] {
            tree.write(&format!("sys/class/scsi_tape/{device}/stats/{file}"), content);
        }
    }
    expect![[r#"
        # node_tape_io_now gauge
        node_tape_io_now{device="st0"} 1
        # node_tape_io_others_total counter
        node_tape_io_others_total{device="st0"} 1409
        # node_tape_io_time_seconds_total counter
        node_tape_io_time_seconds_total{device="st0"} 9247.01108772
        # node_tape_read_bytes_total counter
        node_tape_read_bytes_total{device="st0"} 979383912
        # node_tape_read_time_seconds_total counter
        node_tape_read_time_seconds_total{device="st0"} 33.788355744
        # node_tape_reads_completed_total counter
        node_tape_reads_completed_total{device="st0"} 3741
        # node_tape_residual_total counter
        node_tape_residual_total{device="st0"} 19
        # node_tape_write_time_seconds_total counter
        node_tape_write_time_seconds_total{device="st0"} 5233.597394395
        # node_tape_writes_completed_total counter
        node_tape_writes_completed_total{device="st0"} 53772916
        # node_tape_written_bytes_total counter
        node_tape_written_bytes_total{device="st0"} 1496246784000
    "#]]
    .assert_eq(&render(&mut TapeStats::default(), &tree.root()));
}

#[test]
fn without_drives() {
    expect![[r#"
        ! /sys/class/scsi_tape is not there
    "#]]
    .assert_eq(&render(&mut TapeStats::default(), &Tree::new().root()));
}
