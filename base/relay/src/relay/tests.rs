use std::collections::VecDeque;

use tokio::sync::Notify;

use super::*;
use crate::Outcome;

/// What a request held, and when it was sent.
type Sent = (Duration, Vec<u64>);

/// A receiver that answers as it is told, and `Delivered` when it is not.
#[derive(Clone)]
struct Fake {
    answers: Arc<Mutex<VecDeque<Outcome>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    start: Instant,
    /// While closed, requests hang.
    gate: Arc<Semaphore>,
    arrived: Arc<Notify>,
}

impl Fake {
    fn new(answers: impl IntoIterator<Item = Outcome>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            sent: Arc::default(),
            start: Instant::now(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            arrived: Arc::default(),
        }
    }

    fn closed() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            ..Self::new([])
        }
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().clone()
    }

    fn payloads(&self) -> Vec<Vec<u64>> {
        self.sent().into_iter().map(|(_, payloads)| payloads).collect()
    }
}

impl Deliver<u64> for Fake {
    type Request = Vec<u64>;

    fn prepare(&self, payloads: Vec<u64>) -> Vec<u64> {
        payloads
    }

    async fn deliver(&self, request: &mut Vec<u64>) -> Outcome {
        self.arrived.notify_one();
        let passed = self.gate.acquire().await;
        drop(passed);
        self.sent.lock().push((self.start.elapsed(), request.clone()));
        self.answers.lock().pop_front().unwrap_or(Outcome::Delivered)
    }
}

fn config() -> RelayConfig {
    RelayConfig {
        capacity: 8,
        max_request: 4,
        ..RelayConfig::default()
    }
}

async fn push(relay: &mut Relay<u64, Fake>, lane: usize, position: u64) {
    let parcel = Parcel {
        payload: position,
        weight: 1,
        position,
    };
    relay.push(lane, parcel).await.unwrap();
    relay.complete(position);
}

