mod fakes;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use host::{CollectError, Collector, Problems, Root};
use model::{Family, STALE_BITS};

use super::*;
use crate::delivery::MAX_WAITING;
use crate::status::{CollectorState, CollectorStatus};
use fakes::{FakeIngest, ManualClock, Patience};

const START: Millis = 1_000_000;
const GAUGE: Family<'_> = Family::gauge("value", "A value.");

/// A collector made of a function that is told the number of the collection, from 0.
struct Scripted<F>(u64, F);

impl<F: FnMut(u64, &mut dyn Sink) -> Result<(), CollectError> + Send> Collector for Scripted<F> {
    fn collect(&mut self, _: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let n = self.0;
        self.0 += 1;
        (self.1)(n, out)
    }
}

fn source(
    name: &'static str,
    script: impl FnMut(u64, &mut dyn Sink) -> Result<(), CollectError> + Send + 'static,
) -> Source {
    Source {
        name,
        job: "test",
        source: "a test",
        every: 1,
        series_cap: 10,
        make: None,
        collector: Some(Box::new(Scripted(0, script))),
    }
}

/// A collector that hands over one series that tells it apart.
fn steady(name: &'static str) -> Source {
    source(name, move |n, out| {
        out.sample(&GAUGE, &[("from", name)], n as f64);
        Ok(())
    })
}

/// A collector that returns when it is released, once a release.
fn hanging(name: &'static str) -> (Source, SyncSender<()>) {
    let (release, released): (SyncSender<()>, Receiver<()>) = sync_channel(8);
    let source = source(name, move |n, out| {
        out.sample(&GAUGE, &[("from", name)], n as f64);
        released.recv().ok();
        Ok(())
    });
    (source, release)
}

/// An agent under test with what it is given.
struct Bench {
    agent: Agent,
    clock: Arc<ManualClock>,
    ingest: Arc<FakeIngest>,
}

struct Limits {
    patience: Duration,
    timeout: Duration,
}

const RELAXED: Limits = Limits {
    patience: Duration::from_secs(20),
    timeout: Duration::from_secs(60),
};
const HASTY: Limits = Limits {
    patience: Duration::from_millis(150),
    timeout: Duration::from_secs(60),
};
const STRICT: Limits = Limits {
    patience: Duration::from_millis(150),
    timeout: Duration::from_millis(400),
};

impl Bench {
    fn new(limits: Limits, sources: Vec<Source>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let ingest = Arc::new(FakeIngest::default());
        let config = AgentConfig {
            root: Root::at("/nonexistent"),
            instance: "here".to_owned(),
            interval: Duration::from_secs(10),
            patience: limits.patience,
            timeout: limits.timeout,
            selection: crate::Selection::default(),
            extra_labels: Vec::new(),
        };
        let agent = Agent::launch(config, sources, ingest.clone(), clock.clone()).unwrap();
        let bench = Self { agent, clock, ingest };
        bench.wait_tick(START);
        bench
    }

    fn wait_tick(&self, tick: Millis) {
        Patience::new().until("tick", || *self.agent.ticks().borrow() == tick);
    }

    /// Moves the clock and waits for the tick that falls due.
    fn tick(&self, tick: Millis) {
        self.clock.set(tick);
        let mut patience = Patience::new();
        patience.until("tick", || {
            self.agent.look_at_clock();
            *self.agent.ticks().borrow() == tick
        });
    }

    fn wait_status(&self, name: &str, condition: impl Fn(&CollectorStatus) -> bool) -> CollectorStatus {
        let mut found = None;
        Patience::new().until("status", || {
            self.agent.look_at_clock();
            let status = self
                .agent
                .status()
                .collectors
                .into_iter()
                .find(|c| c.name == name)
                .unwrap();
            let holds = condition(&status);
            found = Some(status);
            holds
        });
        found.unwrap()
    }

    fn state(&self, name: &str) -> CollectorState {
        self.wait_status(name, |_| true).state
    }

