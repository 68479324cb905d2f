//! Names of metrics, units and labels after translation.
//!
//! The rules are those of the OpenTelemetry compatibility specification as Prometheus applies them
//! (`prometheus/otlptranslator`):
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/>.

use super::settings::{OtlpSettings, TranslationStrategy};

/// Words for units. What is not here stays as it is.
const UNITS: [(&str, &str); 27] = [
    ("%", "percent"),
    ("1", ""),
    ("A", "amperes"),
    ("By", "bytes"),
    ("Cel", "celsius"),
    ("GBy", "gigabytes"),
    ("GiBy", "gibibytes"),
    ("Hz", "hertz"),
    ("J", "joules"),
    ("KBy", "kilobytes"),
    ("KiBy", "kibibytes"),
    ("MBy", "megabytes"),
    ("MiBy", "mebibytes"),
    ("TBy", "terabytes"),
    ("TiBy", "tebibytes"),
    ("V", "volts"),
    ("W", "watts"),
    ("d", "days"),
    ("g", "grams"),
    ("h", "hours"),
    ("m", "meters"),
    ("min", "minutes"),
    ("ms", "milliseconds"),
    ("ns", "nanoseconds"),
    ("s", "seconds"),
    ("us", "microseconds"),
    ("", ""),
];

/// Words for units behind a `/`.
const PER_UNITS: [(&str, &str); 7] = [
    ("d", "day"),
    ("h", "hour"),
    ("m", "minute"),
    ("mo", "month"),
    ("s", "second"),
    ("w", "week"),
    ("y", "year"),
];

/// What of a metric's kind its name depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameKind {
    /// Gets `_total`.
    Counter,
    /// Gets `_ratio` if its unit is 1.
    Gauge,
    Other,
}

/// Why no name is left.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("name {name:?} leaves no valid name after translation")]
pub(super) struct NoName {
    pub(super) name: String,
}

/// Returns the metric name for a metric's name and unit.
pub(super) fn metric_name(
    name: &str,
    unit: &str,
    (kind, strategy): (NameKind, TranslationStrategy),
) -> Result<String, NoName> {
    let none = || NoName {
        name: name.to_owned(),
    };
    if !strategy.escapes() {
        let translated = match strategy.adds_suffixes() {
            true => with_suffixes(name, unit, kind),
            false => name.to_owned(),
        };
        return if translated.is_empty() {
            Err(none())
        } else {
            Ok(translated)
        };
    }
    let mut translated = if strategy.adds_suffixes() {
        escaped_with_suffixes(name, unit, kind)
    } else {
        let parts = name.split(|c: char| !is_metric_char(c) && c != '_');
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("_")
    };
    if translated.starts_with(|c: char| c.is_ascii_digit()) {
        translated.insert(0, '_');
    }
    let only_underscores = translated.bytes().all(|b| b == b'_');
    if only_underscores && (translated.is_empty() || translated != name) {
        return Err(none());
    }
    Ok(translated)
}

/// Returns the unit as metadata gives it.
pub(super) fn unit_name(unit: &str) -> String {
    let (main, per) = unit_words(unit);
    let (main, per) = (clean_unit(&main), clean_unit(&per));
    let joined = match (main.is_empty(), per.is_empty()) {
        (false, false) => format!("{main}_{per}"),
        (false, true) => main,
        _ => per,
    };
    let joined = joined.strip_prefix('_').unwrap_or(&joined);
    joined.strip_suffix('_').unwrap_or(joined).to_owned()
}

/// Returns the label name for an attribute's name.
pub(super) fn label_name(name: &str, settings: &OtlpSettings) -> Result<String, NoName> {
    let none = || NoName {
        name: name.to_owned(),
    };
    if name.is_empty() {
        return Err(none());
    }
    if !settings.translation.escapes() {
        let only_underscores = name.bytes().all(|b| b == b'_');
        return if only_underscores {
            Err(none())
        } else {
            Ok(name.to_owned())
        };
    }
    let mut translated = if settings.keep_multiple_underscores {
        escape(name)
    } else {
        let reserved = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
        match reserved {
            Some(inner) => format!("__{}__", collapse(&escape(inner))),
            None => collapse(&escape(name)),
        }
    };
    if translated.starts_with(|c: char| c.is_ascii_digit()) {
        translated.insert_str(0, "key_");
    } else if settings.prefix_underscore && translated.starts_with('_') && !translated.starts_with("__") {
        translated.insert_str(0, "key");
    }
    if translated.bytes().all(|b| b == b'_') {
        return Err(none());
    }
    Ok(translated)
}

