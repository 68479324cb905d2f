//! Numbers and times in sentences.

/// Writes a span of seconds: `45s`, `12m`, `3h`, `5d`.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{}s", seconds.max(0)),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Writes a time as RFC 3339 in UTC.
pub(super) fn time(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| "unknown".to_owned(), |time| time.to_string())
}

/// Writes a number with the word for what is counted.
pub(super) fn count(n: i64, one: &str, many: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {many}")
    }
}

/// Writes how often something happened: `once`, `5 times`.
pub(super) fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

/// Writes `1 of 3 pods ready`.
pub(super) fn ready_of(ready: i64, desired: i64) -> String {
    format!("{ready} of {} ready", count(desired, "pod", "pods"))
}

/// Cuts a message at its first line and a bound, for a sentence; evidence has all of it.
pub(super) fn brief(message: &str) -> String {
    const LONGEST: usize = 200;
    let line = message.lines().next().unwrap_or("").trim();
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
