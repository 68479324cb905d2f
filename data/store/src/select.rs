//! Finding series by matchers, in the head and in parts alike.
//!
//! A matcher that the empty string satisfies also holds for series without the label, so it is resolved as
//! *all but those with a value that does not match*. The others are unions over the values that match.

pub(crate) mod merge;
pub(crate) mod names;
pub(crate) mod set;

use model::{MatchOp, Matcher, QueryError};

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
}

/// Returns the ids of series for which all matchers hold, ascending.
pub(crate) fn resolve(index: &mut dyn Index, matchers: &[Matcher]) -> Result<Vec<u32>, QueryError> {
    let (optional, mut required): (Vec<&Matcher>, Vec<&Matcher>) =
        matchers.iter().partition(|matcher| matcher.matches_empty());
    // Single values first: they are found without looking at other values, and often leave little or nothing.
    required.sort_by_key(|matcher| match matcher.op() {
        MatchOp::Equal => 0,
        _ if literals(matcher).is_some() => 1,
        _ => 2,
    });
    let mut result: Option<Vec<u32>> = None;
    for matcher in required {
        let found = with_matching_value(index, matcher)?;
        let kept = match result {
            None => found,
            Some(before) => intersect(&before, &found),
        };
        if kept.is_empty() {
            return Ok(kept);
        }
        result = Some(kept);
    }
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
        let excluded = with_other_value(index, matcher)?;
        result = subtract(&result, &excluded);
    }
    Ok(result)
}

fn with_matching_value(index: &mut dyn Index, matcher: &Matcher) -> Result<Vec<u32>, QueryError> {
    let mut found = Vec::new();
    match (matcher.op(), literals(matcher)) {
        (MatchOp::Equal, _) => index.equal(matcher.name(), matcher.value(), &mut found)?,
        (MatchOp::Regex, Some(values)) => {
            for value in values {
                index.equal(matcher.name(), value, &mut found)?;
            }
        }
        _ => index.scan(matcher.name(), &mut |value| matcher.matches(value), &mut found)?,
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn with_other_value(index: &mut dyn Index, matcher: &Matcher) -> Result<Vec<u32>, QueryError> {
    let mut found = Vec::new();
    match (matcher.op(), literals(matcher)) {
        (MatchOp::NotEqual, _) => index.equal(matcher.name(), matcher.value(), &mut found)?,
        (MatchOp::NotRegex, Some(values)) => {
            for value in values {
                index.equal(matcher.name(), value, &mut found)?;
            }
        }
        // Matches whatever the value is.
        (MatchOp::Regex, _) if matcher.value() == ".*" => {}
        _ => index.scan(matcher.name(), &mut |value| !matcher.matches(value), &mut found)?,
    }
    found.sort_unstable();
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
