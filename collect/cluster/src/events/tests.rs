use std::sync::Arc;

use expect_test::{Expect, expect};
use model::{Clock, EventType, Millis};
use serde_json::{Value, json};

use super::decode::decode;
use super::{EventBook, HasLog};
use crate::objects::Uid;
use crate::reflector::Receiver as _;

struct Now;

impl Clock for Now {
    fn now(&self) -> Millis {
        7
    }
}

fn book() -> Arc<EventBook> {
    EventBook::new("shop".to_owned(), Arc::new(Now), HasLog::Yes)
}

/// Writes what matters of an event in one line.
fn check(event: &Value, expected: &Expect) {
    let event = decode(&event.to_string()).expect("it is an event").event;
    let line = format!(
        "{} {} {:?} x{} {}..{} on {:?} by {}/{}\n",
        event.object.kind,
        event.object.name,
        event.reason,
        event.count,
        event.first_time,
        event.last_time,
        event.node,
        event.reporting_component,
        event.reporting_instance
    );
    // An expectation is told without its indentation.
    expected.assert_eq(line.trim_start());
}

fn older(uid: &str, version: u64, count: u64) -> Value {
    json!({"metadata": {"name": uid, "namespace": "a", "uid": uid, "resourceVersion": version.to_string(),
            "creationTimestamp": "2026-01-01T00:00:00Z"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "a", "uid": "pod"}, "reason": "BackOff", "type": "Warning",
        "note": "waits", "reportingController": "", "reportingInstance": "", "eventTime": null,
        "deprecatedSource": {"component": "kubelet", "host": "n1"}, "deprecatedCount": count,
        "deprecatedFirstTimestamp": "2026-01-01T00:00:01Z", "deprecatedLastTimestamp": "2026-01-01T00:00:09Z"})
}

#[test]
fn events_of_both_forms_are_read() {
    check(
        &older("e", 1, 3),
        &expect![[r#"
        Pod p "BackOff" x3 1767225601000..1767225609000 on "n1" by kubelet/n1
    "#]],
    );
    let newer = json!({"metadata": {"name": "e", "uid": "e", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "eventTime": "2026-01-01T00:00:00.250000Z", "reportingController": "default-scheduler",
        "reportingInstance": "default-scheduler-cp", "action": "Scheduling", "reason": "FailedScheduling",
        "regarding": {"kind": "Node", "name": "n2", "uid": "n"}, "type": "Warning", "note": "no",
        "series": {"count": 4, "lastObservedTime": "2026-01-01T00:01:00.500000Z"},
        "deprecatedFirstTimestamp": null, "deprecatedLastTimestamp": null});
    check(
        &newer,
        &expect![[r#"
        Node n2 "FailedScheduling" x4 1767225600250..1767225660500 on "n2" by default-scheduler/default-scheduler-cp
    "#]],
    );
    // What is missing is taken from what is there.
    check(
        &json!({"metadata": {"name": "e", "uid": "e", "creationTimestamp": "2026-01-01T00:00:00Z"}, "type": "Odd"}),
        &expect![[r#"
        "" x1 1767225600000..1767225600000 on "" by /
        "#]],
    );
}

#[test]
fn a_message_is_bounded() {
    let mut event = older("e", 1, 1);
    event["note"] = json!("ü".repeat(10_000));
    let message = decode(&event.to_string()).expect("it is an event").event.message;
    assert!(
        message.len() < 4_200 && message.ends_with('…'),
        "{}",
        message.len()
    );
}

#[test]
fn what_is_no_event_is_named() {
    let error = decode(r#"{"metadata":{"name":"e","namespace":"a"},"note":7}"#).map(|_| ());
    assert_eq!(error.expect_err("a note is text").name, "a/e");
}

#[test]
fn only_what_is_new_is_handed_on() {
    let book = book();
    let apply = |event: Value| book.apply(&event.to_string()).expect("it is an event");
    apply(older("e", 1, 3));
    apply(older("e", 1, 3));
    // Touched, and not counted up.
    apply(older("e", 2, 3));
    apply(older("e", 3, 5));
    let deltas: Vec<_> = book
        .take(10)
        .into_iter()
        .map(|event| (event.count, event.delta))
        .collect();
    assert_eq!(deltas, [(3, 3), (5, 2)]);
    let counters = book.counters();
    assert_eq!(counters.len(), 1);
    assert_eq!(
        (counters[0].1, counters[0].0.event_type),
        (5, EventType::Warning.as_str())
    );
}

#[test]
fn what_the_log_does_not_take_waits_in_order() {
    let book = book();
    for uid in ["a", "b", "c"] {
        book.apply(&older(uid, 1, 1).to_string()).expect("it is an event");
    }
    let taken = book.take(2);
    book.put_back(taken);
    let names: Vec<_> = book.take(10).into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(book.status().failures, 1);
}

#[test]
fn warnings_end_with_their_event() {
    let book = book();
    let pod = Uid::parse("pod");
    for uid in ["a", "b"] {
        book.apply(&older(uid, 1, 1).to_string()).expect("it is an event");
    }
    assert_eq!(book.warnings(pod).len(), 2);
    book.delete(&older("a", 2, 1).to_string())
        .expect("it is an event");
    assert_eq!(book.warnings(pod).len(), 1);
    book.begin();
    book.complete();
    assert!(book.warnings(pod).is_empty());
    assert_eq!(book.count(), 0);
}
