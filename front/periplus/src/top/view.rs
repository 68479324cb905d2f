//! A frame: the machine above, lists below. The same code draws on the terminal and for print.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::columns::{CONTAINERS, PROCESSES};
use super::controls::{Controls, List, Lists};
use super::header::{Block, METER_ROWS, render_meters};
use super::listing;
use super::snapshot::Snapshot;
use crate::client::ClientError;
use crate::screen::put;
use crate::{time, units};

/// Width from which disks, networks and file systems stand side by side.
const THREE_BLOCKS: u16 = 132;
/// Width from which both lists do.
const TWO_LISTS: u16 = 150;
const GAP: u16 = 2;
/// Rows of each block; fewer on a low terminal, so that lists keep most of it.
const BLOCK_ROWS: usize = 5;

const HELP: [&str; 14] = [
    "q  Esc  Ctrl-C    quit",
    "Tab               processes or containers",
    "c                 sort by CPU",
    "m                 sort by memory",
    "d                 sort by disk traffic",
    "f                 sort by open files (processes)",
    "t                 sort by threads, or by throttling (containers)",
    "n                 sort by name",
    "r                 reverse the order",
    "←  →              sort by the next column",
    "↑ ↓ PgUp PgDn     scroll (also k j, Home End, g G)",
    "/                 filter by typing; Enter keeps it, Esc clears it",
    "Space             pause",
    "?                 close this help",
];

/// What a frame shows.
pub(super) struct View<'v> {
    /// The machine.
    pub(super) snapshot: &'v Snapshot,
    /// The user's choices.
    pub(super) controls: &'v Controls,
    /// Why there is nothing newer.
    pub(super) trouble: Option<&'v ClientError>,
    /// The user has stopped the asking.
    pub(super) paused: bool,
}

