//! Metrics as text, in the format that Prometheus scrapes (exposition format, version 0.0.4).
//!
//! The format has all series of a family together, so a kind's objects are gone through once a family. What says
//! which object it is stands in each line and is written once: it is copied from there.

use std::io;

use model::{Family, MetricType};

use super::families::Asked;
use super::plan::PlannedKind;
use crate::objects::{Body, Object};

/// Bytes that are handed over at a time.
const PIECE: usize = 64 << 10;
/// Families that are made in one pass over all objects, whose memory is what takes the time; the text of all but the first
/// waits for its turn.
const SIDE_BY_SIDE: usize = 4;
/// Objects that are fetched into the processor's cache together.
const AT_ONCE: usize = 16;

/// Text on its way out.
pub(super) struct TextWriter<'a> {
    out: &'a mut dyn io::Write,
    text: String,
}

impl<'a> TextWriter<'a> {
    pub(super) fn new(out: &'a mut dyn io::Write) -> Self {
        let text = String::with_capacity(PIECE + PIECE / 4);
        Self { out, text }
    }

    /// Writes the families of one kind.
    pub(super) fn write(&mut self, planned: &PlannedKind, objects: &[&Object]) -> io::Result<()> {
        let identities = Identities::new(planned, objects);
        let mut later: [String; SIDE_BY_SIDE - 1] = Default::default();
        for places in planned.families.chunks(SIDE_BY_SIDE) {
            self.write_families((planned, places), objects, (&identities, &mut later))?;
            self.flush()?;
            for text in &mut later {
                self.out.write_all(text.as_bytes())?;
                text.clear();
            }
        }
        Ok(())
    }

    /// Goes through all objects once: the first family goes out at once, the others wait.
    fn write_families(
        &mut self,
        (planned, places): (&PlannedKind, &[usize]),
        objects: &[&Object],
        (identities, later): (&Identities, &mut [String]),
    ) -> io::Result<()> {
        let mut has_header = [false; SIDE_BY_SIDE];
        for (i, object) in objects.iter().enumerate() {
            if i.is_multiple_of(AT_ONCE) {
                fetch(objects.get(i..).unwrap_or_default());
            }
            let asked = planned.asked(object);
            let texts = std::iter::once(&mut self.text).chain(later.iter_mut());
            let texts = texts.zip(&mut has_header);
            for (place, (text, has_header)) in places.iter().zip(texts) {
                push_samples((text, has_header), (planned, *place), (asked, identities.get(i)));
            }
            if self.text.len() >= PIECE {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Begins a family.
    pub(super) fn header(&mut self, family: &Family<'_>) {
        push_header(&mut self.text, family);
    }

    /// Writes a sample.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) -> io::Result<()> {
        push_sample(&mut self.text, name, labels, value);
        if self.text.len() >= PIECE {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands over what is left.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// Writes the samples that one family has of an object.
fn push_samples(
    (text, has_header): (&mut String, &mut bool),
    (planned, place): (&PlannedKind, usize),
    (asked, identity): (Asked<'_>, &str),
) {
    let Some((family, _)) = planned.export.family(place) else {
        return;
    };
    // The beginning that all lines of the object have.
    let mut common = None;
    planned.export.emit(place, asked, &mut |labels, value| {
        if !*has_header {
            *has_header = true;
            push_header(text, family);
        }
        match common.clone() {
            Some(range) => text.extend_from_within(range),
            None => {
                let start = text.len();
                push_beginning(text, family.name, identity);
                common = Some(start..text.len());
            }
        }
        push_rest(text, !identity.is_empty(), labels, value);
    });
}

/// What says which object it is, as it stands in lines, one object after another.
struct Identities {
    text: String,
    ends: Vec<usize>,
}

impl Identities {
    fn new(planned: &PlannedKind, objects: &[&Object]) -> Self {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(objects.len());
        for object in objects {
            planned
                .export
                .identify(object, &mut |labels| push_labels(&mut text, labels));
            ends.push(text.len());
        }
        Self { text, ends }
    }

    fn get(&self, i: usize) -> &str {
        let start = i.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(i).copied().unwrap_or(0);
        self.text.get(start.copied().unwrap_or(0)..end).unwrap_or("")
    }
}

/// Reads a little of the next objects. One after the other they would be waited for each time; here nothing depends on
/// what is read, so the processor fetches all at the same time.
fn fetch(objects: &[&Object]) {
    let sum = objects.iter().take(AT_ONCE).fold(0, |sum, object| {
        let inner = match &object.body {
            Body::Pod(pod) => {
                let condition = pod.status.conditions.first().map_or(0, |one| one.kind.len());
                let container = pod.status.containers.first().map_or(0, |one| one.name.len());
                condition ^ container
            }
            _ => 0,
        };
        sum ^ inner ^ object.meta.name.len()
    });
    std::hint::black_box(sum);
}

fn push_header(text: &mut String, family: &Family<'_>) {
    let word = match family.metric_type {
        // The format has no such types.
        MetricType::Info | MetricType::StateSet => MetricType::Gauge.as_str(),
        MetricType::Unknown => "untyped",
        other => other.as_str(),
    };
    for part in ["# HELP ", family.name, " "] {
        text.push_str(part);
    }
    for c in family.help.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    for part in ["\n# TYPE ", family.name, " ", word, "\n"] {
        text.push_str(part);
    }
}

fn push_sample(text: &mut String, name: &str, labels: &[(&str, &str)], value: f64) {
    push_beginning(text, name, "");
    push_rest(text, false, labels, value);
}

/// Writes the name and the labels that say which object it is.
fn push_beginning(text: &mut String, name: &str, identity: &str) {
    text.push_str(name);
    if !identity.is_empty() {
        text.push('{');
        text.push_str(identity);
    }
}

/// Writes what follows: own labels, and the value.
fn push_rest(text: &mut String, has_identity: bool, own: &[(&str, &str)], value: f64) {
    if !own.is_empty() {
        text.push(if has_identity { ',' } else { '{' });
        push_labels(text, own);
    }
    text.push_str(if has_identity || !own.is_empty() {
        "} "
    } else {
        " "
    });
    wire::push_float(text, value);
    text.push('\n');
}

fn push_labels(text: &mut String, labels: &[(&str, &str)]) {
    for (i, (name, value)) in labels.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        push_escaped(text, value);
        text.push('"');
    }
}

fn push_escaped(text: &mut String, value: &str) {
    // Hardly ever is there anything to escape. Without a way out of the loop it looks at many bytes at once.
    let special = |byte: u8| byte == b'\\' || byte == b'"' || byte == b'\n';
    if !value.bytes().fold(false, |found, byte| found | special(byte)) {
        text.push_str(value);
        return;
    }
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}
