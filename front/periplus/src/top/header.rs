//! The upper part of a frame: the machine in numbers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::bars::{Part, bar};
use super::snapshot::Snapshot;
use crate::screen::put;
use crate::units;

/// Rows of the meters.
pub(super) const METER_ROWS: u16 = 4;
const LABEL_WIDTH: usize = 8;
/// Width from which meters say more.
const WIDE: u16 = 110;
/// Shares of waiting above which the number stands out: something is held back a twentieth of its time.
const NOTABLE_WAITING: f64 = 0.05;
/// Shares of a file system that are worth a look.
const NOTABLE_FULL: f64 = 0.9;

/// Modes of CPU time as they are drawn: name, modes of the kernel, filling, colour.
const CPU_PARTS: [(&str, &[&str], char, Color); 4] = [
    ("user", &["user", "nice"], '█', Color::Green),
    ("sys", &["system"], '▓', Color::Red),
    ("wait", &["iowait"], '▒', Color::Yellow),
    ("other", &["irq", "softirq", "steal"], '░', Color::Magenta),
];

/// Draws CPU, memory, swap and waiting.
pub(super) fn render_meters(snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let room = if area.width < WIDE {
        Room::Narrow
    } else {
        Room::Wide
    };
    let lines = [
        cpu(snapshot, room),
        memory(snapshot, room),
        swap(snapshot, room),
        waiting(snapshot),
    ];
    for (line, y) in lines
        .iter()
        .zip(area.top()..area.bottom().min(buffer.area.bottom()))
    {
        buffer.set_line(area.left(), y, line, area.width);
    }
}

/// How much there is beside a bar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Narrow,
    Wide,
}

impl Room {
    fn bar_width(self) -> usize {
        match self {
            Self::Narrow => 20,
            Self::Wide => 42,
        }
    }
}

fn label(text: &str) -> Span<'static> {
    Span::styled(format!("{text:<LABEL_WIDTH$}"), Style::new().bold())
}

fn missing(text: &str, why: &'static str) -> Line<'static> {
    Line::from(vec![label(text), Span::styled(why, Style::new().dim())])
}

fn cpu(snapshot: &Snapshot, room: Room) -> Line<'static> {
    let n_cpus = snapshot.n_cpus();
    if n_cpus < 1.0 {
        return missing(
            "CPU",
            "two collections are needed for a rate; they come with time",
        );
    }
    let share = |modes: &[&str]| {
        let sum: f64 = modes.iter().filter_map(|mode| snapshot.cpu.get(*mode)).sum();
        sum / n_cpus
    };
    let parts = CPU_PARTS.map(|(_, modes, filling, colour)| Part {
        share: share(modes),
        filling,
        colour,
    });
    let total: f64 = parts.iter().map(|part| part.share).sum();
    let mut spans = vec![label("CPU")];
    spans.extend(bar(&parts, room.bar_width()));
    spans.push(Span::raw(format!(
        " {:>5.1} % of {n_cpus}",
        total.min(1.0) * 100.0
    )));
    let decimals = if room == Room::Narrow { 0 } else { 1 };
    for ((name, ..), part) in CPU_PARTS.iter().zip(&parts) {
        spans.push(Span::styled(
            format!("  {}", part.filling),
            Style::new().fg(part.colour),
        ));
        spans.push(Span::raw(format!("{name} {:.decimals$}", part.share * 100.0)));
    }
    Line::from(spans)
}

fn memory(snapshot: &Snapshot, room: Room) -> Line<'static> {
    let of = |name: &str| snapshot.memory_of(name);
    let (Some(total), Some(available)) = (of("MemTotal"), of("MemAvailable")) else {
        return missing("Memory", "not known");
    };
    let cache =
        of("Cached").unwrap_or(0.0) + of("Buffers").unwrap_or(0.0) + of("SReclaimable").unwrap_or(0.0);
    // What is neither free nor cache is in use; cache that cannot be dropped counts as cache all the same.
    let used = total - of("MemFree").unwrap_or(available) - cache;
    let parts = [
        Part {
            share: used / total,
            filling: '█',
            colour: Color::Green,
        },
        Part {
            share: cache / total,
            filling: '░',
            colour: Color::Blue,
        },
    ];
    let mut spans = vec![label("Memory")];
    spans.extend(bar(&parts, room.bar_width()));
    spans.push(Span::raw(format!(" {} available", units::bytes(available))));
    if room == Room::Wide {
        spans.push(Span::raw(format!(" of {}", units::bytes(total))));
    }
    for (part, (name, amount)) in parts.iter().zip([("used", used), ("cache", cache)]) {
        spans.push(Span::styled(
            format!("  {}", part.filling),
            Style::new().fg(part.colour),
        ));
        spans.push(Span::raw(format!("{name} {}", units::bytes(amount))));
    }
    Line::from(spans)
}

fn swap(snapshot: &Snapshot, room: Room) -> Line<'static> {
    let (Some(total), Some(free)) = (snapshot.memory_of("SwapTotal"), snapshot.memory_of("SwapFree")) else {
        return missing("Swap", "not known");
    };
    if total == 0.0 {
        return missing("Swap", "none");
    }
    let part = Part {
        share: 1.0 - free / total,
        filling: '█',
        colour: Color::Yellow,
    };
    let mut spans = vec![label("Swap")];
    spans.extend(bar(&[part], room.bar_width()));
    spans.push(Span::raw(format!(
        " {} of {} used",
        units::bytes(total - free),
        units::bytes(total)
    )));
    Line::from(spans)
}