impl View<'_> {
    /// Returns the rows of a frame that shows at most `list_rows` of each list.
    pub(super) fn height(&self, width: u16, list_rows: u16) -> u16 {
        let rows = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).clamp(1, list_rows) + 1;
        let processes = rows(self.snapshot.processes.len());
        let containers = rows(self.snapshot.containers.len());
        let lists = if width >= TWO_LISTS {
            processes.max(containers)
        } else {
            processes + 1 + containers
        };
        self.lists_top(width, u16::MAX) + lists
    }

    /// Draws a frame.
    pub(super) fn render(&self, area: Rect, buffer: &mut Buffer) {
        self.render_title(Rect { height: 1, ..area }.intersection(area), buffer);
        let meters = Rect {
            y: area.y + 1,
            height: METER_ROWS,
            ..area
        }
        .intersection(area);
        render_meters(self.snapshot, meters, buffer);
        self.render_blocks(area, buffer);
        let top = self.lists_top(area.width, area.height).min(area.height);
        let footer = u16::from(self.controls.lists == Lists::One);
        let lists = Rect {
            y: area.y + top,
            height: area.height.saturating_sub(top + footer),
            ..area
        };
        self.render_lists(lists, buffer);
        if footer > 0 && area.height > 0 {
            self.render_footer(
                Rect {
                    y: area.bottom() - 1,
                    height: 1,
                    ..area
                },
                buffer,
            );
        }
        if self.controls.help {
            render_help(area, buffer);
        }
    }

    fn blocks(&self, height: u16) -> [Block; 3] {
        let max_rows = if height < 30 { 2 } else { BLOCK_ROWS };
        Block::all(self.snapshot, max_rows)
    }

    /// Returns the row below the meters and blocks, with an empty one before and after the blocks.
    fn lists_top(&self, width: u16, height: u16) -> u16 {
        let [disks, networks, filesystems] = self.blocks(height);
        let left = if width >= THREE_BLOCKS {
            disks.height().max(networks.height())
        } else {
            disks.height() + networks.height()
        };
        1 + METER_ROWS + 1 + left.max(filesystems.height()) + 1
    }

    /// Draws the blocks: three side by side, or networks under disks.
    fn render_blocks(&self, area: Rect, buffer: &mut Buffer) {
        let [disks, networks, filesystems] = self.blocks(area.height);
        let top = METER_ROWS + 2;
        let mut place = |block: &Block, (x, y): (u16, u16), width: u16| {
            let wanted = Rect {
                x: area.x + x,
                y: area.y + y,
                width,
                height: block.height(),
            };
            block.render(wanted.intersection(area), buffer);
        };
        if area.width >= THREE_BLOCKS {
            let third = (area.width - 2 * GAP) / 3;
            place(&disks, (0, top), third);
            place(&networks, (third + GAP, top), third);
            place(&filesystems, (2 * (third + GAP), top), third);
        } else {
            let half = area.width.saturating_sub(GAP) / 2;
            place(&disks, (0, top), half);
            place(&networks, (0, top + disks.height()), half);
            place(&filesystems, (half + GAP, top), half);
        }
    }

    fn render_lists(&self, area: Rect, buffer: &mut Buffer) {
        let is_active = |list: List| self.controls.list == list;
        let mut processes = |area: Rect, active: bool| {
            listing::render(
                &self.snapshot.processes,
                PROCESSES,
                (self.controls, active),
                (area, buffer),
            );
        };
        if area.width >= TWO_LISTS {
            let half = (area.width - GAP) / 2;
            processes(Rect { width: half, ..area }, is_active(List::Processes));
            let right = Rect {
                x: area.x + half + GAP,
                width: area.width - half - GAP,
                ..area
            };
            self.render_containers(right, is_active(List::Containers), buffer);
        } else if self.controls.lists == Lists::Both {
            let containers = u16::try_from(self.snapshot.containers.len()).unwrap_or(u16::MAX);
            let below = containers.clamp(1, area.height / 2) + 1;
            let above = area.height.saturating_sub(below + 1);
            processes(
                Rect {
                    height: above,
                    ..area
                },
                true,
            );
            let below = Rect {
                y: area.y + above + 1,
                height: below,
                ..area
            }
            .intersection(area);
            self.render_containers(below, true, buffer);
        } else if is_active(List::Processes) {
            processes(area, true);
        } else {
            self.render_containers(area, true, buffer);
        }
    }

    fn render_containers(&self, area: Rect, active: bool, buffer: &mut Buffer) {
        listing::render(
            &self.snapshot.containers,
            CONTAINERS,
            (self.controls, active),
            (area, buffer),
        );
    }

    fn render_title(&self, area: Rect, buffer: &mut Buffer) {
        let snapshot = self.snapshot;
        let name = if snapshot.host.is_empty() {
            &snapshot.instance
        } else {
            &snapshot.host
        };
        let mut spans = vec![Span::styled(name.clone(), Style::new().fg(Color::Cyan).bold())];
        if let Some(uptime) = snapshot.uptime {
            spans.push(Span::raw(format!("  up {}", units::seconds(uptime))));
        }
        if let [Some(one), Some(five), Some(fifteen)] = snapshot.load {
            spans.push(Span::raw(format!("  load {one:.2} {five:.2} {fifteen:.2}")));
        }
        let left = Line::from(spans);
        // Whole milliseconds are what timestamps have.
        let time = snapshot
            .time
            .map(|time| time::format_clock((time * 1000.0) as model::Millis) + " UTC");
        let right = time.unwrap_or_default();
        let right_width = u16::try_from(right.chars().count()).unwrap_or(u16::MAX);
        let room = area.width.saturating_sub(right_width + GAP);
        if area.is_empty() {
            return;
        }
        buffer.set_line(area.x, area.y, &left, room);
        let taken = u16::try_from(left.width())
            .unwrap_or(u16::MAX)
            .saturating_add(GAP);
        if taken < room && !snapshot.kernel.is_empty() {
            let kernel = format!("Linux {}", snapshot.kernel);
            put(
                buffer,
                (area.x + taken, area.y),
                &kernel,
                (room - taken, Style::new().dim()),
            );
        }
        let x = area.right().saturating_sub(right_width);
        put(buffer, (x, area.y), &right, (area.width, Style::new()));
    }

    fn render_footer(&self, area: Rect, buffer: &mut Buffer) {
        let controls = self.controls;
        let (text, style) = if let Some(error) = self.trouble {
            (format!("old data: {error}"), Style::new().fg(Color::Red).bold())
        } else if controls.typing {
            (format!("/{}▏", controls.filter), Style::new().bold())
        } else if self.paused {
            (
                "paused: Space goes on".to_owned(),
                Style::new().fg(Color::Yellow).bold(),
            )
        } else if !controls.filter.is_empty() {
            (
                format!("showing only {:?}: / changes it, Esc clears it", controls.filter),
                Style::new(),
            )
        } else {
            let keys = "q quit  Tab list  c m d f t n sort  r reverse  / filter  Space pause  ? help";
            (keys.to_owned(), Style::new().dim())
        };
        put(buffer, (area.x, area.y), &text, (area.width, style));
    }
}

fn render_help(area: Rect, buffer: &mut Buffer) {
    let rows = u16::try_from(HELP.len()).unwrap_or(u16::MAX);
    let width = 72.min(area.width);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + area.height.saturating_sub(rows + 2) / 2,
        width,
        height: rows + 2,
    }
    .intersection(area);
    Clear.render(place, buffer);
    let inner = ratatui::widgets::Block::bordered().title(" keys ");
    let text = inner.inner(place);
    inner.render(place, buffer);
    for (line, y) in HELP.iter().zip(text.top()..text.bottom()) {
        put(
            buffer,
            (text.x + 1, y),
            line,
            (text.width.saturating_sub(1), Style::new()),
        );
    }
}

#[cfg(test)]
mod tests;
