//! Leaving out series that a join has no use for changes nothing but how many are read: random joins are evaluated
//! over a store that says which metrics have histograms, and over one that does not and so has all series read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use model::{
    Histogram, Labels, Metadata, NamesRequest, Query, QueryError, SampleBuffer, Selection, SeriesSet,
    TimeRange,
};
use promql::{EvalParams, Options, evaluate, parse};

use crate::memory::{Memory, Stored};

/// A store that counts what is read.
struct Observed<'a> {
    inner: &'a Memory,
    /// Whether it says which metrics have histograms.
    tells: bool,
    read: Arc<AtomicUsize>,
}

struct ObservedSet {
    inner: Box<dyn SeriesSet>,
    read: Arc<AtomicUsize>,
}

impl SeriesSet for ObservedSet {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn labels(&self, idx: usize) -> Labels {
        self.inner.labels(idx)
    }

    fn read(&self, idx: usize, out: &mut SampleBuffer) -> Result<(), QueryError> {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.inner.read(idx, out)
    }
}

impl Query for Observed<'_> {
    fn select(&self, selection: &Selection) -> Result<Box<dyn SeriesSet>, QueryError> {
        let inner = self.inner.select(selection)?;
        let read = Arc::clone(&self.read);
        Ok(Box::new(ObservedSet { inner, read }))
    }

    fn may_have_histograms(&self, metric: &str, range: TimeRange) -> Result<bool, QueryError> {
        Ok(!self.tells || self.inner.may_have_histograms(metric, range)?)
    }

    fn label_names(&self, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        self.inner.label_names(request)
    }

    fn label_values(&self, name: &str, request: &NamesRequest) -> Result<Vec<String>, QueryError> {
        self.inner.label_values(name, request)
    }

    fn metadata(&self, metric: Option<&str>) -> Vec<(String, Metadata)> {
        self.inner.metadata(metric)
    }
}

/// Draws numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }
}

const MINUTE: i64 = 60_000;

/// Metrics with gaps, with series that come and go, with histograms among the floats of one of them.
fn store(dice: &mut Dice) -> Memory {
    let mut store = Memory::default();
    for metric in ["a", "b", "c_total", "mixed", "info"] {
        for (ns, pod) in (0..4).flat_map(|ns| (0..6).map(move |pod| (ns, pod))) {
            if dice.below(5) == 0 {
                continue;
            }
            let (ns, pod) = (format!("n{ns}"), format!("p{pod}"));
            let twice = if dice.below(6) == 0 { 2 } else { 1 };
            for n in 0..twice {
                let extra = format!("e{}", dice.below(3) + n * 3);
                let mut pairs = vec![("__name__", metric), ("pod", &*pod)];
                if dice.below(8) > 0 {
                    pairs.push(("ns", &ns));
                }
                if twice == 2 || dice.below(2) == 0 {
                    pairs.push(("extra", &extra));
                }
                if dice.below(40) == 0 {
                    pairs.push(("__type__", "gauge"));
                }
                add(
                    &mut store,
                    &Labels::from_pairs(pairs).expect("labels form a set"),
                    dice,
                );
            }
        }
    }
    store
}

fn add(store: &mut Memory, labels: &Labels, dice: &mut Dice) {
    let (first, last) = (dice.below(6) as i64, 14 + dice.below(12) as i64);
    for at in first..last {
        if dice.below(12) == 0 {
            continue;
        }
        let value = dice.below(8) as f64;
        let is_histogram = labels.metric_name() == "mixed" && dice.below(5) == 0;
        let histogram = Histogram {
            count: value,
            sum: value,
            ..Histogram::default()
        };
        let sample = Stored {
            value,
            histogram: is_histogram.then_some(histogram),
            start: 0,
        };
        store.add_sample(labels, at * MINUTE, sample);
    }
}

fn selector(dice: &mut Dice) -> String {
    let metric = dice.one_of(&["a", "b", "c_total", "c_total", "info", "mixed"]);
    let matchers = dice.one_of(&[
        "",
        "",
        r#"{ns="n1"}"#,
        r#"{ns=~"n1|n2",pod!="p3"}"#,
        r#"{pod=~"p[12]"}"#,
        r#"{ns=""}"#,
        r#"{extra="e1"}"#,
    ]);
    format!("{metric}{matchers}")
}

fn vector(dice: &mut Dice, depth: usize) -> String {
    if depth > 0 && dice.below(3) == 0 {
        return format!("({})", join(dice, depth - 1));
    }
    let selector = selector(dice);
    let shifted = format!("{selector}{}", dice.one_of(&["", "", "", " offset 2m", " @ 600"]));
    let function = dice.one_of(&["rate", "increase", "avg_over_time", "last_over_time", "changes"]);
    let inner = match dice.below(4) {
        0 | 1 => shifted,
        2 => format!("{function}({selector}[4m])"),
        _ => format!("(2 * rate({selector}[5m]))"),
    };
    match dice.below(8) {
        0 => format!("sum by (ns, pod) ({inner})"),
        1 => format!("max by (ns) ({inner})"),
        2 => format!("count without (extra) ({inner})"),
        3 => format!("topk by (ns, pod) (1, max by (ns, pod) ({inner}))"),
        4 => format!("abs({inner})"),
        5 => format!("({inner} > 2)"),
        _ => inner,
    }
}

