use std::path::Path;

use model::is_stale;

use super::*;
use crate::config::Config;

/// A target whose pages are given one after another.
struct Scraped {
    job: Arc<Job>,
    labels: Labels,
    memory: TargetMemory,
    metadata: MetadataCache,
    at: Millis,
    format: ExpositionFormat,
    last: Option<PageError>,
    counts: Counts,
}

impl Scraped {
    fn new(keys: &str) -> Self {
        let text = format!("scrape_configs:\n- job_name: j\n{keys}");
        let config = Config::parse(&text, Path::new("/")).unwrap();
        Self {
            job: Arc::clone(&config.jobs[0]),
            labels: Labels::from_pairs([("instance", "i"), ("job", "j")]).unwrap(),
            memory: TargetMemory::default(),
            metadata: MetadataCache::default(),
            at: 0,
            format: ExpositionFormat::Text,
            last: None,
            counts: Counts::default(),
        }
    }

    /// Takes a page and writes what the batch holds, one sample a line, in order.
    fn page(&mut self, body: &str) -> String {
        self.at += 1000;
        let mut batch = Batch::default();
        let page = Page {
            job: &self.job,
            labels: &self.labels,
            body: body.as_bytes(),
            format: self.format,
            at: self.at,
            now: self.at,
        };
        let (counts, result) = append(&page, &mut self.memory, &self.metadata, &mut batch);
        self.counts = counts;
        self.last = result.err();
        shown(&batch, self.at)
    }

    fn down(&mut self) -> String {
        self.at += 1000;
        let mut batch = Batch::default();
        self.memory.end_all(self.at, &mut batch);
        shown(&batch, self.at)
    }

    fn error(&self) -> String {
        self.last
            .as_ref()
            .map(|error| model::with_causes(error))
            .unwrap_or_default()
    }
}

