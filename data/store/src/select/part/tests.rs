use std::sync::Arc;

use model::{Labels, SampleBuffer};

use super::*;
use crate::disk::tests::unsynced;
use crate::part::{PageCache, PartInfo, PartWriter, order};

#[test]
fn patterns_say_how_their_values_begin() {
    let check = |pattern: &str, expected: &[&str]| assert_eq!(beginnings(pattern), expected, "{pattern}");
    check("abc", &["abc"]);
    check("abc.*", &["abc"]);
    check("a|b|c", &["a", "b", "c"]);
    check("(node|kube)_.*_total", &["kube_", "node_"]);
    check("web-(1|2|11)", &["web-1", "web-2"]);
    check("größe.+", &["größe"]);
    check("a[xyz]b", &["axb", "ayb", "azb"]);
    check("^prod$", &["prod"]);
    // Nothing is known of these.
    for pattern in [".*", ".*x", "", "a?b*", "[^a]b", "a||b", "(", "\\w+", "(?:)|x"] {
        check(pattern, &[]);
    }
}

/// Some thousand series with labels of few and of many values, some without.
fn series() -> Vec<Labels> {
    let mut all: Vec<Labels> = (0..3000usize)
        .map(|n| {
            let mut pairs = vec![
                (
                    "__name__",
                    ["up", "http_requests_total", "go_gc"][n % 3].to_owned(),
                ),
                ("instance", format!("10.0.{}.{}:9100", n / 250, n % 250)),
                ("pod", format!("web-{:x}", n.wrapping_mul(2_654_435_761) % 65_521)),
                ("cluster", "größe".to_owned()),
            ];
            if n % 5 == 0 {
                pairs.push(("dc", ["x", "y", "xy"][n / 5 % 3].to_owned()));
            }
            Labels::from_pairs(pairs).unwrap()
        })
        .collect();
    all.sort_by(|a, b| order(a.packed(), b.packed()));
    all
}

#[test]
fn a_part_finds_what_matches_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1.part");
    let mut writer = PartWriter::create(unsynced(), &path, PartInfo::new(1, 0)).unwrap();
    let all = series();
    let mut samples = SampleBuffer::default();
    samples.push(1, 1.0);
    for labels in &all {
        writer.add_series(labels.as_packed(), &samples).unwrap();
    }
    writer.finish().unwrap().unwrap();
    let part = Part::open(&path, Arc::new(PageCache::new(1 << 20))).unwrap();
    let ids: Vec<u32> = (0..all.len() as u32).collect();
    let mut read = Vec::new();
    part.labels(&ids, |_, packed| read.push(packed.to_owned()))
        .unwrap();
    assert!(read.iter().eq(all.iter().map(Labels::packed)));

    let conditions = [
        ("__name__", MatchOp::Equal, "up"),
        ("__name__", MatchOp::Regex, "up|go_.*"),
        ("cluster", MatchOp::Equal, "größe"),
        ("cluster", MatchOp::NotEqual, "größe"),
        ("cluster", MatchOp::Regex, "gr.+"),
        ("dc", MatchOp::Equal, ""),
        ("dc", MatchOp::NotEqual, ""),
        ("dc", MatchOp::Regex, "x|"),
        ("dc", MatchOp::Regex, "x.?"),
        ("dc", MatchOp::NotRegex, "x.*"),
        ("dc", MatchOp::NotRegex, "(x|y)?"),
        ("pod", MatchOp::Regex, "web-1.*"),
        ("pod", MatchOp::Regex, ".*[05]"),
        ("pod", MatchOp::NotRegex, "web-[0-9a]+"),
        ("pod", MatchOp::Regex, "web-(a|b|c)[0-9]{2}"),
        ("instance", MatchOp::Regex, "10\\.0\\.3\\.1.:9100"),
        ("instance", MatchOp::Equal, "10.0.7.7:9100"),
        ("absent", MatchOp::Equal, ""),
        ("absent", MatchOp::Regex, ".+"),
        ("absent", MatchOp::NotEqual, "a"),
    ];
    let matchers: Vec<Matcher> = conditions
        .iter()
        .map(|(name, op, value)| Matcher::new(name, *op, value).unwrap())
        .collect();
    let holds = |matcher: &Matcher, id: u32| {
        let labels = &all[id as usize];
        matcher.matches(labels.get(matcher.name()).unwrap_or(""))
    };
    // The second round is answered from what the first one found.
    for _ in 0..2 {
        for a in &matchers {
            let expected: Vec<u32> = ids.iter().copied().filter(|id| holds(a, *id)).collect();
            assert_eq!(part_ids(&part, std::slice::from_ref(a)).unwrap(), expected, "{a}");
            for b in &matchers {
                let both: Vec<u32> = expected.iter().copied().filter(|id| holds(b, *id)).collect();
                let found = part_ids(&part, &[a.clone(), b.clone()]).unwrap();
                assert_eq!(found, both, "{a} and {b}");
            }
        }
    }
}

#[test]
fn few_pages_are_read_where_a_matcher_leaves_few() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("1.part");
    let mut writer = PartWriter::create(unsynced(), &path, PartInfo::new(1, 0)).unwrap();
    let mut samples = SampleBuffer::default();
    samples.push(1, 1.0);
    let mut all: Vec<Labels> = (0..20_000usize)
        .map(|n| {
            let noise = n.wrapping_mul(2_654_435_761);
            Labels::from_pairs([
                ("__name__", format!("metric_{}", n % 40)),
                ("job", format!("job-{}", noise % 20)),
                ("pod", format!("pod-{noise:x}")),
            ])
            .unwrap()
        })
        .collect();
    all.sort_by(|a, b| order(a.packed(), b.packed()));
    for labels in &all {
        writer.add_series(labels.as_packed(), &samples).unwrap();
    }
    writer.finish().unwrap().unwrap();
    let wanted = all[12_345].get("pod").unwrap();
    let check = |matchers: &[(&str, MatchOp, &str)], n: usize, most_pages: usize| {
        let cache = Arc::new(PageCache::new(64 << 20));
        let part = Part::open(&path, Arc::clone(&cache)).unwrap();
        let matchers: Vec<Matcher> = matchers
            .iter()
            .map(|(name, op, value)| Matcher::new(name, *op, value).unwrap())
            .collect();
        assert_eq!(part_ids(&part, &matchers).unwrap().len(), n);
        let pages = cache.n_pages();
        assert!(pages <= most_pages, "{pages} pages for {matchers:?}");
        let [_, _, _, index @ ..] = part.n_pages();
        assert!(index.iter().sum::<usize>() > 15, "{index:?} are too few to tell");
    };
    use MatchOp::{Equal, NotRegex, Regex};
    let pod = ("pod", Equal, wanted);
    // A block of symbols, which may lie in two pages, for each name; rows; never more than few of what there is.
    check(&[pod], 1, 2);
    check(
        &[("job", Regex, ".+-.*"), pod, ("pod", Regex, ".*[0-9a-f]")],
        1,
        6,
    );
    check(
        &[("job", NotRegex, "x.*"), pod, ("__name__", Regex, "metric_.*")],
        1,
        6,
    );
    check(&[("pod", Regex, ".*[0-9a-f]"), ("pod", Equal, "pod-x")], 0, 2);
}
