//! The script language of Prometheus's promqltest.
//!
//! `load <step>` with series, value sequences and start timestamps, `load_with_nhcb`, `clear`, `eval instant at T`,
//! `eval range from A to B step S`, and what is expected of them.

use model::{Labels, Millis, parse_duration, stale_marker};
use promql::ast::ExprKind;
use promql::{Options, parse};
use regex::Regex;

use crate::literal::{Literal, read_histograms};

/// A value of a sequence.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Float(f64),
    Omitted,
    Histogram(Box<Literal>),
}

/// A series to be loaded.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) labels: Labels,
    pub(crate) items: Vec<Item>,
    /// When the counting began, relative to the time of each sample; empty if nothing is said.
    pub(crate) starts: Vec<Option<Millis>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Command {
    Clear,
    Load {
        step: Millis,
        series: Vec<Loaded>,
        /// Whether classic histograms are also loaded as native ones.
        with_nhcb: bool,
    },
    Eval(Box<Eval>),
}

/// How an error or annotation is expected to read.
#[derive(Clone, Debug)]
pub(crate) enum Text {
    Any,
    Exactly(String),
    Like(Regex),
}

impl Text {
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(expected) => expected == text,
            Self::Like(regex) => regex.is_match(text),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Eval {
    pub(crate) line: usize,
    pub(crate) expr: String,
    pub(crate) start: Millis,
    pub(crate) end: Millis,
    /// Zero for an instant query.
    pub(crate) step: Millis,
    /// Step of the values expected, for `expect range vector`.
    pub(crate) expected_step: Option<(Millis, Millis, Millis)>,
    pub(crate) ordered: bool,
    pub(crate) fail: Option<Text>,
    pub(crate) warn: Vec<Text>,
    pub(crate) info: Vec<Text>,
    pub(crate) no_warn: bool,
    pub(crate) no_info: bool,
    pub(crate) string: Option<String>,
    pub(crate) scalar: Option<f64>,
    pub(crate) series: Vec<(Labels, Vec<Item>)>,
}

/// Reads a script. Problems of single series make the whole script invalid: it is test data.
pub(crate) fn read(text: &str) -> Result<Vec<Command>, String> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        if line.is_empty() {
            at += 1;
            continue;
        }
        let end = (at + 1..lines.len())
            .find(|i| lines[*i].is_empty())
            .unwrap_or(lines.len());
        let fail = |message: String| format!("line {}: {message}", at + 1);
        if line == "clear" {
            commands.push(Command::Clear);
            at += 1;
        } else if line.starts_with("load") {
            let step = line
                .split_whitespace()
                .nth(1)
                .and_then(parse_duration)
                .ok_or_else(|| fail("step".into()))?;
            let mut series = Vec::new();
            let mut starts: Option<(Labels, Vec<Option<Millis>>)> = None;
            for line in &lines[at + 1..end] {
                if let Some((metric, offsets)) = split_starts(line) {
                    starts = Some((
                        read_labels(metric).map_err(fail)?,
                        read_starts(offsets).map_err(fail)?,
                    ));
                    continue;
                }
                let (labels, items) = read_series(line).map_err(fail)?;
                let starts = match starts.take() {
                    Some((metric, starts)) if metric == labels && starts.len() == items.len() => starts,
                    Some(_) => return Err(fail(format!("start timestamps do not fit {line}"))),
                    None => Vec::new(),
                };
                series.push(Loaded {
                    labels,
                    items,
                    starts,
                });
            }
            commands.push(Command::Load {
                step,
                series,
                with_nhcb: line.starts_with("load_with_nhcb"),
            });
            at = end;
        } else if line.starts_with("eval") {
            let (eval, used) = read_eval(at + 1, line, &lines[at + 1..end]).map_err(fail)?;
            commands.push(Command::Eval(Box::new(eval)));
            at += 1 + used;
        } else {
            return Err(fail(format!("unknown command {line}")));
        }
    }
    Ok(commands)
}

fn duration(text: &str) -> Result<Millis, String> {
    parse_duration(text).ok_or_else(|| format!("bad duration {text}"))
}

