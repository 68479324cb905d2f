//! Type, help and unit of families.

use super::*;
use crate::api::write::raw;

#[tokio::test]
async fn type_help_and_unit_are_kept() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "seen_total")], |request, series| {
        raw::sample(series, 1.0, NOW);
        raw::metadata(request, series, (1, "Things that were seen.", "things"));
    });
    request.series(&[("__name__", "level")], |request, series| {
        raw::sample(series, 1.0, NOW);
        raw::metadata(request, series, (2, "", ""));
    });
    assert_eq!(receiver.accept(&request).await, [2, 0, 0]);
    let found = receiver.get("/api/v1/metadata").await;
    let seen = found.get("seen_total").or_else(|| found.get("seen")).unwrap();
    assert_eq!(
        seen[0],
        serde_json::json!({"type": "counter", "help": "Things that were seen.", "unit": "things"})
    );
    assert_eq!(found["level"][0]["type"], "gauge");
}

#[tokio::test]
async fn newer_metadata_replaces_older() {
    let receiver = Receiver::new();
    for help in ["Old.", "New."] {
        let mut request = Request::new();
        request.series(&[("__name__", "level")], |request, series| {
            raw::sample(series, 1.0, NOW);
            raw::metadata(request, series, (2, help, ""));
        });
        receiver.accept(&request).await;
    }
    let found = receiver.get("/api/v1/metadata?metric=level").await;
    let helps: Vec<&str> = found["level"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["help"].as_str().unwrap())
        .collect();
    assert!(helps.contains(&"New."), "{helps:?}");
}

#[tokio::test]
async fn metadata_with_an_unknown_symbol_harms_no_sample() {
    let receiver = Receiver::new();
    let mut request = Request::new();
    request.series(&[("__name__", "level")], |_, series| {
        raw::sample(series, 1.0, NOW);
        series.message(5, |metadata| {
            metadata.varint(1, 2).varint(3, 99);
        });
    });
    let answer = receiver.send(&request).await;
    assert!(matches!(answer.status.as_u16(), 204 | 400), "{}", answer.status);
    assert_eq!(written(&answer), [1, 0, 0]);
    assert_eq!(receiver.value("level").await, "1");
}
