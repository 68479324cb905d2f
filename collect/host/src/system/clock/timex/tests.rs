use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn reading() -> Reading {
    Reading {
        state: 0,
        offset: -2_500_000,
        frequency: 65_536 * 10,
        maximum_error: 1500,
        estimated_error: 250,
        status: Reading::STATUS_NANO | 1,
        constant: 7,
        tick: 10_000,
        pps_frequency: 65_536,
        pps_jitter: 1000,
        pps_shift: 4,
        pps_stability: 655_360,
        pps_jitter_count: 1,
        pps_calibrations: 2,
        pps_errors: 3,
        pps_stability_count: 4,
        tai: 37,
    }
}

#[test]
fn units() {
    let mut collector = Timex {
        read: || Ok(reading()),
    };
    expect![[r#"
        # node_timex_estimated_error_seconds gauge
        node_timex_estimated_error_seconds 0.00025
        # node_timex_frequency_adjustment_ratio gauge
        node_timex_frequency_adjustment_ratio 1.00001
        # node_timex_loop_time_constant gauge
        node_timex_loop_time_constant 7
        # node_timex_maxerror_seconds gauge
        node_timex_maxerror_seconds 0.0015
        # node_timex_offset_seconds gauge
        node_timex_offset_seconds -0.0025
        # node_timex_pps_calibration_total counter
        node_timex_pps_calibration_total 2
        # node_timex_pps_error_total counter
        node_timex_pps_error_total 3
        # node_timex_pps_frequency_hertz gauge
        node_timex_pps_frequency_hertz 0.000001
        # node_timex_pps_jitter_seconds gauge
        node_timex_pps_jitter_seconds 0.000001
        # node_timex_pps_jitter_total counter
        node_timex_pps_jitter_total 1
        # node_timex_pps_shift_seconds gauge
        node_timex_pps_shift_seconds 4
        # node_timex_pps_stability_exceeded_total counter
        node_timex_pps_stability_exceeded_total 4
        # node_timex_pps_stability_hertz gauge
        node_timex_pps_stability_hertz 0.00001
        # node_timex_status gauge
        node_timex_status 8193
        # node_timex_sync_status gauge
        node_timex_sync_status 1
        # node_timex_tai_offset_seconds gauge
        node_timex_tai_offset_seconds 37
        # node_timex_tick_seconds gauge
        node_timex_tick_seconds 0.01
    "#]]
    .assert_eq(&render(&mut collector, &Tree::new().root()));
}

#[test]
fn a_clock_that_nobody_keeps_and_counts_in_microseconds() {
    let mut collector = Timex {
        read: || {
            Ok(Reading {
                state: Reading::STATE_ERROR,
                status: 0x40,
                ..reading()
            })
        },
    };
    let text = render(&mut collector, &Tree::new().root());
    assert!(text.contains("\nnode_timex_sync_status 0\n"), "{text}");
    assert!(text.contains("\nnode_timex_offset_seconds -2.5\n"), "{text}");
}

#[test]
fn refusals() {
    let mut denied = Timex {
        read: || Err(io::ErrorKind::PermissionDenied.into()),
    };
    expect![[r#"
        ! no permission to read the kernel's clock discipline (adjtimex)
    "#]]
    .assert_eq(&render(&mut denied, &Tree::new().root()));
    let mut failed = Timex {
        read: || Err(io::ErrorKind::Unsupported.into()),
    };
    expect![[r#"
        ! failed to read the kernel's clock discipline (adjtimex)
    "#]]
    .assert_eq(&render(&mut failed, &Tree::new().root()));
}
