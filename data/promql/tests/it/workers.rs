//! Evaluation on lent threads: the same to the last bit, and stopped like any other.

use std::sync::atomic::{AtomicUsize, Ordering};

use model::Labels;
use promql::{Alone, Caller, EvalError, EvalParams, Interrupt, Job, Options, Workers, evaluate_with, parse};

use crate::memory::Memory;

/// Threads made for each wave.
struct Threads {
    width: usize,
    jobs: AtomicUsize,
}

impl Workers for Threads {
    fn width(&self) -> usize {
        self.width
    }

    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut()) {
        self.jobs.fetch_add(jobs.len(), Ordering::Relaxed);
        std::thread::scope(|scope| {
            for job in jobs {
                std::thread::Builder::new()
                    .name("worker".to_owned())
                    .spawn_scoped(scope, job)
                    .expect("a thread starts");
            }
            own();
        });
    }
}

/// Workers that never come to it.
struct Gone;

impl Workers for Gone {
    fn width(&self) -> usize {
        4
    }

    fn run(&self, jobs: Vec<Job<'_>>, own: &mut dyn FnMut()) {
        own();
        drop(jobs);
    }
}

fn store() -> Memory {
    let mut store = Memory::default();
    for n in 0..500 {
        let (path, shard) = (n.to_string(), (n % 7).to_string());
        let pairs = [
            ("__name__", "x_total"),
            ("path", path.as_str()),
            ("shard", shard.as_str()),
        ];
        let labels = Labels::from_pairs(pairs).expect("labels form a set");
        let mut total = 0.1 * f64::from(n);
        for i in 0..40 {
            total += 1.0 / f64::from(1 + (i * 31 + n) % 17);
            store.add(&labels, i64::from(i) * 15_000, total);
        }
    }
    store
}

const QUERIES: &[&str] = &[
    "sum(rate(x_total[5m]))",
    "avg by (shard) (x_total)",
    "stddev(increase(x_total[2m]))",
    "topk(3, x_total)",
    "quantile_over_time(1.5, x_total[3m])",
    "histogram_quantile(0.9, x_total)",
    "timestamp(x_total)",
    "max_over_time(rate(x_total[1m])[5m:30s])",
];

#[test]
fn results_do_not_depend_on_the_number_of_workers() {
    let store = store();
    let params = EvalParams::range(0, 600_000, 30_000);
    for text in QUERIES {
        let expr = parse(text, &Options::EXPERIMENTAL).expect("the text is an expression");
        let run = |workers: &dyn Workers| {
            let caller = Caller {
                interrupt: &|| None,
                workers,
            };
            evaluate_with(&expr, &store, &params, &caller).expect("the query has a value")
        };
        let alone = format!("{:?}", run(&Alone));
        for width in [2, 3, 16] {
            let threads = Threads {
                width,
                jobs: AtomicUsize::new(0),
            };
            assert_eq!(alone, format!("{:?}", run(&threads)), "{text} on {width}");
            assert!(threads.jobs.load(Ordering::Relaxed) > 0, "{text} is spread");
        }
    }
}

#[test]
fn an_interrupt_ends_all_workers() {
    let expr = parse("sum(rate(x_total[5m]))", &Options::STABLE).expect("the text is an expression");
    let threads = Threads {
        width: 4,
        jobs: AtomicUsize::new(0),
    };
    let asked = AtomicUsize::new(0);
    let caller = Caller {
        interrupt: &|| (asked.fetch_add(1, Ordering::Relaxed) > 5).then_some(Interrupt::TimedOut),
        workers: &threads,
    };
    let result = evaluate_with(&expr, &store(), &EvalParams::instant(600_000), &caller);
    assert!(matches!(result, Err(EvalError::Timeout)), "{result:?}");
    let caller = Caller {
        interrupt: &|| None,
        workers: &Gone,
    };
    let result = evaluate_with(&expr, &store(), &EvalParams::instant(600_000), &caller);
    assert!(matches!(result, Err(EvalError::Cancelled)), "{result:?}");
}
