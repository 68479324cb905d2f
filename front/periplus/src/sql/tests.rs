use expect_test::expect;
use serde_json::json;

use super::{refusal, render};
use crate::client::{ClientError, ColumnDoc, RowColumn, Rows, TableDoc};
use crate::screen::Paint;

fn rows() -> Rows {
    let column = |name: &str, kind: &str| RowColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
    };
    let rows = json!([["BackOff", 12, "a, \"b\"\nc"], ["Pulled", 3, null]]);
    Rows {
        columns: vec![
            column("reason", "text"),
            column("n", "integer"),
            column("message", "text"),
        ],
        rows: serde_json::from_value(rows).unwrap(),
        notes: Vec::new(),
        json: String::new(),
    }
}

#[test]
fn a_row_is_a_line() {
    expect![[r#"
        reason    n  message
        BackOff  12  a, "b" c
        Pulled    3
    "#]]
    .assert_eq(&render::table(&rows(), Paint::PLAIN));
}

#[test]
fn programs_get_every_byte() {
    expect![[r#"
        reason,n,message
        BackOff,12,"a, ""b""
        c"
        Pulled,3,
    "#]]
    .assert_eq(&render::csv(&rows()));
    expect![[r#"
        {"reason":"BackOff","n":12,"message":"a, \"b\"\nc"}
        {"reason":"Pulled","n":3,"message":null}
    "#]]
    .assert_eq(&render::ndjson(&rows()));
}

#[test]
fn tables_are_described() {
    let column = |name: &str, kind: &str, unit: &str| ColumnDoc {
        name: name.to_owned(),
        kind: kind.to_owned(),
        unit: unit.to_owned(),
        about: format!("What {name} is."),
    };
    let table = TableDoc {
        name: "events".to_owned(),
        about: "What happened.".to_owned(),
        rows: 7,
        columns: vec![
            column("time", "time", ""),
            column("count", "integer", "occurrences"),
        ],
    };
    expect![[r#"
        events  What happened. (7 rows)
          COLUMN  TYPE                   MEANING
          time    time                   What time is.
          count   integer (occurrences)  What count is.
    "#]]
    .assert_eq(&render::tables(&[table], Paint::PLAIN));
}

#[test]
fn a_mistake_is_pointed_at() {
    let error = ClientError::Refused {
        kind: "bad_data".to_owned(),
        message: "invalid parameter \"query\": 1:8: parse error: there is no column \"reson\"".to_owned(),
        hint: Some("did you mean reason?".to_owned()),
    };
    expect![[r#"
        error: there is no column "reson"
          SELECT reson FROM event…
                 ^
        hint: did you mean reason?
    "#]]
    .assert_eq(&refusal(error, "SELECT reson FROM events").render(Paint::PLAIN));
}
