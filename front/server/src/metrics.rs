//! What the server counts of itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use model::{Family, MetricType, Sink};
use parking_lot::Mutex;

/// Upper bounds of the buckets of query durations, in seconds.
const QUERY_BUCKETS: [(f64, &str); 6] = [
    (0.001, "0.001"),
    (0.01, "0.01"),
    (0.1, "0.1"),
    (1.0, "1"),
    (10.0, "10"),
    (60.0, "60"),
];

const REQUESTS: Family<'_> = Family::counter("periplus_http_requests_total", "Requests answered.");
const DURATION_HELP: &str = "Time from the head of a request to the head of its answer.";
const CONNECTIONS: Family<'_> = Family::gauge("periplus_http_connections", "Connections open.");
const ACCEPTED: Family<'_> = Family::counter(
    "periplus_http_connections_accepted_total",
    "Connections accepted.",
);
const HANDSHAKES: Family<'_> = Family::counter(
    "periplus_http_handshake_failures_total",
    "Connections closed because TLS could not be agreed on.",
);
const REFUSED: Family<'_> = Family::counter(
    "periplus_http_refused_total",
    "Requests refused for a foreign host or origin, or for a wrong token.",
);
const STREAMS: Family<'_> = Family::gauge("periplus_http_streams", "Event streams open.");
const QUERIES: Family<'_> = Family::gauge("periplus_query_in_flight", "Queries that run.");
const WAITING: Family<'_> = Family::gauge("periplus_query_waiting", "Queries that wait for a slot.");
const QUERY_HELP: &str = "Time a query ran, without its time in the queue.";
const WRITTEN: Family<'_> = Family::counter(
    "periplus_remote_write_samples_total",
    "Samples received by remote write and OTLP, by fate; histograms are among them.",
);
const WRITTEN_HISTOGRAMS: Family<'_> = Family::counter(
    "periplus_remote_write_histograms_total",
    "Native histograms stored.",
);
const WRITTEN_EXEMPLARS: Family<'_> =
    Family::counter("periplus_remote_write_exemplars_total", "Exemplars stored.");
const WRITE_BYTES: Family<'_> = Family::counter(
    "periplus_remote_write_received_bytes_total",
    "Compressed bytes received by remote write and OTLP.",
);

/// Counters of everything that happens at the surface.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    routes: Mutex<BTreeMap<Box<str>, Route>>,
    queries: Mutex<QueryDurations>,
    pub(crate) connections: Level,
    pub(crate) accepted: AtomicU64,
    pub(crate) handshake_failures: AtomicU64,
    pub(crate) streams: Level,
    pub(crate) running: Level,
    pub(crate) waiting: Level,
    pub(crate) remote_write: RemoteWriteCounters,
}

/// What became of what remote write received.
#[derive(Debug, Default)]
pub(crate) struct RemoteWriteCounters {
    pub(crate) bytes: AtomicU64,
    pub(crate) stored: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) histograms: AtomicU64,
    pub(crate) exemplars: AtomicU64,
}

#[derive(Debug, Default)]
struct Route {
    codes: BTreeMap<u16, u64>,
    seconds: f64,
    count: u64,
}

#[derive(Debug, Default)]
struct QueryDurations {
    buckets: [u64; QUERY_BUCKETS.len()],
    seconds: f64,
    count: u64,
}

/// A number of things that are there now.
#[derive(Debug, Default)]
pub(crate) struct Level(AtomicI64);

/// Counts one thing for as long as it lives.
#[derive(Debug)]
pub(crate) struct Present<'a>(&'a Level);

