//! Cuts a watch into lines.

/// Collects pieces until there are whole lines. A line longer than the bound is left out and noted.
#[derive(Debug)]
pub(crate) struct LineBuffer {
    pending: Vec<u8>,
    limit: usize,
    /// In the middle of a line that is too long.
    skipping: bool,
    too_long: bool,
}

impl LineBuffer {
    /// Takes lines of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            pending: Vec::new(),
            limit,
            skipping: false,
            too_long: false,
        }
    }

    /// Adds a piece and returns the lines that are whole now, each with its end.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) -> Vec<u8> {
        if self.skipping {
            let Some(end) = piece.iter().position(|&byte| byte == b'\n') else {
                return Vec::new();
            };
            self.skipping = false;
            piece = piece.get(end + 1..).unwrap_or_default();
        }
        let Some(last) = piece.iter().rposition(|&byte| byte == b'\n') else {
            self.pending.extend_from_slice(piece);
            if self.pending.len() > self.limit {
                self.pending = Vec::new();
                self.skipping = true;
                self.too_long = true;
            }
            return Vec::new();
        };
        let (whole, rest) = piece.split_at(last + 1);
        let mut lines = std::mem::take(&mut self.pending);
        lines.extend_from_slice(whole);
        self.pending.extend_from_slice(rest);
        lines
    }

    /// Tells whether a line was left out.
    pub(crate) fn lost_a_line(&self) -> bool {
        self.too_long
    }
}

#[cfg(test)]
mod tests;
