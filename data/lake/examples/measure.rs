//! Measures appending, the size of files and queries with events as clusters have them.
//!
//! `cargo run --profile quick -p lake --example measure -- 1000000`

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lake::events::{EventFilter, Events};
use lake::{Lake, LakeConfig};
use model::{Clock, Event, EventLog as _, EventObject, EventOwner, EventType, Millis, TimeRange};

/// 2026-11-22T12:00:00Z.
const NOON: Millis = 1_795_348_800_000;
const DAY: Millis = 86_400_000;
/// Days over which the events lie.
const DAYS: Millis = 7;
/// Appends under way at once, as from as many watches.
const AT_ONCE: usize = 4;

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Millis {
        NOON
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what this program is for")]
fn say(text: &str) {
    println!("{text}");
}

fn main() -> Result<(), Failure> {
    let n_events: u64 = std::env::args().nth(1).ok_or("say how many events")?.parse()?;
    let folder = tempfile::tempdir_in(std::env::args().nth(2).unwrap_or_else(|| ".".to_owned()))?;
    let config = LakeConfig {
        upkeep_interval: Duration::from_millis(200),
        ..LakeConfig::new(folder.path())
    };
    let lake = Arc::new(Lake::open(config, Arc::new(Noon))?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for batch in [1, 10, 100] {
        let (began, rounds) = (Instant::now(), 50);
        for round in 0..rounds {
            let events = (0..batch)
                .map(|n| event((round * batch + n) * 7919 % n_events, n_events))
                .collect();
            runtime.block_on(Events::new(Arc::clone(&lake)).append(events))?;
        }
        let each = began.elapsed() / u32::try_from(rounds)?;
        say(&format!("durable append of {batch} events: {each:?}"));
    }
    let began = Instant::now();
    runtime.block_on(fill(&lake, n_events))?;
    let took = began.elapsed();
    say(&format!(
        "{n_events} events in {took:?}: {:.0} events/s",
        n_events as f64 / took.as_secs_f64()
    ));
    let began = Instant::now();
    runtime.block_on(lake.flush())?;
    say(&format!("last flush: {:?}", began.elapsed()));
    settle(&lake);
    for status in lake.status() {
        say(&format!(
            "{} files, {} bytes, {:.1} bytes an event, peak memory {} MiB",
            status.n_files,
            status.file_bytes,
            status.file_bytes as f64 / status.file_rows as f64,
            peak_mib()
        ));
    }
    runtime.block_on(ask(&lake))?;
    lake.close();
    let began = Instant::now();
    let reopened = Lake::open(LakeConfig::new(folder.path()), Arc::new(Noon))?;
    say(&format!("open again: {:?}", began.elapsed()));
    reopened.close();
    Ok(())
}

async fn fill(lake: &Arc<Lake>, n_events: u64) -> Result<(), Failure> {
    let mut appends = tokio::task::JoinSet::new();
    for from in (0..n_events).step_by(500) {
        while appends.len() >= AT_ONCE {
            appends.join_next().await.ok_or("an append")???;
        }
        let log = Events::new(Arc::clone(lake));
        appends.spawn(async move {
            let events: Vec<Event> = (from..n_events.min(from + 500))
                .map(|n| event(n, n_events))
                .collect();
            // Where files cannot keep up, the sender waits as a watch would.
            while let Err(error) = log.append(events.clone()).await {
                if !error.retryable() {
                    return Err(error);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Ok(())
        });
    }
    while let Some(done) = appends.join_next().await {
        done??;
    }
    Ok(())
}

/// Waits until no more files are merged.
fn settle(lake: &Lake) {
    let mut quiet = Instant::now();
    let mut n_files = 0;
    while quiet.elapsed() < Duration::from_secs(3) {
        let now = lake.status().iter().map(|status| status.n_files).sum();
        if now != n_files {
            (n_files, quiet) = (now, Instant::now());
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

async fn ask(lake: &Lake) -> Result<(), Failure> {
    let hour = TimeRange {
        start: NOON - 3_600_000,
        end: NOON,
    };
    let all = EventFilter::default;
    let filters = [
        ("newest 100", all()),
        (
            "newest 100 warnings",
            EventFilter {
                event_type: Some(EventType::Warning),
                ..all()
            },
        ),
        ("one hour, 100", EventFilter { range: hour, ..all() }),
        (
            "one object",
            EventFilter {
                object: Some("app-123-7c9f-04242".to_owned()),
                ..all()
            },
        ),
        (
            "one object's UID",
            EventFilter {
                object_uid: Some(uid(4242, 1)),
                ..all()
            },
        ),
        (
            "one owner",
            EventFilter {
                owner: Some("app-77".to_owned()),
                ..all()
            },
        ),
        (
            "one node",
            EventFilter {
                node: Some("node-0017".to_owned()),
                ..all()
            },
        ),
        (
            "text, frequent",
            EventFilter {
                text: Some("back-off".to_owned()),
                ..all()
            },
        ),
        (
            "text, absent",
            EventFilter {
                text: Some("no such words".to_owned()),
                ..all()
            },
        ),
    ];
    for (name, filter) in filters {
        let mut times = Vec::new();
        let mut found = 0;
        for _ in 0..5 {
            let began = Instant::now();
            found = lake.events(&filter).await?.events.len();
            times.push(began.elapsed());
        }
        times.sort();
        say(&format!("{name}: {:?} (median of 5), {found} found", times[2]));
    }
    for query in [
        "SELECT reason, sum(delta) FROM events GROUP BY reason ORDER BY 2 DESC",
        "SELECT date_trunc('hour', time) AS hour, count(*) FROM events WHERE type = 'Warning' GROUP BY hour ORDER BY hour",
    ] {
        let began = Instant::now();
        let rows = lake.sql(query).await?.rows();
        say(&format!("{query}: {:?}, {rows} rows", began.elapsed()));
    }
    let began = Instant::now();
    let seen = lake.last_seen("prod-1", NOON - 3_600_000).await?.len();
    say(&format!(
        "last seen of an hour: {:?}, {seen} events",
        began.elapsed()
    ));
    Ok(())
}

fn uid(n: u64, salt: u64) -> String {
    let mixed = (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)
        ^ salt.wrapping_mul(0xD134_2543_DE82_EF95);
    let more = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        mixed >> 32,
        mixed & 0xffff,
        more >> 52,
        more & 0xfff,
        more >> 16 & 0xffff_ffff_ffff
    )
}

/// Events of three clusters with 300 workloads: probes that fail, images pulled, pods scheduled, back-offs.
fn event(n: u64, n_events: u64) -> Event {
    let place = i64::try_from(n * 1000 / n_events.max(1)).unwrap_or(0);
    let time = NOON - DAYS * DAY + DAYS * DAY * place / 1000 + i64::try_from(n % 600_000).unwrap_or(0);
    let time = time.min(NOON);
    let (app, pod, node) = (n * 31 % 300, n / 11 % 20_000, n * 17 % 200);
    let object = format!("app-{app}-7c9f-{pod:05}");
    let (reason, event_type, component, message) = match n % 10 {
        0..4 => (
            "Unhealthy",
            EventType::Warning,
            "kubelet",
            format!(
                "Readiness probe failed: Get \"http://10.42.{}.{}:8080/healthz\": context deadline exceeded",
                node,
                pod % 256
            ),
        ),
        4 | 5 => (
            "BackOff",
            EventType::Warning,
            "kubelet",
            format!(
                "Back-off restarting failed container app in pod {object}_ns-{}({})",
                app % 40,
                uid(pod, 1)
            ),
        ),
        6 => (
            "Pulled",
            EventType::Normal,
            "kubelet",
            format!(
                "Successfully pulled image \"registry.example/app-{app}:1.{}\" in {}ms",
                n % 90,
                200 + n % 5000
            ),
        ),
        7 => (
            "Scheduled",
            EventType::Normal,
            "default-scheduler",
            format!("Successfully assigned ns-{}/{object} to node-{node:04}", app % 40),
        ),
        8 => (
            "Started",
            EventType::Normal,
            "kubelet",
            "Started container app".to_owned(),
        ),
        _ => (
            "FailedScheduling",
            EventType::Warning,
            "default-scheduler",
            format!("0/{} nodes are available: {} Insufficient cpu.", 200, n % 200),
        ),
    };
    Event {
        cluster: format!("prod-{}", n % 3),
        namespace: format!("ns-{}", app % 40),
        name: format!("{object}.{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        uid: uid(n / 4, 0),
        resource_version: (50_000_000 + n * 3).to_string(),
        object: EventObject {
            api_version: "v1".to_owned(),
            kind: "Pod".to_owned(),
            namespace: format!("ns-{}", app % 40),
            name: object,
            uid: uid(pod, 1),
            field_path: if n % 10 < 6 {
                "spec.containers{app}".to_owned()
            } else {
                String::new()
            },
        },
        owner: Some(EventOwner {
            kind: "Deployment".to_owned(),
            name: format!("app-{app}"),
        }),
        node: format!("node-{node:04}"),
        reason: reason.to_owned(),
        event_type,
        message,
        reporting_component: component.to_owned(),
        reporting_instance: format!("node-{node:04}"),
        first_time: time - i64::try_from(n % 4).unwrap_or(0) * 60_000,
        last_time: time,
        observed_time: time + 40,
        count: n % 4 + 1,
        delta: 1,
        ..Event::default()
    }
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
