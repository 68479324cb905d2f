//! Nothing is lost, nothing is overtaken, and what cannot be delivered is counted.

use std::collections::BTreeMap;

use crate::fixture::{Fixture, Received, reply};

const V2: &str = "protobuf_message: io.prometheus.write.v2.Request, metadata_config: {send: false}";

fn config(queue: &str) -> String {
    format!("- {{url: URL, name: r, {V2}, queue_config: {{min_backoff: 1ms, max_backoff: 20ms, {queue}}}}}")
}

/// Values received of each series, in order.
fn by_series(received: &[Received]) -> BTreeMap<String, Vec<i64>> {
    let mut series: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for request in received {
        for row in request.batch.rows() {
            let labels = request.batch.labels(row).to_labels().to_string();
            series.entry(labels).or_default().push(row.timestamp);
        }
    }
    series
}

#[test]
fn requests_are_as_large_as_they_may_be() {
    let fixture = Fixture::new();
    let forwarder =
        fixture.start(fixture.config(&config("max_samples_per_send: 10, batch_send_deadline: 200ms")));
    fixture.store_floats(0..25, 0);
    let received = fixture.receiver.wait_for_samples(25);
    let sizes: Vec<usize> = received.iter().map(|r| r.batch.rows().len()).collect();
    assert!(sizes.iter().all(|&size| size <= 10), "{sizes:?}");
    assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (3, 25), "{sizes:?}");
    assert_eq!(forwarder.stop().relay.delivered, 25);
}

#[test]
fn tries_again_in_order() {
    let fixture = Fixture::new();
    fixture.receiver.answer([
        reply(503, &[]),
        reply(429, &[("retry-after", "0")]),
        reply(500, &[("x-prometheus-remote-write-samples-written", "1")]),
    ]);
    let forwarder =
        fixture.start(fixture.config(&config("max_samples_per_send: 5, batch_send_deadline: 50ms")));
    for step in 0..4 {
        fixture.store_floats(0..5, step * 1_000);
    }
    let received = fixture.receiver.wait_for_samples(5 * (4 + 3));
    assert_eq!(received[0].samples(), received[3].samples());
    let accepted = by_series(&received[3..]);
    assert_eq!(accepted.len(), 5);
    assert!(
        accepted
            .values()
            .all(|times| times.len() == 4 && times.is_sorted()),
        "{accepted:?}"
    );
    let status = forwarder.stop();
    assert_eq!(
        (
            status.relay.delivered,
            status.relay.retried,
            status.relay.failed_requests
        ),
        (20, 15, 3)
    );
    assert_eq!(status.relay.dropped, []);
}

#[test]
fn what_is_refused_is_counted_and_the_rest_goes_on() {
    let fixture = Fixture::new();
    fixture.receiver.answer([
        reply(400, &[]),
        reply(400, &[("x-prometheus-remote-write-samples-written", "3")]),
        reply(204, &[("x-prometheus-remote-write-samples-written", "4")]),
        reply(401, &[]),
    ]);
    let forwarder =
        fixture.start(fixture.config(&config("max_samples_per_send: 5, batch_send_deadline: 50ms")));
    for step in 0..5 {
        fixture.store_floats(0..5, step * 1_000);
    }
    fixture.receiver.wait("all", |received| received.len() == 5);
    let status = forwarder.stop();
    assert_eq!(
        status.relay.dropped,
        [("bad_request", 7), ("not_written", 1), ("unauthorized", 5)]
    );
    assert_eq!((status.relay.delivered, status.relay.retried), (12, 0));
}

#[test]
fn too_many_requests_can_mean_never() {
    let fixture = Fixture::new();
    fixture.receiver.answer([reply(429, &[])]);
    let queue = "retry_on_http_429: false, batch_send_deadline: 50ms";
    let forwarder = fixture.start(fixture.config(&config(queue)));
    fixture.store_floats(0..5, 0);
    fixture
        .receiver
        .wait("the request", |received| received.len() == 1);
    assert_eq!(forwarder.stop().relay.dropped, [("too_many_requests", 5)]);
}

#[test]
fn an_outage_and_a_restart_lose_nothing() {
    let fixture = Fixture::new();
    let queue = "max_samples_per_send: 4, capacity: 8, batch_send_deadline: 50ms";
    let forwarder = fixture.start(fixture.config(&config(queue)));
    fixture.store_floats(0..4, 0);
    fixture.receiver.wait_for_samples(4);
    // From now on the receiver is down, and more comes than the queue holds.
    fixture.receiver.answer_always(Some(reply(503, &[])));
    for step in 1..20 {
        fixture.store_floats(0..4, step * 1_000);
    }
    fixture.receiver.wait("a failure", |received| received.len() > 1);
    let status = forwarder.stop();
    assert_eq!(status.relay.delivered, 4);
    // Another process, while the receiver is still down, then up.
    let before = fixture.receiver.received().len();
    let forwarder = fixture.start(fixture.config(&config(queue)));
    fixture
        .receiver
        .wait("a failure", |received| received.len() > before);
    fixture.receiver.answer_always(None);
    let all: Vec<i64> = (0..20).map(|step| crate::fixture::NOW + step * 1_000).collect();
    fixture.receiver.wait("everything", |received| {
        let series = by_series(received);
        series.len() == 4 && series.values().all(|times| all.iter().all(|t| times.contains(t)))
    });
    let status = forwarder.stop();
    assert_eq!((status.relay.delivered, status.missed_records), (4 * 19, 0));
    assert_eq!(status.relay.dropped, []);
}

#[test]
fn a_new_receiver_gets_what_comes_from_now_on() {
    let fixture = Fixture::new();
    fixture.store_floats(0..4, 0);
    let forwarder = fixture.start(fixture.config(&config("batch_send_deadline: 50ms")));
    fixture.store_floats(0..4, 1_000);
    let received = fixture.receiver.wait_for_samples(4);
    assert!(
        by_series(&received)
            .values()
            .all(|times| times == &[crate::fixture::NOW + 1_000])
    );
    assert_eq!(forwarder.stop().relay.delivered, 4);
    // Nothing comes while nobody forwards; then the log goes on where it was.
    fixture.store_floats(0..4, 2_000);
    let forwarder = fixture.start(fixture.config(&config("batch_send_deadline: 50ms")));
    fixture.receiver.wait_for_samples(8);
    assert_eq!(forwarder.stop().relay.delivered, 4);
}

#[test]
fn one_series_stays_in_its_lane() {
    let fixture = Fixture::new();
    let queue = "min_shards: 4, max_shards: 4, max_samples_per_send: 7, batch_send_deadline: 50ms";
    let forwarder = fixture.start(fixture.config(&config(queue)));
    for step in 0..30 {
        fixture.store_floats(0..20, step * 1_000);
    }
    let received = fixture.receiver.wait_for_samples(600);
    let series = by_series(&received);
    assert_eq!(series.len(), 20);
    assert!(
        series
            .values()
            .all(|times| times.len() == 30 && times.is_sorted()),
        "{series:?}"
    );
    assert_eq!(forwarder.stop().relay.delivered, 600);
}
