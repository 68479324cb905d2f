//! What the user has chosen: list, order, filter, place; and the keys that change it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::columns::{CONTAINERS, Column, PROCESSES};
use super::snapshot::Snapshot;

/// Rows by which a page moves.
const PAGE: usize = 10;
const MAX_FILTER_CHARS: usize = 64;

/// Which lists a frame shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lists {
    /// The chosen one where there is little room, both side by side where there is more.
    One,
    /// Both, one under the other.
    Both,
}

/// A list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum List {
    /// Processes.
    #[default]
    Processes,
    /// Containers.
    Containers,
}

/// What the view does after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Ends.
    Quit,
    /// Stops asking, or goes on.
    Pause,
    /// Draws what has changed.
    Redraw,
}

/// The user's choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controls {
    /// Which lists are shown.
    pub(super) lists: Lists,
    /// The list that keys are for.
    pub(super) list: List,
    /// Key of the column by which lists are sorted.
    pub(super) sort: char,
    /// Smallest first.
    pub(super) reversed: bool,
    /// Only rows that contain this are shown.
    pub(super) filter: String,
    /// The filter is being typed.
    pub(super) typing: bool,
    /// Rows above the first that is shown.
    pub(super) scrolled: usize,
    /// The keys are explained.
    pub(super) help: bool,
}

impl Controls {
    /// Begins with the busiest processes.
    pub(super) fn new(lists: Lists) -> Self {
        Self {
            lists,
            list: List::Processes,
            sort: 'c',
            reversed: false,
            filter: String::new(),
            typing: false,
            scrolled: 0,
            help: false,
        }
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: KeyEvent, snapshot: &Snapshot) -> Reaction {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Reaction::Quit;
        }
        if self.typing {
            self.type_filter(key.code);
            return Reaction::Redraw;
        }
        match key.code {
            KeyCode::Char('q') => return Reaction::Quit,
            KeyCode::Esc if self.help => self.help = false,
            KeyCode::Esc if !self.filter.is_empty() => self.filter.clear(),
            KeyCode::Esc => return Reaction::Quit,
            KeyCode::Char(' ') => return Reaction::Pause,
            KeyCode::Char('?' | 'h') => self.help = !self.help,
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Char('r') => self.reversed = !self.reversed,
            KeyCode::Tab | KeyCode::BackTab => self.switch(),
            KeyCode::Char('k') | KeyCode::Up => self.scroll_up(1),
            KeyCode::Char('j') | KeyCode::Down => self.scroll_down(1, snapshot),
            KeyCode::PageUp => self.scroll_up(PAGE),
            KeyCode::PageDown => self.scroll_down(PAGE, snapshot),
            KeyCode::Home | KeyCode::Char('g') => self.scrolled = 0,
            KeyCode::End | KeyCode::Char('G') => self.scroll_down(usize::MAX, snapshot),
            KeyCode::Left => self.move_sort(false),
            KeyCode::Right => self.move_sort(true),
            KeyCode::Char(key) if self.sort_keys().contains(&key) => self.sort_by(key),
            _ => {}
        }
        Reaction::Redraw
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => _ = self.filter.pop(),
            KeyCode::Char(c) if self.filter.chars().count() < MAX_FILTER_CHARS => self.filter.push(c),
            _ => {}
        }
        self.scrolled = 0;
    }

    fn switch(&mut self) {
        self.list = match self.list {
            List::Processes => List::Containers,
            List::Containers => List::Processes,
        };
        self.scrolled = 0;
        if !self.sort_keys().contains(&self.sort) {
            self.sort = 'c';
        }
    }

    fn scroll_up(&mut self, rows: usize) {
        self.scrolled = self.scrolled.saturating_sub(rows);
    }

    fn scroll_down(&mut self, rows: usize, snapshot: &Snapshot) {
        let n_rows = match self.list {
            List::Processes => super::columns::n_shown(&snapshot.processes, PROCESSES, &self.filter),
            List::Containers => super::columns::n_shown(&snapshot.containers, CONTAINERS, &self.filter),
        };
        self.scrolled = self.scrolled.saturating_add(rows).min(n_rows.saturating_sub(1));
    }

    /// Sorts by a column; by the same one again, the other way round.
    fn sort_by(&mut self, key: char) {
        self.reversed = self.sort == key && !self.reversed;
        self.sort = key;
        self.scrolled = 0;
    }

    fn move_sort(&mut self, right: bool) {
        let keys = self.sort_keys();
        let at = keys.iter().position(|key| *key == self.sort).unwrap_or(0);
        let next = if right {
            at + 1
        } else {
            at + keys.len().saturating_sub(1)
        };
        if let Some(key) = keys.get(next % keys.len().max(1)) {
            self.sort = *key;
            self.reversed = false;
        }
    }

    fn sort_keys(&self) -> Vec<char> {
        fn keys<T>(columns: &[Column<T>]) -> Vec<char> {
            columns.iter().filter_map(|column| column.key).collect()
        }
        match self.list {
            List::Processes => keys(PROCESSES),
            List::Containers => keys(CONTAINERS),
        }
    }
}

#[cfg(test)]
mod tests;
