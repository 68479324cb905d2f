use model::Labels;
use promql::Sample;

use super::*;

fn text(value: Value, remarks: Remarks) -> String {
    let pieces: Vec<Bytes> = ResultText::new(value, remarks).collect();
    assert!(pieces.iter().all(|piece| piece.len() < PIECE_BYTES + 1024));
    String::from_utf8(pieces.concat()).unwrap()
}

fn up(job: &str) -> Labels {
    Labels::from_pairs([("__name__", "up"), ("job", job)]).unwrap()
}

#[test]
fn writes_each_kind_as_prometheus_does() {
    let none = Remarks::default;
    let scalar = Value::Scalar {
        timestamp: 1_500,
        value: 1e-7,
    };
    assert_eq!(
        text(scalar, none()),
        r#"{"status":"success","data":{"resultType":"scalar","result":[1.500,"1e-07"]}}"#
    );
    let string = Value::String {
        timestamp: 2_000,
        value: "a\"b".to_owned(),
    };
    assert_eq!(
        text(string, none()),
        r#"{"status":"success","data":{"resultType":"string","result":[2,"a\"b"]}}"#
    );
    let vector = Value::InstantVector {
        timestamp: 1_435_781_451_781,
        samples: vec![
            Sample {
                labels: up("a"),
                value: 1.0,
                histogram: None,
            },
            Sample {
                labels: Labels::default(),
                value: f64::NAN,
                histogram: None,
            },
        ],
    };
    assert_eq!(
        text(vector, none()),
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1435781451.781,"1"]},{"metric":{},"value":[1435781451.781,"NaN"]}]}}"#
    );
    let matrix = Value::Matrix(vec![
        Series {
            labels: up("a"),
            floats: vec![(0, 1.0), (1000, f64::INFINITY)],
            histograms: Vec::new(),
        },
        Series {
            labels: up("b"),
            floats: vec![(0, -0.5)],
            histograms: Vec::new(),
        },
    ]);
    assert_eq!(
        text(matrix, none()),
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[1,"+Inf"]]},{"metric":{"__name__":"up","job":"b"},"values":[[0,"-0.5"]]}]}}"#
    );
}

#[test]
fn adds_remarks() {
    let remarks = Remarks {
        warnings: vec!["w1".to_owned(), "w2".to_owned()],
        infos: vec!["i".to_owned()],
    };
    assert_eq!(
        text(Value::Matrix(Vec::new()), remarks),
        r#"{"status":"success","data":{"resultType":"matrix","result":[]},"warnings":["w1","w2"],"infos":["i"]}"#
    );
}

#[test]
fn splits_large_values_without_a_seam() {
    let series = |n: i64| Series {
        labels: up(&n.to_string()),
        floats: (0..20_000).map(|t| (t * 1000, (t * n) as f64)).collect(),
        histograms: Vec::new(),
    };
    let all: Vec<Series> = (0..5).map(series).collect();
    let whole: serde_json::Value =
        serde_json::from_str(&text(Value::Matrix(all), Remarks::default())).unwrap();
    let result = whole["data"]["result"].as_array().unwrap();
    assert_eq!(result.len(), 5);
    for (n, each) in result.iter().enumerate() {
        let values = each["values"].as_array().unwrap();
        assert_eq!(values.len(), 20_000);
        assert_eq!(
            values[19_999],
            serde_json::json!([19_999, (19_999 * n).to_string()])
        );
    }

    let samples = (0..5_000)
        .map(|n| Sample {
            labels: up(&n.to_string()),
            value: f64::from(n),
            histogram: None,
        })
        .collect();
    let vector = Value::InstantVector {
        timestamp: 0,
        samples,
    };
    let whole: serde_json::Value = serde_json::from_str(&text(vector, Remarks::default())).unwrap();
    assert_eq!(whole["data"]["result"].as_array().unwrap().len(), 5_000);
}

#[test]
fn is_whole_wherever_a_piece_ends() {
    // Labels of every length around the end of the first piece: it falls on each place of a series once.
    for n_points in [1, 2] {
        for shift in 0..128 {
            let matrix: Vec<Series> = (0..800)
                .map(|series| Series {
                    labels: up(&format!(
                        "{:0>1$}",
                        series,
                        if series == 0 { 1 + shift } else { 60 }
                    )),
                    floats: (0..n_points).map(|point| (point * 1000, 1.0)).collect(),
                    histograms: Vec::new(),
                })
                .collect();
            let text = text(Value::Matrix(matrix), Remarks::default());
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let result = value["data"]["result"].as_array().unwrap();
            assert_eq!(result.len(), 800);
            let is_whole = |series: &serde_json::Value| series["values"].as_array().map(Vec::len);
            assert!(
                result
                    .iter()
                    .all(|series| is_whole(series) == usize::try_from(n_points).ok())
            );
        }
    }
}