fn retry(after: Option<Duration>) -> Outcome {
    Outcome::Retry {
        after,
        message: "status 503".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn gathers_by_weight_and_by_deadline() {
    let fake = Fake::new([]);
    let mut relay = Relay::new(config(), fake.clone());
    for position in 1..=5 {
        push(&mut relay, 0, position).await;
    }
    tokio::time::sleep(Duration::from_secs(6)).await;
    let sent = fake.sent();
    assert_eq!(fake.payloads(), [vec![1, 2, 3, 4], vec![5]]);
    assert!(
        sent[0].0 < Duration::from_secs(1),
        "a full request goes at once: {sent:?}"
    );
    assert_eq!(sent[1].0.as_secs(), 5, "the rest goes at the deadline: {sent:?}");
    assert_eq!(relay.acknowledged(), 5);
}

#[tokio::test(start_paused = true)]
async fn never_splits_a_parcel_nor_makes_a_request_too_heavy() {
    let fake = Fake::new([]);
    let mut relay = Relay::new(config(), fake.clone());
    for (position, weight) in [(1, 3), (2, 2), (3, 100), (4, 1)] {
        let parcel = Parcel {
            payload: position,
            weight,
            position,
        };
        relay.push(0, parcel).await.unwrap();
        relay.complete(position);
    }
    let status = relay.stop(Duration::from_secs(60)).await;
    assert_eq!(fake.payloads(), [[1], [2], [3], [4]]);
    assert_eq!(
        (status.delivered, status.pending, status.acknowledged),
        (106, 0, 4)
    );
}

#[tokio::test(start_paused = true)]
async fn tries_again_until_it_is_taken_and_overtakes_nothing() {
    let answers = [
        retry(None),
        retry(Some(Duration::from_secs(60))),
        retry(None),
        Outcome::Delivered,
    ];
    let fake = Fake::new(answers);
    let mut relay = Relay::new(config(), fake.clone());
    for position in 1..=8 {
        push(&mut relay, 0, position).await;
    }
    let status = relay.stop(Duration::from_secs(600)).await;
    let first = vec![1, 2, 3, 4];
    assert_eq!(
        fake.payloads(),
        [
            first.clone(),
            first.clone(),
            first.clone(),
            first,
            vec![5, 6, 7, 8]
        ]
    );
    let times: Vec<u128> = fake.sent().iter().map(|(t, _)| t.as_millis()).collect();
    // 30 ms less up to a quarter, then what the receiver asked for, then twice the last wait chosen here.
    assert!((22..=31).contains(&times[1]), "{times:?}");
    assert!((60_000..=60_002).contains(&(times[2] - times[1])), "{times:?}");
    assert!((90..=121).contains(&(times[3] - times[2])), "{times:?}");
    assert_eq!(
        (status.retried, status.failed_requests, status.requests),
        (12, 3, 2)
    );
    assert_eq!(status.acknowledged, 8);
}

#[tokio::test(start_paused = true)]
async fn counts_what_is_refused_and_goes_on() {
    let answers = [
        Outcome::Refused {
            reason: "bad_request",
            message: "status 400".to_owned(),
        },
        Outcome::DeliveredInPart {
            dropped: 3,
            reason: "partial",
            message: "out of order".to_owned(),
        },
    ];
    let fake = Fake::new(answers);
    let mut relay = Relay::new(config(), fake.clone());
    for position in 1..=12 {
        push(&mut relay, 0, position).await;
    }
    let status = relay.stop(Duration::from_secs(60)).await;
    assert_eq!(status.dropped, [("bad_request", 4), ("partial", 3)]);
    assert_eq!((status.delivered, status.acknowledged), (5, 12));
    let mut seen = Names::default();
    status.report(&mut seen, &[("remote", "a")]);
    assert!(
        seen.0
            .contains(&"periplus_relay_samples_dropped_total remote=a,reason=partial 3".to_owned())
    );
    assert!(
        seen.0
            .contains(&"periplus_relay_samples_delivered_total remote=a 5".to_owned())
    );
}

/// Collects what is said.
#[derive(Default)]
struct Names(Vec<String>);

impl model::Sink for Names {
    fn sample(&mut self, family: &model::Family<'_>, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.0
            .push(format!("{} {} {value}", family.name, labels.join(",")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_lane_makes_the_feeder_wait() {
    let fake = Fake::closed();
    let mut relay = Relay::new(config(), fake.clone());
    for position in 1..=8 {
        push(&mut relay, 0, position).await;
    }
    let ninth = Parcel {
        payload: 9,
        weight: 1,
        position: 9,
    };
    let waited = tokio::time::timeout(Duration::from_secs(600), relay.push(0, ninth.clone())).await;
    assert!(waited.is_err(), "there was room for a ninth");
    assert_eq!(relay.status().pending, 8);
    fake.gate.add_permits(100);
    relay.push(0, ninth).await.unwrap();
    relay.complete(9);
    let status = relay.stop(Duration::from_secs(60)).await;
    assert_eq!((status.delivered, status.acknowledged), (9, 9));
}

#[tokio::test(start_paused = true)]
async fn acknowledges_only_what_is_complete_and_arrived() {
    let fake = Fake::closed();
    let two = RelayConfig {
        min_lanes: 2,
        max_request: 1,
        ..config()
    };
    let mut relay = Relay::new(two, fake.clone());
    push(&mut relay, 0, 1).await;
    push(&mut relay, 1, 2).await;
    let parcel = Parcel {
        payload: 3,
        weight: 1,
        position: 3,
    };
    relay.push(0, parcel).await.unwrap();
    assert_eq!(relay.acknowledged(), 0);
    fake.gate.add_permits(100);
    let deadline = Instant::now() + Duration::from_secs(10);
    while relay.status().delivered < 3 && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        relay.acknowledged(),
        2,
        "3 has arrived, but more of it may follow"
    );
    relay.complete(3);
    assert_eq!(relay.acknowledged(), 3);
}

#[tokio::test(start_paused = true)]
async fn stopping_leaves_what_hangs_unacknowledged() {
    let fake = Fake::closed();
    let mut relay = Relay::new(config(), fake.clone());
    for position in 1..=6 {
        push(&mut relay, 0, position).await;
    }
    let status = relay.stop(Duration::from_secs(1)).await;
    assert_eq!((status.acknowledged, status.delivered), (0, 0));
    assert_eq!(fake.sent(), []);
}

#[tokio::test(start_paused = true)]
async fn more_lanes_under_load_and_each_series_in_order() {
    /// A receiver that takes its time.
    struct Slow(Fake);

    impl Deliver<u64> for Slow {
        type Request = Vec<u64>;

        fn prepare(&self, payloads: Vec<u64>) -> Vec<u64> {
            payloads
        }

        async fn deliver(&self, request: &mut Vec<u64>) -> Outcome {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0.deliver(request).await
        }
    }

    let fake = Fake::new([]);
    let mut relay = Relay::new(config(), Slow(fake.clone()));
    let mut most = 0;
    for position in 1..=400_u64 {
        // Seven series; the payload's last digit in base seven says which.
        let lane = usize::try_from(position % 7).unwrap() % relay.n_lanes();
        let parcel = Parcel {
            payload: position,
            weight: 1,
            position,
        };
        relay.push(lane, parcel).await.unwrap();
        relay.complete(position);
        relay.review(10_000).await;
        most = most.max(relay.n_lanes());
    }
    let status = relay.stop(Duration::from_secs(6_000)).await;
    assert!(most > 1, "the load asked for no more lanes");
    assert_eq!((status.delivered, status.acknowledged), (400, 400));
    for series in 0..7 {
        let of_series: Vec<u64> = fake
            .payloads()
            .concat()
            .into_iter()
            .filter(|p| p % 7 == series)
            .collect();
        assert!(of_series.is_sorted(), "series {series}: {of_series:?}");
    }
}