fn join(dice: &mut Dice, depth: usize) -> String {
    let (left, right) = (vector(dice, depth), vector(dice, depth));
    let matching = dice.one_of(&[
        "on (ns)",
        "on (ns, pod)",
        "on (ns, pod)",
        "on (pod)",
        "ignoring (extra)",
        "ignoring (pod, extra)",
        "",
        "on ()",
    ]);
    if dice.below(3) == 0 {
        let op = dice.one_of(&["and", "or", "unless"]);
        return format!("{left} {op} {matching} {right}");
    }
    let op = dice.one_of(&["+", "*", "/", "-", ">", "== bool", "<="]);
    let groups = ["", "group_left ()", "group_right ()", "group_left (extra)"];
    let group = if matching.is_empty() {
        ""
    } else {
        dice.one_of(&groups)
    };
    format!("{left} {op} {matching} {group} {right}")
}

#[test]
fn what_joins_leave_out_is_not_missed() {
    let (mut narrowed, mut plain) = (0, 0);
    let mut failed = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let store = store(&mut dice);
        for _ in 0..60 {
            let text = join(&mut dice, 2);
            let expr = parse(&text, &Options::STABLE).unwrap();
            let params = EvalParams::range(8 * MINUTE, 20 * MINUTE, 2 * MINUTE);
            let run = |tells| {
                let read = Arc::new(AtomicUsize::new(0));
                let source = Observed {
                    inner: &store,
                    tells,
                    read: Arc::clone(&read),
                };
                let output = evaluate(&expr, &source, &params, &|| None);
                let output = output.map_err(|error| error.to_string());
                (
                    format!("{output:#?}"),
                    output.is_err(),
                    read.load(Ordering::Relaxed),
                )
            };
            let ((found, _, some), (expected, is_error, all)) = (run(true), run(false));
            assert!(
                found == expected,
                "seed {seed}: {text}\nfound {found}\nexpected {expected}"
            );
            assert!(some <= all, "seed {seed}: {text} reads {some} of {all} series");
            failed += usize::from(is_error);
            (narrowed, plain) = (narrowed + some, plain + all);
        }
    }
    assert!(
        narrowed * 10 < plain * 9,
        "{narrowed} of {plain} series were read"
    );
    assert!(failed > 100, "only {failed} joins failed");
}

#[test]
fn a_join_reads_what_its_small_side_has() {
    let mut store = Memory::default();
    for n in 0..50 {
        let pod = format!("p{n}");
        for (metric, ns) in [("x_total", "n1"), ("info", if n < 3 { "n1" } else { "n2" })] {
            let pairs = [("__name__", metric), ("ns", ns), ("pod", &*pod)];
            let labels = Labels::from_pairs(pairs).unwrap();
            for at in 0..10 {
                store.add(&labels, at * MINUTE, at as f64);
            }
        }
    }
    let read_by = |text: &str| {
        let read = Arc::new(AtomicUsize::new(0));
        let source = Observed {
            inner: &store,
            tells: true,
            read: Arc::clone(&read),
        };
        let expr = parse(text, &Options::STABLE).unwrap();
        evaluate(&expr, &source, &EvalParams::instant(9 * MINUTE), &|| None).unwrap();
        read.load(Ordering::Relaxed)
    };
    let unique = "topk by (ns, pod) (1, max by (ns, pod) (info))";
    let rate = r#"rate(x_total{ns="n1"}[5m])"#;
    for (text, expected) in [
        // The namespace narrows the small side, its pods the large one.
        (format!("{rate} * on (ns, pod) group_left () {unique}"), 3 + 3),
        // A side that may have several series a group is read whole, then narrows by one label after the other.
        (format!("{rate} * on (ns, pod) group_left () info"), 50 + 50),
        (
            format!(r#"{rate} * on (ns, pod) group_left () info{{ns="n1"}}"#),
            3 + 3,
        ),
        (format!("{rate} and on (ns, pod) info"), 3 + 3),
        (format!("{rate} unless on (ns, pod) info"), 50 + 3),
        (format!("{rate} or on (ns, pod) info"), 50 + 50),
        // The sum is of all pods.
        (
            format!("sum by (ns) ({rate}) * on (ns) max by (ns) (info)"),
            50 + 3,
        ),
    ] {
        let found = read_by(&text);
        assert_eq!(found, expected, "{text}");
    }
}
