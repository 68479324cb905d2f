//! How well a name answers what was typed.
//!
//! Scores go from 0 to 1. `subsequence` wants the typed characters in order and prefers long runs and small gaps;
//! `jarowinkler` wants them as they are, or with few changes. Both are the two that Prometheus offers, with its
//! formulas, so that a client sorts alike.

/// A name that is not the typed text itself scores below 1.
const NOT_EXACT: f64 = 0.999;
/// What a character of a common beginning is worth, and how many count: Winkler's constants.
const PREFIX_WEIGHT: f64 = 0.1;
const PREFIX_CHARS: usize = 4;

/// How names are compared with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Subsequence,
    JaroWinkler,
}

/// Scores names against words.
#[derive(Debug)]
pub(super) struct Scorer {
    words: Vec<Vec<char>>,
    algorithm: Algorithm,
    threshold: f64,
    case_sensitive: bool,
}

impl Scorer {
    /// Prepares for words; without words every name fits.
    pub(super) fn new(
        words: &[&str],
        (algorithm, threshold): (Algorithm, f64),
        case_sensitive: bool,
    ) -> Self {
        let fold = |word: &&str| match case_sensitive {
            true => word.chars().collect(),
            false => word.to_lowercase().chars().collect(),
        };
        Self {
            words: words.iter().filter(|word| !word.is_empty()).map(fold).collect(),
            algorithm,
            threshold,
            case_sensitive,
        }
    }

    /// Returns the best score that any word gives a name, `None` if no word fits.
    pub(super) fn score(&self, name: &str) -> Option<f64> {
        if self.words.is_empty() {
            return Some(1.0);
        }
        let name: Vec<char> = if self.case_sensitive {
            name.chars().collect()
        } else {
            name.to_lowercase().chars().collect()
        };
        let scores = self.words.iter().filter_map(|word| match self.algorithm {
            Algorithm::Subsequence => self.by_subsequence(word, &name),
            Algorithm::JaroWinkler => self.by_similarity(word, &name),
        });
        scores.reduce(f64::max)
    }

    fn by_subsequence(&self, word: &[char], name: &[char]) -> Option<f64> {
        if name.starts_with(word) {
            return Some(1.0);
        }
        let score = subsequence(word, name);
        (score > 0.0 && score >= self.threshold).then_some(score)
    }

    fn by_similarity(&self, word: &[char], name: &[char]) -> Option<f64> {
        if let Some(at) = name.windows(word.len()).position(|window| window == word) {
            // From 1 at the beginning to 0.1 at the end.
            let last = name.len() - word.len();
            let share = if last == 0 { 0.0 } else { at as f64 / last as f64 };
            return Some(1.0 - 0.9 * share);
        }
        if self.threshold <= 0.0 {
            return None;
        }
        let score = jaro_winkler(word, name);
        (score >= self.threshold).then_some(score)
    }
}

/// Scores a name that holds the characters of `word` in order; 0 if it does not.
///
/// Of every place where the word may begin the best counts: the sum of the squares of the lengths of runs, less the
/// gaps before runs and half the gap after the last as shares of the name's length, all by the square of the word's
/// length.
fn subsequence(word: &[char], name: &[char]) -> f64 {
    let mut best: Option<f64> = None;
    let starts = name.iter().enumerate().filter(|(_, c)| word.first() == Some(c));
    for (start, _) in starts {
        let Some(score) = subsequence_from(word, name, start) else {
            // What does not fit from here fits from no later place.
            break;
        };
        best = Some(best.map_or(score, |best| best.max(score)));
    }
    let squared = (word.len() * word.len()) as f64;
    best.filter(|best| *best >= 0.0)
        .map_or(0.0, |best| best / squared * NOT_EXACT)
}

fn subsequence_from(word: &[char], name: &[char], start: usize) -> Option<f64> {
    let share = |gap: usize| gap as f64 / name.len() as f64;
    let mut score = 0.0;
    // End of the run before, which is where the gap begins.
    let mut end = 0;
    let mut at = start;
    let mut rest = word;
    while let Some(first) = rest.first() {
        let gap = name.get(at..)?.iter().position(|c| c == first)?;
        let from = at + gap;
        let same = name
            .get(from..)?
            .iter()
            .zip(rest)
            .take_while(|(a, b)| a == b)
            .count();
        score += (same * same) as f64 - share(from - end);
        end = from + same;
        at = end;
        rest = rest.get(same..)?;
    }
    Some(score - share(name.len() - end) / 2.0)
}

/// Similarity by Jaro with Winkler's preference for a common beginning, which here counts for all words, not only
/// for similar ones.
fn jaro_winkler(a: &[char], b: &[char]) -> f64 {
    let jaro = jaro(a, b);
    let common = a
        .iter()
        .zip(b)
        .take(PREFIX_CHARS)
        .take_while(|(a, b)| a == b)
        .count();
    jaro + common as f64 * PREFIX_WEIGHT * (1.0 - jaro)
}

fn jaro(a: &[char], b: &[char]) -> f64 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let reach = (long.len() / 2).saturating_sub(1);
    let mut taken = vec![false; long.len()];
    let mut matched = Vec::new();
    for (at, c) in short.iter().enumerate() {
        let near = at.saturating_sub(reach)..(at + reach + 1).min(long.len());
        let place = near.into_iter().find(|&i| !taken[i] && long[i] == *c);
        if let Some(place) = place {
            taken[place] = true;
            matched.push(*c);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let in_order = long
        .iter()
        .zip(&taken)
        .filter(|(_, taken)| **taken)
        .map(|(c, _)| c);
    let swapped = matched.iter().zip(in_order).filter(|(a, b)| a != b).count();
    let n = matched.len() as f64;
    (n / short.len() as f64 + n / long.len() as f64 + (n - swapped as f64 / 2.0) / n) / 3.0
}

#[cfg(test)]
mod tests;