    /// Returns `(time, value as bits)` of the series of one of the collectors above.
    fn values(&self, from: &str) -> Vec<(Millis, u64)> {
        self.ingest
            .samples(&format!(r#"value{{from="{from}", instance="here", job="test"}}"#))
    }

    /// Waits until a series has so many samples: on a machine under load any collector may be late.
    fn wait_values(&self, from: &str, n: usize) {
        Patience::new().until("samples", || {
            self.agent.look_at_clock();
            self.values(from).len() == n
        });
    }

    fn stop(self) {
        self.agent.stop(Duration::from_secs(20));
    }
}

fn bits(value: f64) -> u64 {
    value.to_bits()
}

#[test]
fn a_tick_is_one_batch_with_one_timestamp() {
    let bench = Bench::new(RELAXED, vec![steady("a"), steady("b")]);
    bench.tick(START + 1000);
    bench.tick(START + 10_000);
    assert_eq!(
        bench.values("a"),
        [
            (START, bits(0.0)),
            (START + 1000, bits(1.0)),
            (START + 10_000, bits(2.0))
        ]
    );
    assert_eq!(bench.ingest.batches().len(), 3);
    for (batch, tick) in bench
        .ingest
        .batches()
        .iter()
        .zip([START, START + 1000, START + 10_000])
    {
        assert!(batch.iter().all(|sample| sample.timestamp == tick));
    }
    for series in [
        r#"up{instance="here", job="test"}"#,
        r#"node_scrape_collector_success{collector="a", instance="here", job="node-exporter"}"#,
    ] {
        assert_eq!(bench.ingest.samples(series).len(), 3, "{series}");
        assert!(
            bench
                .ingest
                .samples(series)
                .iter()
                .all(|(_, value)| *value == bits(1.0))
        );
    }
    assert_eq!(bench.ingest.described("value"), 2, "once a collector");
    let status = bench.agent.status();
    assert_eq!((status.ticks, status.last_tick), (3, Some(START + 10_000)));
    let a = &status.collectors[0];
    assert_eq!((a.runs, a.series, a.last_success), (3, 1, Some(START + 10_000)));
    bench.stop();
}

#[test]
fn a_series_that_is_gone_gets_the_marker() {
    let source = source("a", |n, out| {
        out.sample(&GAUGE, &[("from", "kept")], 1.0);
        if n == 0 {
            out.sample(&GAUGE, &[("from", "gone")], 1.0);
        }
        Ok(())
    });
    let bench = Bench::new(RELAXED, vec![source]);
    bench.tick(START + 1000);
    bench.tick(START + 10_000);
    assert_eq!(
        bench.values("gone"),
        [(START, bits(1.0)), (START + 1000, STALE_BITS)]
    );
    assert_eq!(bench.values("kept").len(), 3);
    bench.stop();
}

#[test]
fn a_failed_collection_ends_what_it_does_not_have() {
    let source = source("a", |n, out| {
        out.sample(&GAUGE, &[("from", "first")], 1.0);
        if n == 1 {
            let mut problems = Problems::default();
            problems.add("half of it is gone");
            problems.into_result()?;
        }
        out.sample(&GAUGE, &[("from", "second")], 1.0);
        Ok(())
    });
    let bench = Bench::new(RELAXED, vec![source]);
    bench.tick(START + 1000);
    let status = bench.wait_status("a", |_| true);
    assert_eq!((status.state, status.errors), (CollectorState::Failing, 1));
    assert_eq!(status.message, "half of it is gone");
    bench.tick(START + 10_000);
    assert_eq!(bench.state("a"), CollectorState::Ok);
    assert_eq!(
        bench.values("second"),
        [
            (START, bits(1.0)),
            (START + 1000, STALE_BITS),
            (START + 10_000, bits(1.0))
        ]
    );
    assert_eq!(bench.values("first").len(), 3);
    bench.stop();
}

#[test]
fn a_late_collector_delays_nobody_and_its_samples_follow() {
    let (late, release) = hanging("late");
    let bench = Bench::new(HASTY, vec![steady("a"), late, steady("b")]);
    bench.wait_values("a", 1);
    bench.wait_values("b", 1);
    bench.tick(START + 1000);
    bench.wait_values("a", 2);
    bench.wait_values("b", 2);
    assert!(bench.values("late").is_empty());
    assert_eq!(
        bench.wait_status("late", |_| true).runs,
        1,
        "not again before it returns"
    );
    release.send(()).unwrap();
    bench.wait_status("late", |status| status.state == CollectorState::Ok);
    assert_eq!(bench.values("late"), [(START, bits(0.0))]);
    release.send(()).unwrap();
    bench.tick(START + 10_000);
    bench.wait_status("late", |status| status.last_success == Some(START + 10_000));
    assert_eq!(
        bench.values("late"),
        [(START, bits(0.0)), (START + 10_000, bits(1.0))]
    );
    bench.stop();
}

#[test]
fn a_collector_that_times_out_ends_its_series_and_comes_back() {
    let (late, release) = hanging("late");
    release.send(()).unwrap();
    let bench = Bench::new(STRICT, vec![late, steady("a")]);
    bench.wait_status("late", |status| status.state == CollectorState::Ok);
    bench.tick(START + 1000);
    let status = bench.wait_status("late", |status| status.state == CollectorState::TimedOut);
    assert_eq!((status.timeouts, status.series), (1, 0));
    assert!(status.hint.is_some());
    assert_eq!(
        bench.values("late"),
        [(START, bits(0.0)), (START + 1000, STALE_BITS)]
    );
    release.send(()).unwrap();
    bench.wait_status("late", |status| status.message.contains("samples were dropped"));
    // In time again.
    release.send(()).unwrap();
    bench.tick(START + 10_000);
    bench.wait_status("late", |status| status.last_run == Some(START + 10_000));
    bench.wait_status("late", |status| status.state == CollectorState::Ok);
    assert_eq!(bench.values("late").last(), Some(&(START + 10_000, bits(2.0))));
    assert!(bench.values("a").len() > 1);
    bench.stop();
}

#[test]
fn several_hang_and_the_threads_are_bounded() {
    let (sources, releases): (Vec<Source>, Vec<SyncSender<()>>) =
        ["x", "y", "z"].map(hanging).into_iter().unzip();
    let bench = Bench::new(HASTY, sources.into_iter().chain([steady("a")]).collect());
    for (n, tick) in (1..).zip([START, START + 1000, START + 10_000]) {
        bench.tick(tick);
        bench.wait_values("a", n);
    }
    assert!(bench.agent.shared.pool.lock().alive <= 3 + 2);
    for release in &releases {
        release.send(()).unwrap();
    }
    for name in ["x", "y", "z"] {
        bench.wait_status(name, |status| status.state == CollectorState::Ok);
    }
    Patience::new().until("threads", || bench.agent.shared.pool.lock().alive <= 2);
    bench.stop();
}

#[test]
fn a_panic_is_caught_and_the_collector_made_anew() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    fn make() -> Box<dyn Collector> {
        let generation = MADE.fetch_add(1, Ordering::SeqCst);
        Box::new(Scripted(0, move |n, out: &mut dyn Sink| {
            out.sample(&GAUGE, &[("from", "a")], generation as f64);
            assert!(n == 0 || generation > 0, "broken on purpose");
            Ok(())
        }))
    }
    let source = Source {
        make: Some(make),
        collector: Some(make()),
        ..steady("a")
    };
    let bench = Bench::new(RELAXED, vec![source, steady("b")]);
    bench.tick(START + 1000);
    let status = bench.wait_status("a", |_| true);
    assert_eq!((status.state, status.errors), (CollectorState::Failing, 1));
    assert_eq!(status.message, "panicked: broken on purpose");
    bench.tick(START + 10_000);
    assert_eq!(bench.state("a"), CollectorState::Ok);
    assert_eq!(
        bench.values("a"),
        [
            (START, bits(0.0)),
            (START + 1000, STALE_BITS),
            (START + 10_000, bits(1.0))
        ]
    );
    assert_eq!(bench.values("b").len(), 3);
    bench.stop();
}

#[test]
fn the_cap_holds_and_is_told() {
    let source = source("a", |_, out| {
        for i in 0..25 {
            out.sample(&GAUGE, &[("from", &i.to_string())], 1.0);
        }
        Ok(())
    });
    let bench = Bench::new(RELAXED, vec![source]);
    let status = bench.wait_status("a", |_| true);
    assert_eq!((status.series, status.series_dropped), (10, 15));
    assert_eq!(status.message, "dropped 15 series over the cap of 10");
    assert_eq!(status.state, CollectorState::Ok);
    bench.stop();
}

#[test]
fn what_is_not_there_is_looked_for_every_minute() {
    let source = source("a", |n, out| match n {
        0 => Err(CollectError::Absent {
            what: "/dev/x".to_owned(),
        }),
        1 => Err(CollectError::Denied {
            what: "/dev/x".to_owned(),
            hint: "run as root",
        }),
        _ => {
            out.sample(&GAUGE, &[("from", "a")], 1.0);
            Ok(())
        }
    });
    let bench = Bench::new(RELAXED, vec![source]);
    let status = bench.wait_status("a", |_| true);
    assert_eq!((status.state, status.errors), (CollectorState::Unavailable, 0));
    assert_eq!(status.message, "/dev/x is not there");
    bench.tick(START + 1000);
    bench.tick(START + 10_000);
    assert_eq!(bench.wait_status("a", |_| true).runs, 1);
    bench.tick(START + 60_000);
    let status = bench.wait_status("a", |_| true);
    assert_eq!((status.runs, status.hint), (2, Some("run as root")));
    assert_eq!(status.state, CollectorState::Unavailable);
    assert!(
        bench
            .ingest
            .samples(r#"up{instance="here", job="test"}"#)
            .is_empty()
    );
    bench.tick(START + 120_000);
    assert_eq!(bench.state("a"), CollectorState::Ok);
    assert_eq!(bench.values("a"), [(START + 120_000, bits(1.0))]);
    bench.stop();
}

#[test]
fn some_run_more_seldom_and_some_never() {
    let seldom = Source {
        every: 3,
        ..steady("seldom")
    };
    let never = Source {
        collector: None,
        ..steady("never")
    };
    let bench = Bench::new(RELAXED, vec![seldom, never, steady("a")]);
    bench.tick(START + 1000);
    for n in 1..=6 {
        bench.tick(START + 10_000 * n);
    }
    assert_eq!(bench.values("a").len(), 8);
    // On both first ticks, then on ticks 3 and 6.
    assert_eq!(bench.values("seldom").len(), 4);
    assert!(
        bench
            .values("seldom")
            .iter()
            .all(|(_, value)| *value != STALE_BITS)
    );
    assert_eq!(bench.state("never"), CollectorState::Disabled);
    assert_eq!(
        bench.wait_status("seldom", |_| true).interval,
        Duration::from_secs(30)
    );
    bench.stop();
}

#[test]
fn refused_batches_are_kept_within_a_bound_and_offered_again() {
    let bench = Bench::new(RELAXED, vec![steady("a")]);
    bench.ingest.refuse("disk full");
    bench.tick(START + 1000);
    let status = bench.agent.status().ingest;
    assert_eq!(status.error, "store does not accept samples: disk full");
    assert_eq!(status.waiting_batches, 1);
    let refused = MAX_WAITING as i64 + 2;
    for n in 1..refused {
        bench.tick(START + 10_000 * n);
    }
    let status = bench.agent.status().ingest;
    assert_eq!(status.waiting_batches, MAX_WAITING);
    assert!(status.dropped_samples > 0);
    bench.ingest.accept();
    bench.tick(START + 10_000 * refused);
    let status = bench.agent.status().ingest;
    assert_eq!((status.waiting_batches, status.error.as_str()), (0, ""));
    // The first, and of those refused the latest, in order; the two oldest are lost.
    let times: Vec<Millis> = bench.values("a").iter().map(|(time, _)| *time).collect();
    let expected = (2..=refused).map(|n| START + 10_000 * n);
    assert_eq!(times, [START].into_iter().chain(expected).collect::<Vec<_>>());
    assert!(bench.ingest.described("value") >= 2, "described again");
    bench.stop();
}

#[test]
fn rejected_samples_are_counted_and_named() {
    let bench = Bench::new(RELAXED, vec![steady("a")]);
    bench.ingest.reject_next();
    bench.tick(START + 1000);
    let status = bench.agent.status().ingest;
    assert_eq!(status.rejected, 1);
    assert!(
        status
            .last_rejection
            .starts_with("{a=\"b\"}: series limit of 7 reached"),
        "{}",
        status.last_rejection
    );
    bench.stop();
}

#[test]
fn a_stop_does_not_wait_longer_than_its_deadline() {
    let (late, release) = hanging("late");
    let bench = Bench::new(HASTY, vec![late, steady("a")]);
    let ticks = bench.agent.ticks();
    let started = Instant::now();
    bench.agent.stop(Duration::from_millis(50));
    assert!(started.elapsed() < Duration::from_secs(10));
    Patience::new().until("the schedule's end", || ticks.has_changed().is_err());
    drop(release);
}

#[test]
fn the_agent_reports_itself() {
    #[derive(Default)]
    struct Names(Vec<String>);
    impl Sink for Names {
        fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], _: f64) {
            assert!(!family.help.is_empty());
            self.0.push(format!("{}{labels:?}", family.name));
        }
    }
    let bench = Bench::new(RELAXED, vec![steady("a")]);
    let mut names = Names::default();
    bench.agent.report(&mut names);
    assert_eq!(names.0.len(), 8 + 7);
    assert!(names.0.iter().all(|name| name.starts_with("periplus_agent_")));
    bench.stop();
}

#[test]
fn the_whole_table_runs_on_a_tree_without_anything() {
    let empty = tempfile::tempdir().unwrap();
    let ingest = Arc::new(FakeIngest::default());
    let clock = Arc::new(ManualClock::at(START));
    let config = AgentConfig {
        root: Root::at(empty.path()),
        instance: "here".to_owned(),
        interval: Duration::from_secs(10),
        patience: Duration::from_secs(20),
        timeout: Duration::from_secs(60),
        selection: crate::Selection::default(),
        extra_labels: vec![("zone".to_owned(), "a".to_owned())],
    };
    let agent = Agent::start(config, Vec::new(), ingest.clone(), clock).unwrap();
    Patience::new().until("tick", || *agent.ticks().borrow() == START);
    for collector in agent.status().collectors {
        assert!(
            !collector.message.contains("panicked"),
            "{}: {}",
            collector.name,
            collector.message
        );
        assert_ne!(collector.state, CollectorState::Starting, "{}", collector.name);
    }
    assert!(
        ingest
            .batches()
            .iter()
            .flatten()
            .all(|sample| sample.labels.contains("zone=\"a\""))
    );
    agent.stop(Duration::from_secs(20));
}
