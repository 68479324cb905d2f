//! Measures how fast pages are read: `cargo run --release -p wire --example parse -- PAGE [openmetrics]`.
//! Without a page a large one is made. Each figure is the best of several passes, without and with the labels.
#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

use std::time::Instant;

use model::LabelsBuilder;
use wire::{Entry, ExpositionFormat, ExpositionParser, NativeHistograms};

const PASSES: usize = 50;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let page = arguments
        .next()
        .map_or_else(made, |path| std::fs::read(path).unwrap_or_default());
    let format = match arguments.next() {
        Some(_) => ExpositionFormat::OpenMetrics,
        None => ExpositionFormat::Text,
    };
    for (what, labels) in [("series known", Labels::Skipped), ("series new", Labels::Read)] {
        let (samples, best) = (0..PASSES)
            .map(|_| pass(&page, format, labels))
            .fold((0, f64::MAX), |best, one| (one.0, best.1.min(one.1)));
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let (n, bytes) = (samples as f64, page.len() as f64);
        println!(
            "{what}: {samples} samples, {:.1} ns/sample, {:.0} MB/s",
            best * 1e9 / n,
            bytes / best / 1e6
        );
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Labels {
    Skipped,
    Read,
}

fn pass(page: &[u8], format: ExpositionFormat, labels: Labels) -> (usize, f64) {
    let begin = Instant::now();
    let mut samples = 0;
    let mut builder = LabelsBuilder::default();
    let Ok(mut parser) = ExpositionParser::new(page, format, NativeHistograms::Ignored) else {
        return (0, 0.0);
    };
    while let Ok(Some(entry)) = parser.next_entry() {
        if let Entry::Sample(sample) = entry {
            samples += 1;
            if labels == Labels::Read && sample.labels(&mut builder).is_err() {
                break;
            }
            std::hint::black_box(&sample.value);
        }
    }
    (samples, begin.elapsed().as_secs_f64())
}

/// A page of 200,000 series with six labels each.
fn made() -> Vec<u8> {
    let mut page = String::from("# TYPE http_requests_total counter\n");
    for i in 0..200_000 {
        page.push_str(&format!(
            "http_requests_total{{method=\"get\",handler=\"/api/v1/items/{}\",code=\"200\",pod=\"web-7f9c-{}\",zone=\"eu-1\",tenant=\"t{}\"}} {}\n",
            i % 100,
            i % 1000,
            i % 7,
            i * 37
        ));
    }
    page.into_bytes()
}