impl Level {
    /// Counts one more until the guard is dropped.
    pub(crate) fn enter(&self) -> Present<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Present(self)
    }

    /// Returns how many there are.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.0.load(Ordering::Relaxed)).unwrap_or(0)
    }

    fn value(&self) -> f64 {
        self.0.load(Ordering::Relaxed) as f64
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts an answered request. `route` is a pattern of the router, so there is a bounded number of them.
    pub(crate) fn count_request(&self, route: &str, code: u16, took: Duration) {
        let mut routes = self.routes.lock();
        let entry = match routes.get_mut(route) {
            Some(entry) => entry,
            None => routes.entry(route.into()).or_default(),
        };
        *entry.codes.entry(code).or_default() += 1;
        entry.seconds += took.as_secs_f64();
        entry.count += 1;
    }

    /// Counts a query that ended.
    pub(crate) fn count_query(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut queries = self.queries.lock();
        queries.seconds += seconds;
        queries.count += 1;
        let bucket = QUERY_BUCKETS.iter().position(|(bound, _)| seconds <= *bound);
        if let Some(count) = bucket.and_then(|idx| queries.buckets.get_mut(idx)) {
            *count += 1;
        }
    }

    /// Says everything counted.
    pub(crate) fn report(&self, refusals: crate::identity::Refusals, out: &mut dyn Sink) {
        self.report_routes(out);
        self.report_queries(out);
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        out.sample(&CONNECTIONS, &[], self.connections.value());
        out.sample(&ACCEPTED, &[], count(&self.accepted));
        out.sample(&HANDSHAKES, &[], count(&self.handshake_failures));
        out.sample(&REFUSED, &[("reason", "origin")], refusals.origin as f64);
        out.sample(&REFUSED, &[("reason", "token")], refusals.token as f64);
        out.sample(&STREAMS, &[], self.streams.value());
        let written = &self.remote_write;
        for (fate, counter) in [("stored", &written.stored), ("refused", &written.refused)] {
            out.sample(&WRITTEN, &[("fate", fate)], count(counter));
        }
        out.sample(&WRITTEN_HISTOGRAMS, &[], count(&written.histograms));
        out.sample(&WRITTEN_EXEMPLARS, &[], count(&written.exemplars));
        out.sample(&WRITE_BYTES, &[], count(&written.bytes));
    }

    fn report_routes(&self, out: &mut dyn Sink) {
        let part = |name| Family {
            name,
            metric_type: MetricType::Summary,
            help: DURATION_HELP,
        };
        for (route, entry) in self.routes.lock().iter() {
            for (code, count) in &entry.codes {
                let code = code.to_string();
                out.sample(&REQUESTS, &[("handler", route), ("code", &code)], *count as f64);
            }
            let labels = [("handler", &**route)];
            out.sample(
                &part("periplus_http_request_duration_seconds_sum"),
                &labels,
                entry.seconds,
            );
            out.sample(
                &part("periplus_http_request_duration_seconds_count"),
                &labels,
                entry.count as f64,
            );
        }
    }

    fn report_queries(&self, out: &mut dyn Sink) {
        let part = |name| Family {
            name,
            metric_type: MetricType::Histogram,
            help: QUERY_HELP,
        };
        out.sample(&QUERIES, &[], self.running.value());
        out.sample(&WAITING, &[], self.waiting.value());
        let queries = self.queries.lock();
        let bucket = part("periplus_query_duration_seconds_bucket");
        let mut cumulative = 0_u64;
        for ((_, bound), count) in QUERY_BUCKETS.iter().zip(queries.buckets) {
            cumulative += count;
            out.sample(&bucket, &[("le", bound)], cumulative as f64);
        }
        out.sample(&bucket, &[("le", "+Inf")], queries.count as f64);
        out.sample(&part("periplus_query_duration_seconds_sum"), &[], queries.seconds);
        out.sample(
            &part("periplus_query_duration_seconds_count"),
            &[],
            queries.count as f64,
        );
    }
}

/// Returns CPU seconds without the noise that adding a fraction to whole seconds makes.
pub(crate) fn cpu_seconds(usage: &service::Usage) -> f64 {
    usage.cpu.as_nanos() as f64 / 1e9
}

/// Says what the process uses, under the names of the Prometheus client libraries.
pub(crate) fn report_process(usage: &service::Usage, started_at: model::Millis, out: &mut dyn Sink) {
    let cpu = Family::counter("process_cpu_seconds_total", "User and system CPU time spent.");
    out.sample(&cpu, &[], cpu_seconds(usage));
    let gauges = [
        (
            "process_resident_memory_bytes",
            "Resident memory.",
            usage.resident_bytes as f64,
        ),
        (
            "process_virtual_memory_bytes",
            "Address space.",
            usage.virtual_bytes as f64,
        ),
        (
            "process_open_fds",
            "File descriptors in use.",
            usage.open_files as f64,
        ),
        (
            "process_start_time_seconds",
            "Start of the process since the Unix epoch.",
            started_at as f64 / 1000.0,
        ),
        ("process_threads", "Threads of the process.", usage.threads as f64),
    ];
    for (name, help, value) in gauges {
        out.sample(&Family::gauge(name, help), &[], value);
    }
    if let Some(limit) = usage.open_files_limit {
        let family = Family::gauge("process_max_fds", "File descriptors that may be in use.");
        out.sample(&family, &[], limit as f64);
    }
}
