//! Finding series by matchers, in the head and in parts alike.
//!
//! Parts answer by their tables of series ([`part`]); what follows is for the head and for old parts.
//!
//! A matcher that the empty string satisfies also holds for series without the label, so it is resolved as
//! *all but those with a value that does not match*. The others are unions over the values that match.

pub(crate) mod kinds;
pub(crate) mod merge;
pub(crate) mod names;
pub(crate) mod part;
pub(crate) mod set;

use model::{MatchOp, Matcher, QueryError};

/// Candidates that are looked at one by one rather than intersected with a list, as a share of the list.
const FEW: usize = 8;

/// Which values of a label are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Those that a matcher matches.
    Matching,
    /// The others.
    Other,
}

/// Where series ids are found by label. Ids appended are ascending per value.
pub(crate) trait Index {
    /// Appends all ids, ascending.
    fn all(&mut self, out: &mut Vec<u32>) -> Result<(), QueryError>;
    /// Appends the ids of series with `name="value"`.
    fn equal(&mut self, name: &str, value: &str, out: &mut Vec<u32>) -> Result<(), QueryError>;
    /// Appends the ids of series whose value of `name` is to be kept.
    fn scan(
        &mut self,
        name: &str,
        keep: &mut dyn FnMut(&str) -> bool,
        out: &mut Vec<u32>,
    ) -> Result<(), QueryError>;

    /// Returns how many ids [`Index::equal`] would append.
    fn count(&mut self, name: &str, value: &str) -> Result<usize, QueryError>;
    /// Returns how many values [`Index::scan`] would look at.
    fn n_values(&mut self, name: &str) -> usize;

    /// Returns those of the ids for which a matcher holds, if they can be looked at one by one.
    fn filter(&mut self, _matcher: &Matcher, _ids: &[u32]) -> Result<Option<Vec<u32>>, QueryError> {
        Ok(None)
    }
}

/// Returns the ids of series for which all matchers hold, ascending.
pub(crate) fn resolve(index: &mut dyn Index, matchers: &[Matcher]) -> Result<Vec<u32>, QueryError> {
    let (optional, required): (Vec<&Matcher>, Vec<&Matcher>) =
        matchers.iter().partition(|matcher| matcher.matches_empty());
    // Named values first: they are found without looking at other values, and often leave little or nothing.
    let mut by_cost = Vec::with_capacity(required.len());
    for matcher in required {
        by_cost.push((cost(index, matcher)?, matcher));
    }
    by_cost.sort_by_key(|(cost, _)| *cost);
    let mut result: Option<Vec<u32>> = None;
    for (cost, matcher) in by_cost {
        let kept = match result {
            None => with_value(index, matcher, Values::Matching)?,
            Some(before) => {
                let few = before.len() < cost.series / FEW;
                let tried = if few {
                    index.filter(matcher, &before)?
                } else {
                    None
                };
                match tried {
                    Some(kept) => kept,
                    None => intersect(&before, &with_value(index, matcher, Values::Matching)?),
                }
            }
        };
        if kept.is_empty() {
            return Ok(kept);
        }
        result = Some(kept);
    }
    let narrowed = result.is_some();
    let mut result = match result {
        Some(result) => result,
        None => {
            let mut all = Vec::new();
            index.all(&mut all)?;
            all
        }
    };
    for matcher in optional {
        if result.is_empty() {
            break;
        }
        if matcher.op() == MatchOp::Regex && matcher.value() == ".*" {
            continue;
        }
        let tried = if narrowed {
            index.filter(matcher, &result)?
        } else {
            None
        };
        result = match tried {
            Some(kept) => kept,
            None => subtract(&result, &with_value(index, matcher, Values::Other)?),
        };
    }
    Ok(result)
}

/// What it takes to find the series of a matcher that needs a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// Series that it finds, the most if that is not known before.
    series: usize,
    /// Values that are looked at to know it, the most if there is nothing to know.
    values: usize,
}

fn cost(index: &mut dyn Index, matcher: &Matcher) -> Result<Cost, QueryError> {
    let name = matcher.name();
    let mut counted = |texts: &[&str]| {
        let mut series = 0usize;
        for text in texts {
            series = series.saturating_add(index.count(name, text)?);
        }
        let values = texts.len();
        Ok(Cost { series, values })
    };
    match (matcher.op(), matcher.value(), literals(matcher)) {
        (MatchOp::Equal, value, _) => counted(&[value]),
        (MatchOp::Regex, _, Some(texts)) => counted(&texts),
        // Any value will do.
        (MatchOp::NotEqual, ..) | (MatchOp::Regex, ".+", _) => Ok(Cost {
            series: usize::MAX,
            values: usize::MAX,
        }),
        _ => Ok(Cost {
            series: usize::MAX,
            values: index.n_values(name),
        }),
    }
}

/// Returns the ids of series that have a value of the wanted kind, ascending.
fn with_value(index: &mut dyn Index, matcher: &Matcher, values: Values) -> Result<Vec<u32>, QueryError> {
    use Values::{Matching, Other};
    let mut found = Vec::new();
    match (matcher.op(), values, literals(matcher)) {
        (MatchOp::Equal, Matching, _) | (MatchOp::NotEqual, Other, _) => {
            index.equal(matcher.name(), matcher.value(), &mut found)?;
        }
        (MatchOp::Regex, Matching, Some(texts)) | (MatchOp::NotRegex, Other, Some(texts)) => {
            for text in texts {
                index.equal(matcher.name(), text, &mut found)?;
            }
        }
        _ => {
            let wanted = values == Matching;
            let mut keep = |value: &str| matcher.matches(value) == wanted;
            index.scan(matcher.name(), &mut keep, &mut found)?;
        }
    }
    // Lists that ascend one by one.
    found.sort();
    found.dedup();
    Ok(found)
}

/// Returns the values of a pattern that is nothing but values joined by `|`.
fn literals(matcher: &Matcher) -> Option<Vec<&str>> {
    const SPECIAL: &[char] = &[
        '.', '*', '+', '?', '(', ')', '[', ']', '{', '}', '^', '$', '\\', '#',
    ];
    let pattern = matcher.value();
    let is_regex = matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex);
    let plain = is_regex && !pattern.contains(SPECIAL);
    plain.then(|| pattern.split('|').filter(|value| !value.is_empty()).collect())
}

fn intersect(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut rest = b.iter().copied().peekable();
    a.iter()
        .copied()
        .filter(|id| {
            while rest.next_if(|other| other < id).is_some() {}
            rest.peek() == Some(id)
        })
        .collect()
}

fn subtract(a: &[u32], b: &[u32]) -> Vec<u32> {
    let mut rest = b.iter().copied().peekable();
    a.iter()
        .copied()
        .filter(|id| {
            while rest.next_if(|other| other < id).is_some() {}
            rest.peek() != Some(id)
        })
        .collect()
}

#[cfg(test)]
mod tests;