fn shown(batch: &Batch, at: Millis) -> String {
    let mut lines = Vec::new();
    for (i, row) in batch.rows().iter().enumerate() {
        let labels = batch.labels(row).to_labels();
        let idx = u32::try_from(i).unwrap();
        let histogram = batch.histograms().iter().find(|(row, _)| *row == idx);
        let value = match histogram {
            Some((_, h)) => format!(
                "{:?} {:?} count={} sum={}",
                h.custom_values, h.positive.counts, h.count, h.sum
            ),
            None if is_stale(row.value) => "stale".to_owned(),
            None => row.value.to_string(),
        };
        let time = if row.timestamp == at {
            String::new()
        } else {
            format!(" @{}", row.timestamp)
        };
        let start = batch.starts().iter().find(|(row, _)| *row == idx);
        let start = start.map_or(String::new(), |(_, start)| format!(" since {start}"));
        lines.push(format!("{labels} {value}{time}{start}"));
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn series_end_when_they_vanish_or_the_target_does() {
    let mut target = Scraped::new("");
    assert_eq!(
        target.page("a 1\nb 2\n"),
        "a{instance=\"i\", job=\"j\"} 1\nb{instance=\"i\", job=\"j\"} 2"
    );
    assert_eq!(target.counts.added, 2);
    assert_eq!(
        target.page("a 1\n"),
        "a{instance=\"i\", job=\"j\"} 1\nb{instance=\"i\", job=\"j\"} stale"
    );
    assert_eq!(target.counts.added, 0);
    assert_eq!(target.down(), "a{instance=\"i\", job=\"j\"} stale");
    assert_eq!(target.down(), "", "a series ends once");
    assert_eq!(
        target.page("a 1\nb 3\n"),
        "a{instance=\"i\", job=\"j\"} 1\nb{instance=\"i\", job=\"j\"} 3"
    );
    assert_eq!(target.counts.added, 1, "b was forgotten, a only ended");
}

#[test]
fn a_page_counts_as_a_whole() {
    let mut target = Scraped::new("");
    target.page("a 1\nb 1\n");
    let after = target.page("a 2\nc 2\nb\n");
    assert_eq!(
        after,
        "a{instance=\"i\", job=\"j\"} stale\nb{instance=\"i\", job=\"j\"} stale"
    );
    assert_eq!(
        target.error(),
        "the page cannot be read: line 3: expected a value behind the series, at \"b\""
    );
    assert_eq!(target.page("a 3\n"), "a{instance=\"i\", job=\"j\"} 3");
}

#[test]
fn one_series_written_in_two_ways_is_one() {
    let mut target = Scraped::new("");
    target.page("a{x=\"1\",y=\"2\"} 1\n");
    assert_eq!(
        target.page("a{y=\"2\",x=\"1\"} 2\n"),
        "a{instance=\"i\", job=\"j\", x=\"1\", y=\"2\"} 2"
    );
    target.page("a 1\na 2\n");
    assert_eq!((target.counts.kept, target.counts.duplicates), (2, 1));
}

#[test]
fn labels_of_the_target_win_unless_the_page_is_honoured() {
    let page = "a{job=\"theirs\",exported_job=\"x\",z=\"1\"} 1\n";
    assert_eq!(
        Scraped::new("").page(page),
        "a{exported_exported_job=\"theirs\", exported_job=\"x\", instance=\"i\", job=\"j\", z=\"1\"} 1"
    );
    assert_eq!(
        Scraped::new("  honor_labels: true\n").page(page),
        "a{exported_job=\"x\", instance=\"i\", job=\"theirs\", z=\"1\"} 1"
    );
    let page = "a{instance=\"\",z=\"1\"} 1\n";
    assert_eq!(
        Scraped::new("").page(page),
        "a{instance=\"i\", job=\"j\", z=\"1\"} 1"
    );
    assert_eq!(
        Scraped::new("  honor_labels: true\n").page(page),
        "a{job=\"j\", z=\"1\"} 1",
        "a label that the page says is empty is kept away"
    );
}

#[test]
fn times_of_the_page_are_honoured() {
    let page = "a 1 500\n";
    assert_eq!(Scraped::new("").page(page), "a{instance=\"i\", job=\"j\"} 1 @500");
    assert_eq!(
        Scraped::new("  honor_timestamps: false\n").page(page),
        "a{instance=\"i\", job=\"j\"} 1"
    );
    let mut target = Scraped::new("");
    target.page(page);
    assert_eq!(
        target.page("b 1\n"),
        "b{instance=\"i\", job=\"j\"} 1",
        "a says itself when it was"
    );
    let mut target = Scraped::new("  track_timestamps_staleness: true\n");
    target.page(page);
    assert_eq!(target.page(""), "a{instance=\"i\", job=\"j\"} stale");
    let mut target = Scraped::new("");
    assert_eq!(target.page("a 1 9999999999999\n"), "");
    assert_eq!(target.counts.ahead, 1);
}

#[test]
fn rules_drop_and_rename() {
    let mut target = Scraped::new(
        "  metric_relabel_configs:\n  - {action: drop, source_labels: [__name__], regex: go_.*}\n  - {source_labels: [__name__], regex: 'a(.*)', target_label: __name__, replacement: 'x$1'}\n",
    );
    for _ in 0..2 {
        assert_eq!(target.page("go_x 1\nab 2\n"), "xb{instance=\"i\", job=\"j\"} 2");
        assert_eq!((target.counts.scraped, target.counts.kept), (2, 1));
    }
}

#[test]
fn limits_fail_the_page() {
    let mut target = Scraped::new("  sample_limit: 2\n");
    target.page("a 1\nb 1\n");
    assert_eq!(
        target.page("a 1\nb 1\nc 1\n"),
        "a{instance=\"i\", job=\"j\"} stale\nb{instance=\"i\", job=\"j\"} stale"
    );
    assert_eq!(
        target.error(),
        "sample_limit of 2 exceeded: the page has more samples behind relabelling"
    );
    assert_eq!((target.counts.scraped, target.counts.kept), (3, 3));
    for (keys, page, error) in [
        (
            "  label_limit: 3\n",
            "a{b=\"c\"} 1\n",
            "label_limit of 3 exceeded: metric \"a\" has 4 labels",
        ),
        (
            "  label_name_length_limit: 8\n",
            "a{bcdefghij=\"c\"} 1\n",
            "label_name_length_limit of 8 exceeded: label name \"bcdefghij\" of metric \"a\" has 9 bytes",
        ),
        (
            "  label_value_length_limit: 2\n",
            "a{b=\"cde\"} 1\n",
            "label_value_length_limit of 2 exceeded: label \"b\" of metric \"a\" has a value of 3 bytes",
        ),
        (
            "  metric_name_validation_scheme: legacy\n",
            "{\"a.b\"} 1\n",
            "\"a.b\" is not allowed as a name by metric_name_validation_scheme legacy",
        ),
    ] {
        let mut target = Scraped::new(keys);
        assert_eq!(target.page(page), "");
        assert_eq!(target.error(), error);
    }
}

#[test]
fn classic_histograms_are_converted() {
    let page = "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 2\nh_bucket{a=\"1\",le=\"+Inf\"} 3\nh_sum{a=\"1\"} 9\nh_count{a=\"1\"} 3\n\
                h_bucket{a=\"2\",le=\"+Inf\"} 1\nh_count{a=\"2\"} 1\n# TYPE g gauge\ng_count 7\n";
    let mut target = Scraped::new("  convert_classic_histograms_to_nhcb: true\n");
    for _ in 0..2 {
        assert_eq!(
            target.page(page),
            "g_count{instance=\"i\", job=\"j\"} 7\n\
             h{a=\"1\", instance=\"i\", job=\"j\"} [1.0] [2.0, 1.0] count=3 sum=9\n\
             h{a=\"2\", instance=\"i\", job=\"j\"} [] [1.0] count=1 sum=0"
        );
    }
    assert_eq!(
        target
            .page("g_count 7\n")
            .lines()
            .filter(|line| line.ends_with("stale"))
            .count(),
        2
    );
    let mut both = Scraped::new(
        "  convert_classic_histograms_to_nhcb: true\n  always_scrape_classic_histograms: true\n",
    );
    assert_eq!(both.page(page).lines().count(), 9);
}

#[test]
fn open_metrics_brings_starts_and_exemplars() {
    let mut target = Scraped::new("");
    target.format = ExpositionFormat::OpenMetrics;
    let page = "# TYPE n counter\nn_total 7 # {trace_id=\"x\"} 1\nn_created 50\n# EOF\n";
    assert_eq!(
        target.page(page),
        "n_created{instance=\"i\", job=\"j\"} 50\nn_total{instance=\"i\", job=\"j\"} 7 since 50000"
    );
    assert_eq!(target.metadata.list().len(), 1);
}

#[test]
fn rules_that_changed_do_not_end_series_that_go_on() {
    let mut target = Scraped::new("");
    target.page("a 1\nb 1\n");
    target.memory.forget_texts();
    assert_eq!(
        target.page("a 1\n"),
        "a{instance=\"i\", job=\"j\"} 1\nb{instance=\"i\", job=\"j\"} stale"
    );
}
