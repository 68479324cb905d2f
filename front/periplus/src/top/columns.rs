//! The columns of the lists: a title, a key to sort by, and how a row looks and compares.

use std::cmp::Ordering;

use super::snapshot::{Container, Process};
use crate::units;

/// What a column takes from a row.
pub(super) enum Value {
    /// Text, leaning left, sorted from A.
    Text(String),
    /// A number as it is shown, leaning right, sorted from the largest.
    Number(f64, String),
}

/// A column of a list of `T`.
pub(super) struct Column<T: 'static> {
    /// Title.
    pub(super) title: &'static str,
    /// Characters wide; 0 for what is left, shared by such columns.
    pub(super) width: u16,
    /// Key that sorts by it.
    pub(super) key: Option<char>,
    /// Least width of the list at which the column is shown.
    pub(super) from_width: u16,
    /// Takes the value from a row.
    pub(super) value: fn(&T) -> Value,
}

/// Columns of processes.
pub(super) const PROCESSES: &[Column<Process>] = &[
    Column {
        title: "PID",
        width: 7,
        key: None,
        from_width: 0,
        value: |p| id(&p.pid),
    },
    Column {
        title: "USER",
        width: 10,
        key: None,
        from_width: 90,
        value: |p| Value::Text(p.user.clone()),
    },
    Column {
        title: "CPU",
        width: 8,
        key: Some('c'),
        from_width: 0,
        value: |p| share(p.cpu),
    },
    Column {
        title: "MEMORY",
        width: 10,
        key: Some('m'),
        from_width: 0,
        value: |p| amount(p.memory),
    },
    Column {
        title: "DISK",
        width: 12,
        key: Some('d'),
        from_width: 50,
        value: |p| rate(p.disk),
    },
    Column {
        title: "FILES",
        width: 6,
        key: Some('f'),
        from_width: 76,
        value: |p| count(p.files),
    },
    Column {
        title: "THREADS",
        width: 7,
        key: Some('t'),
        from_width: 100,
        value: |p| count(p.threads),
    },
    Column {
        title: "NAME",
        width: 0,
        key: Some('n'),
        from_width: 0,
        value: |p| Value::Text(p.command.clone()),
    },
    Column {
        title: "UNIT",
        width: 0,
        key: None,
        from_width: 120,
        value: |p| Value::Text(p.unit.clone()),
    },
];

/// Columns of containers.
pub(super) const CONTAINERS: &[Column<Container>] = &[
    Column {
        title: "NAME",
        width: 0,
        key: Some('n'),
        from_width: 0,
        value: |c| Value::Text(name(c)),
    },
    Column {
        title: "CPU",
        width: 8,
        key: Some('c'),
        from_width: 0,
        value: |c| share(c.cpu),
    },
    Column {
        title: "THROTTLED",
        width: 9,
        key: Some('t'),
        from_width: 60,
        value: |c| share(c.throttled),
    },
    Column {
        title: "MEMORY",
        width: 10,
        key: Some('m'),
        from_width: 0,
        value: |c| amount(c.memory),
    },
    Column {
        title: "LIMIT",
        width: 10,
        key: None,
        from_width: 60,
        value: |c| limit(c.limit),
    },
    Column {
        title: "RECEIVED",
        width: 12,
        key: None,
        from_width: 100,
        value: |c| rate(c.received),
    },
    Column {
        title: "SENT",
        width: 12,
        key: None,
        from_width: 100,
        value: |c| rate(c.sent),
    },
    Column {
        title: "DISK",
        width: 12,
        key: Some('d'),
        from_width: 120,
        value: |c| rate(c.disk),
    },
    Column {
        title: "IMAGE",
        width: 0,
        key: None,
        from_width: 140,
        value: |c| Value::Text(c.image.clone()),
    },
];

/// Returns the rows that a filter leaves, in the order of the column with the key `sort`.
pub(super) fn arrange<'t, T>(
    rows: &'t [T],
    columns: &[Column<T>],
    filter: &str,
    (sort, reversed): (char, bool),
) -> Vec<&'t T> {
    let mut shown: Vec<&T> = rows.iter().filter(|row| passes(*row, columns, filter)).collect();
    if let Some(column) = columns.iter().find(|column| column.key == Some(sort)) {
        shown.sort_by(|a, b| compare(&(column.value)(a), &(column.value)(b)));
        if reversed {
            shown.reverse();
        }
    }
    shown
}

/// Returns how many rows a filter leaves.
pub(super) fn n_shown<T>(rows: &[T], columns: &[Column<T>], filter: &str) -> usize {
    rows.iter().filter(|row| passes(*row, columns, filter)).count()
}

/// Returns a value as it is shown.
pub(super) fn shown(value: &Value) -> &str {
    match value {
        Value::Text(text) | Value::Number(_, text) => text,
    }
}

fn passes<T>(row: &T, columns: &[Column<T>], filter: &str) -> bool {
    let wanted = filter.to_lowercase();
    let contains = |column: &Column<T>| match (column.value)(row) {
        Value::Text(text) => text.to_lowercase().contains(&wanted),
        Value::Number(..) => false,
    };
    wanted.is_empty() || columns.iter().any(contains)
}

/// Largest number first, missing ones last; texts from A.
fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a, _), Value::Number(b, _)) => {
            a.is_nan().cmp(&b.is_nan()).then_with(|| b.total_cmp(a))
        }
        _ => shown(a).cmp(shown(b)),
    }
}

fn id(pid: &str) -> Value {
    Value::Text(if pid.is_empty() {
        "·".to_owned()
    } else {
        pid.to_owned()
    })
}

fn number(value: f64, shown: impl FnOnce(f64) -> String) -> Value {
    Value::Number(
        value,
        if value.is_nan() {
            "–".to_owned()
        } else {
            shown(value)
        },
    )
}

/// CPUs in percent of one, as people know it from other tools; shares in percent.
fn share(value: f64) -> Value {
    number(value, |value| format!("{:.1} %", value * 100.0))
}

fn amount(value: f64) -> Value {
    number(value, units::bytes)
}

fn rate(value: f64) -> Value {
    number(value, |value| {
        if value == 0.0 {
            "0".to_owned()
        } else {
            format!("{}/s", units::bytes(value))
        }
    })
}

fn count(value: f64) -> Value {
    number(value, units::number)
}

fn limit(value: f64) -> Value {
    number(value, |value| {
        if value == 0.0 {
            "none".to_owned()
        } else {
            units::bytes(value)
        }
    })
}

/// A container without a name is known by the end of its cgroup's path.
fn name(container: &Container) -> String {
    if container.name.is_empty() {
        container.id.rsplit('/').next().unwrap_or("").to_owned()
    } else {
        container.name.clone()
    }
}