fn read_eval(number: usize, line: &str, below: &[&str]) -> Result<(Eval, usize), String> {
    let instant = Regex::new(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+))?\s+(.+)$")
        .expect("the pattern is valid");
    let range =
        Regex::new(r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$")
            .expect("the pattern is valid");
    let mut eval = Eval {
        line: number,
        ..Eval::default()
    };
    let legacy;
    if let Some(parts) = range.captures(line) {
        legacy = parts.get(1).map_or("", |m| m.as_str()).to_owned();
        eval.start = duration(&parts[2])?;
        eval.end = duration(&parts[3])?;
        eval.step = duration(&parts[4])?;
        eval.expr = parts[5].to_owned();
    } else if let Some(parts) = instant.captures(line) {
        legacy = parts.get(1).map_or("", |m| m.as_str()).to_owned();
        eval.start = duration(parts.get(2).map_or("0", |m| m.as_str()))?;
        eval.end = eval.start;
        eval.expr = parts[3].to_owned();
    } else {
        return Err(format!("bad eval: {line}"));
    }
    match legacy.as_str() {
        "fail" => eval.fail = Some(Text::Any),
        "warn" => eval.warn.push(Text::Any),
        "info" => eval.info.push(Text::Any),
        "ordered" => eval.ordered = true,
        _ => {}
    }
    let mut used = 0;
    for line in below {
        used += 1;
        if let Some(text) = line.strip_prefix("expected_fail_message") {
            eval.fail = Some(Text::Exactly(text.trim().to_owned()));
            break;
        }
        if let Some(text) = line.strip_prefix("expected_fail_regexp") {
            eval.fail = Some(Text::Like(Regex::new(text.trim()).map_err(|e| e.to_string())?));
            break;
        }
        if let Some(text) = line.strip_prefix("expect ") {
            expectation(&mut eval, text.trim())?;
            continue;
        }
        if let Some(value) = number_of(line) {
            eval.scalar = Some(value);
            break;
        }
        eval.series.push(read_series(line)?);
    }
    Ok((eval, used))
}

