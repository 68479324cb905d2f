use expect_test::{Expect, expect};

use super::super::testing::series;
use super::render;
use crate::client::{Data, Point};

fn check(data: &Data, expected: &Expect) {
    expected.assert_eq(&render(data));
}

#[test]
fn series_with_different_labels() {
    let vector = Data::Vector(vec![
        series(&[("__name__", "up"), ("job", "a,b")], &[(1_795_317_720, 0.1)]),
        series(
            &[("__name__", "up"), ("mount", "say \"hi\"")],
            &[(1_795_317_720, f64::NAN)],
        ),
    ]);
    check(
        &vector,
        &expect![[r#"
        time,value,__name__,job,mount
        2026-11-22T03:22:00.000Z,0.1,up,"a,b",
        2026-11-22T03:22:00.000Z,NaN,up,,"say ""hi"""
    "#]],
    );
}

#[test]
fn ranges_scalars_and_texts() {
    check(
        &Data::Matrix(vec![series(
            &[("x", "1")],
            &[(0, 1.0), (15, f64::INFINITY), (30, -2.5e-7)],
        )]),
        &expect![[r#"
            time,value,x
            1970-01-01T00:00:00.000Z,1,1
            1970-01-01T00:00:15.000Z,+Inf,1
            1970-01-01T00:00:30.000Z,-0.00000025,1
        "#]],
    );
    check(
        &Data::Scalar(Point {
            time: 1500,
            value: 3.0,
        }),
        &expect![[r#"
        time,value
        1970-01-01T00:00:01.500Z,3
    "#]],
    );
    check(
        &Data::Text(0, "a\nb".to_owned()),
        &expect![[r#"
        time,value
        1970-01-01T00:00:00.000Z,"a
        b"
    "#]],
    );
    check(
        &Data::Vector(vec![]),
        &expect![[r#"
        time,value
    "#]],
    );
}
