//! Collector `os`: which distribution runs, from `/etc/os-release` or `/usr/lib/os-release`.
//!
//! The file is parsed again only when its content changes.
//! Format: os-release(5), assignments as a shell reads them.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};
use model::calendar::{DAY_SECONDS, day_number, days_in_month};

const INFO: Family<'_> = Family::gauge("node_os_info", "1; the labels say which distribution runs.");
const VERSION: Family<'_> = Family::gauge("node_os_version", "Major and minor version of the distribution.");
const SUPPORT_END: Family<'_> = Family::gauge(
    "node_os_support_end_timestamp_seconds",
    "End of support of the distribution, in seconds since 1970.",
);

/// Keys of the file with the labels they become.
const KEYS: [(&str, &str); 12] = [
    ("BUILD_ID", "build_id"),
    ("ID", "id"),
    ("ID_LIKE", "id_like"),
    ("IMAGE_ID", "image_id"),
    ("IMAGE_VERSION", "image_version"),
    ("NAME", "name"),
    ("PRETTY_NAME", "pretty_name"),
    ("VARIANT", "variant"),
    ("VARIANT_ID", "variant_id"),
    ("VERSION", "version"),
    ("VERSION_CODENAME", "version_codename"),
    ("VERSION_ID", "version_id"),
];
/// Labels of the version's family.
const VERSION_LABELS: [&str; 3] = ["id", "id_like", "name"];
const FILES: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];

/// Collects `node_os_*`.
#[derive(Default)]
pub(crate) struct Os {
    buffer: Vec<u8>,
    parsed: Vec<u8>,
    release: Release,
    problems: Problems,
}

/// What the file says.
#[derive(Default)]
struct Release {
    values: [String; KEYS.len()],
    version: Option<f64>,
    support_end: Option<f64>,
}

impl Collector for Os {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let [first, second] = FILES;
        match root.read(first, &mut self.buffer).map(|_| ()) {
            Err(CollectError::Absent { .. }) => {
                root.read(second, &mut self.buffer)?;
            }
            result => result?,
        }
        if self.buffer != self.parsed {
            self.problems = Problems::default();
            self.release = Release::parse(&self.buffer, &mut self.problems);
            self.parsed.clone_from(&self.buffer);
        }
        self.release.report(out);
        self.problems.clone().into_result()
    }
}

impl Release {
    fn parse(bytes: &[u8], problems: &mut Problems) -> Self {
        let mut release = Self::default();
        for line in parse::lines(bytes) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let text = String::from_utf8_lossy(line);
            let Some((key, value)) = text.split_once('=') else {
                problems.add(format_args!("cannot parse line of os-release: {text}"));
                continue;
            };
            release.take(key.trim(), &unquote(value.trim()), problems);
        }
        release
    }

    fn take(&mut self, key: &str, value: &str, problems: &mut Problems) {
        if let Some(idx) = KEYS.iter().position(|(known, _)| *known == key) {
            value.clone_into(&mut self.values[idx]);
        }
        match key {
            "VERSION_ID" => self.version = major_minor(value),
            "SUPPORT_END" if !value.is_empty() => {
                self.support_end = parse_date(value);
                if self.support_end.is_none() {
                    problems.add(format_args!("cannot parse SUPPORT_END of os-release: {value}"));
                }
            }
            _ => {}
        }
    }

    fn report(&self, out: &mut dyn Sink) {
        let mut labels = [("", ""); KEYS.len()];
        for ((label, (_, name)), value) in labels.iter_mut().zip(&KEYS).zip(&self.values) {
            *label = (name, value);
        }
        out.sample(&INFO, &labels, 1.0);
        if let Some(version) = self.version {
            let of = |name| {
                let found = labels.iter().find(|(label, _)| *label == name);
                found.copied().unwrap_or((name, ""))
            };
            out.sample(&VERSION, &VERSION_LABELS.map(of), version);
        }
        if let Some(seconds) = self.support_end {
            out.sample(&SUPPORT_END, &[], seconds);
        }
    }
}

/// Reads a value as a shell would: quotes join, a backslash takes the next character as it is, but not within
/// single quotes.
fn unquote(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(next) = chars.next() {
        match (next, quote) {
            ('\\', None | Some('"')) => text.extend(chars.next()),
            ('"' | '\'', None) => quote = Some(next),
            (_, Some(open)) if next == open => quote = None,
            _ => text.push(next),
        }
    }
    text
}

/// Returns the number `12` or `12.10` at the start of a version, if it is above zero.
fn major_minor(version: &str) -> Option<f64> {
    let mut seen_point = false;
    let end = version.find(|next: char| {
        let is_point = next == '.' && !seen_point;
        seen_point |= is_point;
        !is_point && !next.is_ascii_digit()
    });
    let start = version.get(..end.unwrap_or(version.len()))?;
    if !start.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    start.parse().ok().filter(|number| *number > 0.0)
}

/// Parses `2028-06-30` as seconds since 1970.
fn parse_date(text: &str) -> Option<f64> {
    let mut parts = text.split('-').map(|part| parse::unsigned(part.as_bytes()));
    let mut next = || i64::try_from(parts.next()??).ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let is_date = next().is_none()
        && (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    is_date.then(|| (day_number(year, month, day) * DAY_SECONDS) as f64)
}

#[cfg(test)]
mod tests;