/// Pressure-stall information: the share of time in which some task, and in which all of them, waited.
fn waiting(snapshot: &Snapshot) -> Line<'static> {
    if snapshot.pressure.is_empty() {
        return missing("Waiting", "the kernel does not say (no /proc/pressure)");
    }
    let mut spans = vec![label("Waiting")];
    let share = |what: &str, severity: &str| snapshot.pressure.get(&format!("{what} {severity}")).copied();
    for what in ["cpu", "memory", "io"] {
        let Some(some) = share(what, "some") else { continue };
        let notable = some >= NOTABLE_WAITING;
        let style = if notable {
            Style::new().fg(Color::Yellow).bold()
        } else {
            Style::new()
        };
        let full = share(what, "full").map_or_else(String::new, |full| format!(" / {:.1}", full * 100.0));
        spans.push(Span::raw(format!("{what} ")));
        spans.push(Span::styled(format!("{:.1}{full} %   ", some * 100.0), style));
    }
    spans.push(Span::styled("(some / all tasks)", Style::new().dim()));
    Line::from(spans)
}

/// A small table beside others of its kind.
pub(super) struct Block {
    /// Titles; all but the first with the width of their column.
    titles: (&'static str, [(&'static str, usize); 3]),
    /// Cells of each row; whether the row stands out.
    rows: Vec<([String; 4], bool)>,
}

impl Block {
    /// Returns the tables of disks, networks and file systems, each with the busiest or fullest rows first.
    pub(super) fn all(snapshot: &Snapshot, max_rows: usize) -> [Self; 3] {
        let mut blocks = [disks(snapshot), networks(snapshot), filesystems(snapshot)];
        for block in &mut blocks {
            block.rows.truncate(max_rows);
        }
        blocks
    }

    /// Returns the rows it takes, its titles included.
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.rows.len())
            .unwrap_or(u16::MAX)
            .saturating_add(1)
    }

    /// Draws it: the first column takes what the others leave.
    pub(super) fn render(&self, area: Rect, buffer: &mut Buffer) {
        let (name, columns) = &self.titles;
        let numbers: usize = columns.iter().map(|(_, width)| width).sum();
        let first = usize::from(area.width).saturating_sub(numbers);
        let line = |name: &str, cells: [&str; 3]| {
            let name: String = name.chars().take(first.saturating_sub(1)).collect();
            let mut text = format!("{name:<first$}");
            for (cell, (_, width)) in cells.iter().zip(columns) {
                text.push_str(&format!("{cell:>width$}"));
            }
            text
        };
        if area.is_empty() {
            return;
        }
        let titles = columns.map(|(title, _)| title);
        put(
            buffer,
            (area.x, area.y),
            &line(name, titles),
            (area.width, Style::new().bold()),
        );
        for ((cells, notable), y) in self.rows.iter().zip(area.y + 1..area.bottom()) {
            let [name, a, b, c] = cells;
            let style = if *notable {
                Style::new().fg(Color::Yellow)
            } else {
                Style::new()
            };
            put(buffer, (area.x, y), &line(name, [a, b, c]), (area.width, style));
        }
    }
}

fn rate(value: f64) -> String {
    match value {
        value if value.is_nan() => "–".to_owned(),
        0.0 => "0".to_owned(),
        value => format!("{}/s", units::bytes(value)),
    }
}

fn percent(share: f64) -> String {
    if share.is_nan() {
        "–".to_owned()
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

fn disks(snapshot: &Snapshot) -> Block {
    let mut disks: Vec<_> = snapshot.disks.iter().collect();
    disks.sort_by(|a, b| b.busy.total_cmp(&a.busy));
    let row = |disk: &super::snapshot::Disk| {
        let cells = [
            disk.device.clone(),
            rate(disk.read),
            rate(disk.written),
            percent(disk.busy),
        ];
        (cells, disk.busy >= NOTABLE_FULL)
    };
    Block {
        titles: ("DISK", [("READ", 11), ("WRITTEN", 11), ("BUSY", 6)]),
        rows: disks.into_iter().map(row).collect(),
    }
}

fn networks(snapshot: &Snapshot) -> Block {
    let mut networks: Vec<_> = snapshot.networks.iter().collect();
    networks.sort_by(|a, b| (b.received + b.sent).total_cmp(&(a.received + a.sent)));
    let row = |network: &super::snapshot::Network| {
        let dropped = match network.dropped {
            dropped if dropped.is_nan() => "–".to_owned(),
            dropped => format!("{}/s", units::short(dropped)),
        };
        let cells = [
            network.device.clone(),
            rate(network.received),
            rate(network.sent),
            dropped,
        ];
        (cells, network.dropped > 0.0)
    };
    Block {
        titles: ("NETWORK", [("RECEIVED", 11), ("SENT", 11), ("DROPPED", 8)]),
        rows: networks.into_iter().map(row).collect(),
    }
}

fn filesystems(snapshot: &Snapshot) -> Block {
    let share = |one: &super::snapshot::Filesystem| 1.0 - one.free / one.size;
    let mut filesystems: Vec<_> = snapshot.filesystems.iter().filter(|one| one.size > 0.0).collect();
    filesystems.sort_by(|a, b| share(b).total_cmp(&share(a)));
    let row = |one: &super::snapshot::Filesystem| {
        let cells = [
            one.mountpoint.clone(),
            units::bytes(one.size),
            units::bytes(one.free),
            percent(share(one)),
        ];
        (cells, share(one) >= NOTABLE_FULL)
    };
    Block {
        titles: ("FILE SYSTEM", [("SIZE", 10), ("FREE", 10), ("USED", 6)]),
        rows: filesystems.into_iter().map(row).collect(),
    }
}
