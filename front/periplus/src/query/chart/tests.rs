use expect_test::{Expect, expect};

use super::super::testing::{series, wave};
use super::{Size, render};
use crate::client::Data;
use crate::query::unit::Units;
use crate::screen::Paint;
use crate::units::Unit;

const SIZE: Size = Size { width: 72, height: 8 };

fn check(data: &Data, units: Units, expected: &Expect) {
    expected.assert_eq(&render(data, units, SIZE, Paint::PLAIN));
}

#[test]
fn lines_have_letters_axis_and_legend() {
    check(
        &Data::Matrix(vec![
            wave(&[("device", "eth0"), ("job", "n")], 2e6, 1e6),
            wave(&[("device", "eth1"), ("job", "n")], 5e5, -2e5),
        ]),
        Units::All(Unit::BytesPerSecond),
        &expect![[r#"
            {job="n"}
            2.86 MiB/s │       ⣀⠤⠔⠒⠊⠉⠉⠉⠉⠑⠒⠒⠢⢄⡀
                       │   ⣀⠤⠒⠉              ⠈⠑⠢⢄⡀
                       │⠤⠒⠉                      ⠈⠑⠢⢄                         ⢀⡠⠔⠊ A
            1.43 MiB/s │                             ⠉⠒⢄                  ⢀⡠⠔⠊⠁
                       │                                ⠉⠉⠒⠤⣀⣀        ⣀⣀⠔⠊⠁
                       │                                      ⠉⠉⠒⠒⠒⠒⠉⠉
                       │⠤⠤⠤⣀⣀⣀⣀⣀⣀          ⢀⣀⣀⣀⣀⣀⡠⠤⠤⠤⠒⠒⠒⠒⠒⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠑⠒⠒⠒⠒⠢⠤⠤⠤ B
                 0 B/s │         ⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁
                       └──────────────────────────────────────────────────────────
                        03:22:00                                      03:36:45 UTC
                     MIN         AVG         MAX        LAST  SERIES
            A  978 KiB/s  1.91 MiB/s  2.86 MiB/s  2.16 MiB/s  {device="eth0"}
            B  293 KiB/s   487 KiB/s   683 KiB/s   436 KiB/s  {device="eth1"}
        "#]],
    );
}

#[test]
fn gaps_stay_gaps() {
    let points: Vec<(i64, f64)> = (0..20).chain(50..60).map(|n| (n * 15, 4.0)).collect();
    check(
        &Data::Matrix(vec![series(&[("x", "1")], &points)]),
        Units::All(Unit::Number),
        &expect![[r#"
        4 │⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉                                  ⠈⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉ A
          │
          │
        2 │
          │
          │
          │
        0 │
          └───────────────────────────────────────────────────────────────────
           00:00:00                                               00:14:45 UTC
           MIN  AVG  MAX  LAST  SERIES
        A    4    4    4     4  {x="1"}
    "#]],
    );
}

#[test]
fn one_point_and_no_number() {
    check(
        &Data::Matrix(vec![series(&[("x", "1")], &[(60, 4.0)])]),
        Units::All(Unit::Number),
        &expect![[r#"
        4 │⠁                                                                   A
          │
          │
        2 │
          │
          │
          │
        0 │
          └───────────────────────────────────────────────────────────────────
           00:01:00                                               00:01:00 UTC
           MIN  AVG  MAX  LAST  SERIES
        A    4    4    4     4  {x="1"}
    "#]],
    );
    check(
        &Data::Matrix(vec![series(&[("x", "1")], &[(60, f64::NAN)])]),
        Units::All(Unit::Number),
        &expect![[r#"
            X  TREND  MIN  AVG  MAX  LAST
            1         NaN  NaN  NaN   NaN
            1970-01-01 00:01:00 UTC to 1970-01-01 00:01:00 UTC
        "#]],
    );
}

#[test]
fn beyond_ten_lines_the_others_are_counted() {
    let many = (0..13)
        .map(|n| wave(&[("n", &n.to_string())], f64::from(n), 0.1))
        .collect();
    let text = render(&Data::Matrix(many), Units::All(Unit::Number), SIZE, Paint::PLAIN);
    assert!(text.ends_with("other (3): see --output table\n"), "{text}");
    assert!(
        text.contains("J") && text.contains("{n=\"12\"}") && !text.contains("{n=\"2\"}"),
        "{text}"
    );
}

#[test]
fn one_moment_is_bars() {
    check(
        &Data::Vector(vec![
            series(&[("__name__", "up"), ("job", "b")], &[(0, 5.0)]),
            series(&[("__name__", "up"), ("job", "a")], &[(0, 20.0)]),
            series(&[("__name__", "up"), ("job", "c")], &[(0, f64::NAN)]),
        ]),
        Units::All(Unit::Number),
        &expect![[r#"
            up
            {job="a"}   20  ████████████████████████████████████████████████████████
            {job="b"}    5  ██████████████
            {job="c"}  NaN
        "#]],
    );
}