fn escaped_with_suffixes(name: &str, unit: &str, kind: NameKind) -> String {
    let (main, per) = unit_words(unit);
    let (main, per) = (clean_unit(&main), clean_unit(&per));
    let mut tokens: Vec<&str> = name
        .split(|c| !is_metric_char(c))
        .filter(|t| !t.is_empty())
        .collect();
    let mut main = if tokens.contains(&main.as_str()) {
        ""
    } else {
        &main
    };
    let per = per.strip_suffix('_').unwrap_or(&per);
    let per = if per == "per" || tokens.contains(&per) {
        ""
    } else {
        per
    };
    if !per.is_empty() {
        main = main.strip_suffix('_').unwrap_or(main);
    }
    tokens.extend([main, per].into_iter().filter(|token| !token.is_empty()));
    let suffix = match kind {
        NameKind::Counter => Some("total"),
        NameKind::Gauge if unit == "1" => Some("ratio"),
        _ => None,
    };
    if let Some(suffix) = suffix {
        tokens.retain(|token| *token != suffix);
        tokens.push(suffix);
    }
    tokens.join("_")
}

/// Appends suffixes to a name that stays as it is, unless it ends in them already.
fn with_suffixes(name: &str, unit: &str, kind: NameKind) -> String {
    let (main, per) = unit_words(unit);
    let mut suffixes = Vec::new();
    let mut stem = name;
    let mut take = |suffix: &str| {
        stem = without(stem, suffix);
        suffixes.push(suffix.to_owned());
    };
    if unit == "1" && kind == NameKind::Gauge {
        take("ratio");
    }
    if kind == NameKind::Counter {
        take("total");
    }
    if !per.is_empty() {
        take(&per);
    }
    let mut translated = stem.to_owned();
    if !main.is_empty() && !stem.ends_with(&main) {
        translated.push('_');
        translated.push_str(&main);
    }
    for suffix in suffixes.iter().rev() {
        translated.push('_');
        translated.push_str(suffix);
    }
    translated
}

/// Cuts a suffix and the character before it, if more is left than that.
fn without<'a>(name: &'a str, suffix: &str) -> &'a str {
    let stem = name.strip_suffix(suffix).unwrap_or(name);
    let mut chars = stem.chars();
    match chars.next_back() {
        Some(_) if stem.len() < name.len() && !chars.as_str().is_empty() => chars.as_str(),
        _ => name,
    }
}

/// Splits a unit at its `/` and finds the words for both sides, the second with `per_` before it. Annotations, in
/// braces, have no word.
fn unit_words(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let word = |unit: &str, table: &[(&str, &str)]| {
        let unit = unit.trim();
        if unit.contains(['{', '}']) {
            return String::new();
        }
        let known = table.iter().find(|(short, _)| *short == unit);
        known.map_or(unit, |(_, word)| word).to_owned()
    };
    let per = word(per, &PER_UNITS);
    let per = if per.is_empty() { per } else { format!("per_{per}") };
    (word(main, &UNITS), per)
}

fn clean_unit(unit: &str) -> String {
    let escaped: String = unit
        .chars()
        .map(|c| if is_metric_char(c) { c } else { '_' })
        .collect();
    let collapsed = collapse(&escaped);
    collapsed.strip_prefix('_').unwrap_or(&collapsed).to_owned()
}

fn escape(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

fn collapse(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c != '_' || !out.ends_with('_') {
            out.push(c);
        }
    }
    out
}

fn is_metric_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == ':'
}
#[cfg(test)]
mod tests;
