//! A day of one service, ten thousand series: what usual range queries are asked about.

use super::series::{Corpus, Target};
use super::shape::Shape;

/// Makes `instances` × 100 series: counters by path and code, a histogram, and some gauges of every instance.
pub(crate) fn shop(instances: u32, interval: f64) -> Corpus {
    let mut corpus = Corpus::new(interval);
    for number in 0..instances {
        let labels = vec![
            ("job", "shop".to_owned()),
            ("instance", format!("10.1.{}.{}:8080", number / 250, number % 250)),
            ("region", format!("region-{}", number % 4)),
            ("version", format!("v1.{}", number % 5)),
        ];
        let target = Target {
            number,
            labels,
            life: (0, u32::MAX),
        };
        let mut scrape = corpus.of(&target);
        for path in ["/", "/cart", "/checkout", "/items", "/login", "/search"] {
            for (code, mean) in [
                ("200", 60.0),
                ("302", 3.0),
                ("404", 0.5),
                ("500", 0.1),
                ("503", 0.05),
            ] {
                let own = [("path", path), ("code", code)];
                let shape = Shape::Events { mean, share: 1.0 };
                scrape.add("shop_requests_total", &own, shape);
            }
            for (at, le) in ["0.005", "0.025", "0.1", "0.5", "2.5", "+Inf"].iter().enumerate() {
                let share = (at as f64 + 1.0) / 6.0;
                let shape = Shape::Events { mean: 63.0, share };
                let own = [("path", path), ("le", *le)];
                scrape.add("shop_request_duration_seconds_bucket", &own, shape);
            }
        }
        for queue in 0..16 {
            let queue = format!("queue-{queue}");
            let shape = Shape::Slow {
                max: 500,
                chance: 0.3,
            };
            scrape.add("shop_queue_length", &[("queue", &queue)], shape);
        }
        for worker in 0..16 {
            let worker = worker.to_string();
            let own = [("worker", worker.as_str())];
            scrape.add("shop_worker_busy_seconds_total", &own, scrape.cpu(0.2));
        }
        scrape.add("shop_memory_bytes", &[], Shape::Pages { max: 90_000 });
        scrape.add("shop_cache_hit_ratio", &[], Shape::Ratio { centre: 0.8 });
    }
    corpus
}
