use model::{MatchOp, Matcher};

use super::*;

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
