use expect_test::{Expect, expect};

use super::super::testing::{series, wave};
use super::render;
use crate::client::{Data, Point};
use crate::query::unit::Units;
use crate::screen::Paint;
use crate::units::Unit;

fn check(data: &Data, units: Units, expected: &Expect) {
    expected.assert_eq(&render(data, units, Paint::PLAIN));
}

#[test]
fn what_series_share_is_said_once() {
    let free = |mount: &str, value| {
        let labels = [
            ("__name__", "node_filesystem_avail_bytes"),
            ("instance", "node7"),
            ("job", "node-exporter"),
            ("mountpoint", mount),
        ];
        series(&labels, &[(0, value)])
    };
    check(
        &Data::Vector(vec![free("/", 13_207_024_435.0), free("/boot/efi", 532.0)]),
        Units::ByName,
        &expect![[r#"
            node_filesystem_avail_bytes{instance="node7", job="node-exporter"}
            MOUNTPOINT     VALUE
            /           12.3 GiB
            /boot/efi      532 B
        "#]],
    );
}

#[test]
fn one_series_alone_has_its_labels_as_columns() {
    check(
        &Data::Vector(vec![series(&[("__name__", "up"), ("job", "a")], &[(0, 1.0)])]),
        Units::All(Unit::Number),
        &expect![[r#"
            up
            JOB  VALUE
            a        1
        "#]],
    );
    check(
        &Data::Vector(vec![series(&[], &[(0, 2.0e6)])]),
        Units::All(Unit::BytesPerSecond),
        &expect![[r#"
             VALUE
        1.91 MiB/s
    "#]],
    );
}

#[test]
fn different_metrics_have_their_own_units() {
    check(
        &Data::Vector(vec![
            series(&[("__name__", "node_boot_time_seconds")], &[(0, 1_795_317_720.0)]),
            series(&[("__name__", "node_load1")], &[(0, 0.25)]),
            series(&[("__name__", "窗口_ratio")], &[(0, 0.5)]),
        ]),
        Units::ByName,
        &expect![[r#"
            METRIC                                    VALUE
            node_boot_time_seconds  2026-11-22 03:22:00 UTC
            node_load1                                 0.25
            窗口_ratio                                 50 %
        "#]],
    );
}

#[test]
fn ranges_show_their_course() {
    check(
        &Data::Matrix(vec![
            wave(&[("mode", "user")], 10.0, 5.0),
            series(
                &[("mode", "idle")],
                &[(1_795_317_720, f64::NAN), (1_795_317_735, 2.0)],
            ),
        ]),
        Units::All(Unit::Number),
        &expect![[r#"
            MODE  TREND                         MIN      AVG      MAX     LAST
            user  ▅▆▇▇████▇▆▅▄▃▂▂▁▁▁▁▂▃▄▅▅  5.00523  10.0388  14.9994  11.3451
            idle   ▁                              2        2        2        2
            2026-11-22 03:22:00 UTC to 2026-11-22 03:36:45 UTC
        "#]],
    );
}

#[test]
fn scalars_texts_and_nothing() {
    check(
        &Data::Scalar(Point { time: 0, value: 1.5 }),
        Units::All(Unit::Number),
        &expect![[r#"
        1.5
    "#]],
    );
    check(
        &Data::Text(0, "hello".to_owned()),
        Units::All(Unit::Number),
        &expect![[r#"
        hello
    "#]],
    );
    check(&Data::Vector(vec![]), Units::All(Unit::Number), &expect![[""]]);
    check(&Data::Matrix(vec![]), Units::All(Unit::Number), &expect![[""]]);
}
