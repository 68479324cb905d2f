use model::{Labels, MatchOp, Matcher};

use super::*;
use crate::head::{Shard, Terms, hash_labels};

/// Series by position; the index a naive reader would use.
struct Naive(Vec<Vec<(&'static str, &'static str)>>);

impl Naive {
    fn value(&self, id: usize, name: &str) -> &str {
        self.0[id].iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v)
    }
}

impl Index for &Naive {
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), QueryError> {
        out.extend(0..self.0.len() as u32);
        Ok(())
    }

    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), QueryError> {
        self.scan(name, &mut |candidate| candidate == value, out)
    }

    fn count(&mut self, name: &str, value: &str) -> Result<usize, QueryError> {
        let mut ids = Vec::new();
        self.equal(name, value, &mut ids)?;
        Ok(ids.len())
    }

    fn n_values(&mut self, _: &str) -> usize {
        self.0.len()
    }

    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        for id in 0..self.0.len() {
            let value = self.value(id, name);
            if !value.is_empty() && keep(value) {
                out.push(id as u32);
            }
        }
        Ok(())
    }
}

#[test]
fn every_kind_of_matcher_agrees_with_matching_one_by_one() {
    let index = Naive(vec![
        vec![("__name__", "up"), ("job", "a"), ("dc", "x")],
        vec![("__name__", "up"), ("job", "b")],
        vec![("__name__", "up"), ("job", "ab"), ("dc", "y")],
        vec![("__name__", "down"), ("job", "a")],
        vec![("__name__", "down"), ("dc", "x")],
    ]);
    let ops = [
        MatchOp::Equal,
        MatchOp::NotEqual,
        MatchOp::Regex,
        MatchOp::NotRegex,
    ];
    let patterns = ["", "a", "a|b", "a.*", ".*", ".+", "a||x", "x|y|", "(a|b)?"];
    let mut matchers = Vec::new();
    for name in ["job", "dc", "absent"] {
        for op in ops {
            matchers.extend(
                patterns
                    .iter()
                    .map(|pattern| Matcher::new(name, op, pattern).unwrap()),
            );
        }
    }
    for first in &matchers {
        for second in &matchers {
            let both = [first.clone(), second.clone()];
            let holds = |id: &u32| {
                both.iter()
                    .all(|m| m.matches(index.value(*id as usize, m.name())))
            };
            let expected: Vec<u32> = (0..5).filter(holds).collect();
            assert_eq!(resolve(&mut &index, &both).unwrap(), expected, "{first} {second}");
        }
    }
}

/// Counts what is looked at in a shard.
struct Counted<'a> {
    shard: &'a Shard,
    series: usize,
    values: usize,
}

impl Index for Counted<'_> {
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), QueryError> {
        (&mut &*self.shard).all(out)?;
        self.series += out.len();
        Ok(())
    }

    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), QueryError> {
        let before = out.len();
        (&mut &*self.shard).equal(name, value, out)?;
        self.values += 1;
        self.series += out.len() - before;
        Ok(())
    }

    fn count(&mut self, name: &str, value: &str) -> Result<usize, QueryError> {
        self.values += 1;
        (&mut &*self.shard).count(name, value)
    }

    fn n_values(&mut self, name: &str) -> usize {
        (&mut &*self.shard).n_values(name)
    }

    fn filter(&mut self, matcher: &Matcher, ids: &[u32]) -> Result<Option<Vec<u32>>, QueryError> {
        self.series += ids.len();
        (&mut &*self.shard).filter(matcher, ids)
    }

    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError> {
        let (before, mut values) = (out.len(), 0);
        let mut counting = |value: &str| {
            values += 1;
            keep(value)
        };
        (&mut &*self.shard).scan(name, &mut counting, out)?;
        self.values += values;
        self.series += out.len() - before;
        Ok(())
    }
}

#[test]
fn few_series_and_values_are_looked_at_where_a_matcher_leaves_few() {
    let (mut shard, mut terms) = (Shard::new(0, 0), Terms::UNBOUND);
    let mut all = Vec::new();
    for n in 0..4000 {
        let labels = Labels::from_pairs([
            ("__name__", format!("metric_{}", n % 4)),
            ("job", format!("job-{}", n % 20)),
            ("node", format!("node-{}", n % 400)),
            ("pod", format!("pod-{n}")),
        ])
        .unwrap();
        let packed = labels.as_packed();
        shard
            .ensure_series(packed, hash_labels(labels.packed()), &mut terms)
            .unwrap();
        all.push(labels);
    }
    let check = |matchers: &[(&str, MatchOp, &str)], n: usize, (series, values): (usize, usize)| {
        let matchers: Vec<Matcher> = matchers
            .iter()
            .map(|(name, op, value)| Matcher::new(name, *op, value).unwrap())
            .collect();
        let holds = |labels: &&Labels| {
            let value = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
            matchers.iter().all(value)
        };
        let mut index = Counted {
            shard: &shard,
            series: 0,
            values: 0,
        };
        let found = resolve(&mut index, &matchers).unwrap();
        assert!(
            found
                .iter()
                .map(|id| &all[*id as usize])
                .eq(all.iter().filter(holds))
        );
        assert_eq!(
            (found.len(), index.series, index.values),
            (n, series, values),
            "{matchers:?}"
        );
    };
    use MatchOp::{Equal, NotEqual, NotRegex, Regex};
    let pod = ("pod", Equal, "pod-57");
    // One series is found and looked at again for each further matcher; values are counted, one is looked up.
    check(&[pod], 1, (1, 2));
    check(&[("node", Regex, "node-.*"), pod], 1, (2, 2));
    check(
        &[("pod", Regex, ".*[57]"), ("__name__", Regex, ".+"), pod],
        1,
        (3, 2),
    );
    check(
        &[("job", Equal, "job-17"), ("node", Regex, "(.*)7"), pod],
        1,
        (3, 3),
    );
    check(
        &[("job", NotEqual, "job-1"), ("node", NotRegex, ".*8"), pod],
        1,
        (3, 2),
    );
    // Nothing is left for a pattern to look at.
    check(&[("node", Regex, ".*"), ("pod", Equal, "pod-x")], 0, (0, 2));
    check(
        &[
            ("pod", Regex, "pod-.*"),
            ("job", Equal, "job-3"),
            ("node", Equal, "node-4"),
        ],
        0,
        (20, 3),
    );
    // Of two lists the shorter one is taken; the longer one is read where it is not much longer.
    check(
        &[("__name__", Equal, "metric_1"), ("node", Equal, "node-5")],
        10,
        (20, 3),
    );
    check(
        &[("__name__", Equal, "metric_1"), ("job", Equal, "job-5")],
        200,
        (1200, 4),
    );
    // Among patterns that whose label has the fewest values; any value at all comes last.
    check(
        &[
            ("pod", Regex, ".+"),
            ("node", Regex, "node-3.*"),
            ("job", Regex, "job-1."),
        ],
        600,
        (4600, 20),
    );
}
