use super::*;

fn score(algorithm: Algorithm, threshold: f64, word: &str, name: &str) -> Option<f64> {
    Scorer::new(&[word], (algorithm, threshold), true).score(name)
}

/// Expected values by the formula, worked out by hand.
#[test]
fn subsequences_prefer_long_runs_and_small_gaps() {
    let check = |word: &str, name: &str, expected: Option<f64>| {
        let found = score(Algorithm::Subsequence, 0.0, word, name);
        let near = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
            (None, None) => true,
            _ => false,
        };
        assert!(near, "{word} in {name}: {found:?}, not {expected:?}");
    };
    check("cpu", "cpu", Some(1.0));
    check("cpu", "cpu_seconds", Some(1.0));
    check("cpu", "node_cpu", Some((9.0 - 5.0 / 8.0) / 9.0 * 0.999));
    check("ncpu", "node_cpu", Some((1.0 + 9.0 - 4.0 / 8.0) / 16.0 * 0.999));
    check("up", "u-p-", Some((2.0 - 1.0 / 4.0 - 1.0 / 8.0) / 4.0 * 0.999));
    check("upc", "node_cpu", None);
    check("ü", "x_ü", Some((1.0 - 2.0 / 3.0) * 0.999));
}

#[test]
fn similar_names_are_found_above_the_threshold() {
    let check = |word: &str, name: &str, expected: Option<f64>| {
        let found = score(Algorithm::JaroWinkler, 0.8, word, name);
        let near = found.is_some() == expected.is_some()
            && found.zip(expected).is_none_or(|(a, b)| (a - b).abs() < 1e-4);
        assert!(near, "{word} and {name}: {found:?}, not {expected:?}");
    };
    // Winkler's own examples.
    check("MARTHA", "MARHTA", Some(0.9611));
    check("DIXON", "DICKSONX", Some(0.8133));
    check("cpu", "node_cpu", Some(0.1));
    check("cpu", "memory", None);
    assert_eq!(score(Algorithm::JaroWinkler, 0.0, "MARTHA", "MARHTA"), None);
}

#[test]
fn case_counts_only_if_wanted() {
    let folding = Scorer::new(&["CPU", ""], (Algorithm::Subsequence, 0.0), false);
    assert_eq!(folding.score("cpu_seconds"), Some(1.0));
    assert_eq!(score(Algorithm::Subsequence, 0.0, "CPU", "cpu"), None);
    assert_eq!(
        Scorer::new(&[""], (Algorithm::Subsequence, 0.0), true).score("x"),
        Some(1.0)
    );
}
