//! Checking what matchers ask for on series one by one, by the numbers of their labels.

use model::PackedLabels;

use super::rows::{BLOCK_ROWS, Block};
use crate::bytes::Malformed;
use crate::part::footer::SERIES;
use crate::part::pages::Window;
use crate::part::reader::{Part, PartError};

/// Which values of a label are right, by their numbers.
pub(crate) enum Verdict {
    /// These, in order.
    These(Vec<u32>),
    /// All but these, in order.
    Others(Vec<u32>),
    /// Those whose bit is set, 32 of them in a number.
    Bits(std::sync::Arc<[u32]>),
}

impl Verdict {
    fn of(&self, value: u32) -> bool {
        match self {
            Self::These(values) => values.binary_search(&value).is_ok(),
            Self::Others(values) => values.binary_search(&value).is_err(),
            Self::Bits(bits) => {
                let word = bits.get(value as usize / 32);
                word.is_some_and(|word| word >> (value % 32) & 1 == 1)
            }
        }
    }
}

/// What the value of a label is to be.
pub(crate) struct Check {
    /// Number of the label's name.
    pub(crate) name: u32,
    /// Whether series without the label are right.
    pub(crate) without: bool,
    pub(crate) verdict: Verdict,
}

impl Part {
    /// Leaves of the ids, ascending, the series for which all checks hold.
    pub(crate) fn retain(&self, ids: &mut Vec<u32>, checks: &[Check]) -> Result<(), PartError> {
        if checks.is_empty() {
            return Ok(());
        }
        let mut window = Window::new(SERIES);
        let mut kept = Vec::with_capacity(ids.len());
        for slice in ids.chunk_by(|a, b| *a as usize / BLOCK_ROWS == *b as usize / BLOCK_ROWS) {
            let number = slice.first().map_or(0, |id| *id as usize / BLOCK_ROWS);
            let bytes = self.row_block(&mut window, number)?;
            let block = Block::parse(bytes, |name| checks.iter().any(|check| check.name == name))?;
            let columns = checks.iter().map(|check| (check, block.column(check.name)));
            let columns: Vec<_> = columns.collect();
            // A column that the block lacks decides for all of it.
            if columns
                .iter()
                .any(|(check, column)| column.is_none() && !check.without)
            {
                continue;
            }
            for id in slice {
                let row = *id as usize % BLOCK_ROWS;
                if row >= block.rows {
                    return Err(Malformed.into());
                }
                let holds = columns.iter().all(|(check, column)| {
                    let number = column.map_or(0, |column| column.get(row));
                    match u32::try_from(number).unwrap_or(0).checked_sub(1) {
                        None => check.without,
                        Some(value) => check.verdict.of(value),
                    }
                });
                if holds {
                    kept.push(*id);
                }
            }
        }
        *ids = kept;
        Ok(())
    }

    /// Returns the values of a name that the series have, by number and in order.
    pub(crate) fn values_of(&self, name: u32, ids: &[u32]) -> Result<Vec<u32>, PartError> {
        let mut window = Window::new(SERIES);
        let mut values = Vec::with_capacity(ids.len());
        for slice in ids.chunk_by(|a, b| *a as usize / BLOCK_ROWS == *b as usize / BLOCK_ROWS) {
            let number = slice.first().map_or(0, |id| *id as usize / BLOCK_ROWS);
            let block = Block::parse(self.row_block(&mut window, number)?, |found| found == name)?;
            if let Some(column) = block.column(name) {
                let numbers = slice.iter().map(|id| column.get(*id as usize % BLOCK_ROWS));
                values.extend(numbers.filter_map(|number| u32::try_from(number).ok()?.checked_sub(1)));
            }
        }
        values.sort_unstable();
        values.dedup();
        Ok(values)
    }

    /// Leaves of the values of a name, given by number and in order, those that are to be kept.
    pub(crate) fn keep_values(
        &self,
        name: u32,
        values: Vec<u32>,
        keep: impl Fn(&str) -> bool,
    ) -> Result<Vec<u32>, PartError> {
        let (mut text, mut ends) = (String::new(), Vec::new());
        self.packed_pairs(name, &values, (&mut text, &mut ends))?;
        let mut from = 0;
        let mut kept = Vec::new();
        for (value, end) in values.into_iter().zip(ends) {
            let pair = text.get(from..end as usize).unwrap_or("");
            from = end as usize;
            let text = PackedLabels::trusted(pair)
                .iter()
                .next()
                .map_or("", |(_, text)| text);
            if keep(text) {
                kept.push(value);
            }
        }
        Ok(kept)
    }

    /// Returns a bit for each value of a name, set if it is to be kept. With prefixes, values that begin with none
    /// of them are known not to be.
    pub(crate) fn value_bits(
        &self,
        name: u32,
        (prefixes, keep): (&[String], impl Fn(&str) -> bool),
        bits: &mut Vec<u32>,
    ) -> Result<(), PartError> {
        let found = self.footer.names.get(name as usize).ok_or(Malformed)?;
        let n_values = usize::try_from(found.n_values).map_err(|_| Malformed)?;
        bits.resize(n_values.div_ceil(32), 0);
        let everything = [String::new()];
        let prefixes = if prefixes.is_empty() {
            &everything
        } else {
            prefixes
        };
        for prefix in prefixes {
            self.numbered_from((name, found), prefix, |number, value, _| {
                let inside = value.starts_with(prefix.as_str());
                if inside
                    && keep(value)
                    && let Some(word) = bits.get_mut(number as usize / 32)
                {
                    *word |= 1 << (number % 32);
                }
                inside
            })?;
        }
        Ok(())
    }
}