fn expectation(eval: &mut Eval, text: &str) -> Result<(), String> {
    if let Some(rest) = text.strip_prefix("range vector") {
        let words: Vec<_> = rest.split_whitespace().collect();
        let [_, from, _, to, _, step] = words.as_slice() else {
            return Err(format!("bad {text}"));
        };
        eval.expected_step = Some((duration(from)?, duration(to)?, duration(step)?));
        return Ok(());
    }
    if let Some(rest) = text.strip_prefix("string") {
        let Ok(expr) = parse(rest.trim(), &Options::STABLE) else {
            return Err(format!("bad {text}"));
        };
        let ExprKind::String(string) = expr.kind else {
            return Err(format!("bad {text}"));
        };
        eval.string = Some(string.value);
        return Ok(());
    }
    let (mode, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let wanted = if let Some(message) = rest.strip_prefix("msg:") {
        Text::Exactly(message.trim().to_owned())
    } else if let Some(pattern) = rest.strip_prefix("regex:") {
        Text::Like(Regex::new(pattern.trim()).map_err(|e| e.to_string())?)
    } else {
        Text::Any
    };
    match mode {
        "ordered" => eval.ordered = true,
        "fail" => eval.fail = Some(wanted),
        "warn" => eval.warn.push(wanted),
        "info" => eval.info.push(wanted),
        "no_warn" => eval.no_warn = true,
        "no_info" => eval.no_info = true,
        _ => return Err(format!("bad expect {text}")),
    }
    Ok(())
}

/// Reads `metric{label="value"} 1 2 3`.
pub(crate) fn read_series(line: &str) -> Result<(Labels, Vec<Item>), String> {
    let end = end_of_metric(line);
    let (metric, values) = line.split_at_checked(end).ok_or("no metric")?;
    Ok((read_labels(metric.trim())?, read_values(values)?))
}

/// Splits `metric{label="value"}@st -1m -2m` into metric and offsets.
fn split_starts(line: &str) -> Option<(&str, &str)> {
    let (metric, offsets) = line.split_once(char::is_whitespace)?;
    Some((metric.strip_suffix("@st")?, offsets.trim()))
}

/// Reads offsets of start timestamps: `_`, `_x3`, `-1m`, `-1mx3`, `-30s-1mx3`.
fn read_starts(text: &str) -> Result<Vec<Option<Millis>>, String> {
    let pattern = Regex::new(r"^(?:(_)|([+-]?\d+[a-wyz]*)(?:([+-])(\d+[a-wyz]*))?)(?:x(\d+))?$")
        .expect("the pattern is valid");
    let signed = |text: &str| {
        let negative = text.starts_with('-');
        let ms = duration(text.trim_start_matches(['+', '-']))?;
        Ok::<_, String>(if negative { -ms } else { ms })
    };
    let mut all = Vec::new();
    for item in text.split_whitespace() {
        let parts = pattern
            .captures(item)
            .ok_or_else(|| format!("bad start timestamp {item}"))?;
        let times = parts.get(5).and_then(|n| n.as_str().parse::<usize>().ok());
        if parts.get(1).is_some() {
            all.extend(std::iter::repeat_n(None, times.unwrap_or(1)));
            continue;
        }
        let mut offset = signed(&parts[2])?;
        let step = match (parts.get(3), parts.get(4)) {
            (Some(sign), Some(step)) if sign.as_str() == "-" => -duration(step.as_str())?,
            (Some(_), Some(step)) => duration(step.as_str())?,
            _ => 0,
        };
        for _ in 0..times.map_or(1, |times| times + 1) {
            all.push(Some(offset));
            offset += step;
        }
    }
    Ok(all)
}

fn end_of_metric(line: &str) -> usize {
    let mut quote = None;
    let mut braces = 0;
    let mut escaped = false;
    for (i, c) in line.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' | '`' => quote = Some(c),
                '{' => braces += 1,
                '}' => {
                    braces -= 1;
                    if braces == 0 {
                        return i + 1;
                    }
                }
                c if c.is_whitespace() && braces == 0 => {
                    // `metric {…}` is one metric, `metric 1 2` is one with values.
                    let rest = line.get(i..).unwrap_or("").trim_start();
                    if !rest.starts_with('{') || rest.starts_with("{{") {
                        return i;
                    }
                }
                _ => {}
            },
        }
    }
    line.len()
}

fn read_labels(metric: &str) -> Result<Labels, String> {
    if metric.chars().filter(|c| !c.is_whitespace()).eq("{}".chars()) {
        return Ok(Labels::default());
    }
    // A selector must have a matcher that is not empty; label sets may be anything, so one is added.
    let body = metric.strip_suffix('}');
    let text = match body {
        Some(body) => {
            let comma = if body.trim_end().ends_with(['{', ',']) {
                ""
            } else {
                ","
            };
            format!("{body}{comma}added=\"x\"}}")
        }
        None => format!("{metric}{{added=\"x\"}}"),
    };
    let expr = parse(&text, &Options::EXPERIMENTAL).map_err(|e| format!("{metric}: {e}"))?;
    let ExprKind::Selector(selector) = expr.kind else {
        return Err(format!("{metric}: no metric"));
    };
    let pairs = selector
        .matchers
        .iter()
        .filter(|m| m.name() != "added")
        .map(|m| (m.name(), m.value()));
    Labels::from_pairs(pairs).map_err(|e| e.to_string())
}

fn read_values(text: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let len = end_of_item(rest);
        let (item, after) = rest.split_at_checked(len).ok_or("item")?;
        read_item(item, &mut items)?;
        rest = after.trim_start();
    }
    Ok(items)
}

fn end_of_item(text: &str) -> usize {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if c.is_whitespace() && depth == 0 => return i,
            _ => {}
        }
    }
    text.len()
}

fn read_item(item: &str, out: &mut Vec<Item>) -> Result<(), String> {
    let bad = || format!("bad value {item}");
    let (value, times) = match item.rfind('x') {
        Some(at)
            if !item.ends_with('}') && item.get(at + 1..).is_some_and(|n| n.parse::<usize>().is_ok()) =>
        {
            let times: usize = item.get(at + 1..).and_then(|n| n.parse().ok()).ok_or_else(bad)?;
            (item.get(..at).unwrap_or(""), Some(times))
        }
        _ => (item, None),
    };
    if value == "_" {
        out.extend(std::iter::repeat_n(Item::Omitted, times.unwrap_or(1)));
        return Ok(());
    }
    let n = times.map_or(1, |times| times + 1);
    if value.starts_with("{{") {
        return read_histograms(value, n, out);
    }
    if value == "stale" {
        out.extend(std::iter::repeat_n(Item::Float(stale_marker()), n));
        return Ok(());
    }
    if let Some(value) = number_of(value) {
        out.extend(std::iter::repeat_n(Item::Float(value), n));
        return Ok(());
    }
    // `a+b` or `a-b`; the sign is the last one that leaves a number on its left.
    let signs = value
        .char_indices()
        .skip(1)
        .filter(|(_, c)| matches!(c, '+' | '-'));
    for (at, _) in signs.collect::<Vec<_>>().into_iter().rev() {
        let parts = (
            value.get(..at).and_then(number_of),
            value.get(at..).and_then(number_of),
        );
        if let (Some(first), Some(step), Some(_)) = (parts.0, parts.1, times) {
            let mut value = first;
            for _ in 0..n {
                out.push(Item::Float(value));
                value += step;
            }
            return Ok(());
        }
    }
    Err(bad())
}

pub(crate) fn number_of(text: &str) -> Option<f64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match digits.to_ascii_lowercase().as_str() {
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        _ if digits.starts_with("0x") => {
            i64::from_str_radix(digits.trim_start_matches("0x"), 16).ok()? as f64
        }
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => digits.parse().ok()?,
        _ => return None,
    };
    Some(if negative { -value } else { value })
}
