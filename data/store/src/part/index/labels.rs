//! The labels of series.
//!
//! Parts have labels as numbers of their own. Whoever asks for the labels of series of several parts gets each
//! distinct pair of name and value as a number too, but one that all parts share ([`Pairs`]): the text of a pair is
//! read once a part, and what else is done for each series is done with numbers.

use hashbrown::{HashMap, HashTable};
use model::PackedLabels;

use super::rows::{BLOCK_ROWS, Block};
use crate::bytes::{Malformed, xxh3};
use crate::part::footer::SERIES;
use crate::part::pages::Window;
use crate::part::reader::{Part, PartError};

/// Values of a name, for each series whose labels are asked for, up to which their numbers are a plain table.
const DENSE: usize = 8;

/// Series whose labels are held at once.
const SLICE: usize = 4096;

const UNKNOWN: u32 = u32::MAX;

/// Distinct labels, each a packed set of one, numbered in order of appearance.
#[derive(Default)]
pub(crate) struct Pairs {
    text: String,
    ends: Vec<usize>,
    by_text: HashTable<u32>,
}

impl Pairs {
    /// Returns the number of a label.
    pub(crate) fn intern(&mut self, pair: &str) -> u32 {
        let hash = xxh3(pair.as_bytes());
        if let Some(known) = self.by_text.find(hash, |at| self.text(*at) == pair) {
            return *known;
        }
        let number = self.ends.len() as u32;
        self.text.push_str(pair);
        self.ends.push(self.text.len());
        let (text, ends) = (self.text.as_bytes(), &self.ends);
        let hash_of = |at: &u32| {
            let start = at.checked_sub(1).map_or(0, |before| ends[before as usize]);
            xxh3(&text[start..ends[*at as usize]])
        };
        self.by_text.insert_unique(hash, number, hash_of);
        number
    }

    /// Returns a label by its number.
    pub(crate) fn text(&self, number: u32) -> &str {
        let start = number.checked_sub(1).and_then(|at| self.ends.get(at as usize));
        let end = self.ends.get(number as usize).copied().unwrap_or(0);
        let start = start.copied().unwrap_or(0);
        self.text.get(start..end).unwrap_or("")
    }

    /// Puts labels together to a packed set.
    pub(crate) fn join(&self, numbers: &[u32], packed: &mut String) {
        packed.clear();
        numbers.iter().for_each(|pair| packed.push_str(self.text(*pair)));
    }
}

/// Numbers in [`Pairs`] of the values of one name, by those of the part.
enum Known {
    Dense(Vec<u32>),
    Sparse(HashMap<u32, u32>),
}

/// Values of one name that series have.
struct OfName {
    known: Known,
    /// Those whose numbers are yet to be found.
    wanted: Vec<u32>,
}

impl OfName {
    fn new(n_values: u64, n_ids: usize) -> Self {
        let dense = usize::try_from(n_values).ok().filter(|n| *n <= n_ids * DENSE);
        Self {
            known: match dense {
                Some(n) => Known::Dense(vec![UNKNOWN; n]),
                None => Known::Sparse(HashMap::new()),
            },
            wanted: Vec::new(),
        }
    }

    #[inline]
    fn slot(&mut self, value: u32) -> Option<&mut u32> {
        match &mut self.known {
            Known::Dense(numbers) => numbers.get_mut(value as usize),
            Known::Sparse(numbers) => Some(numbers.entry(value).or_insert(UNKNOWN)),
        }
    }

    /// Notes that the value of a cell is needed. Returns whether there is such a value.
    fn want(&mut self, cell: u32) -> bool {
        let Some(value) = cell.checked_sub(1) else {
            return true;
        };
        let Some(slot) = self.slot(value) else {
            return false;
        };
        if *slot == UNKNOWN {
            *slot = 0;
            self.wanted.push(value);
        }
        true
    }
}

/// The labels of series of one block, by name.
struct Rows {
    n: usize,
    columns: Vec<Column>,
}

/// Where the cells of a name are: numbers of values plus one, 0 for none.
struct Column {
    name: u32,
    from: usize,
    /// Cells from one series to the next, 0 if all have the same.
    step: usize,
}

impl Part {
    /// Calls `each` with the packed labels of the series asked for, which come in ascending order.
    pub(crate) fn labels(&self, ids: &[u32], mut each: impl FnMut(u32, &str)) -> Result<(), PartError> {
        let mut pairs = Pairs::default();
        let mut packed = String::new();
        self.label_pairs(ids, &mut pairs, |pairs, id, numbers| {
            pairs.join(numbers, &mut packed);
            each(id, &packed);
        })
    }

    /// Calls `each` with the labels of the series asked for, which come in ascending order, as numbers.
    pub(crate) fn label_pairs(
        &self,
        ids: &[u32],
        pairs: &mut Pairs,
        mut each: impl FnMut(&Pairs, u32, &[u32]),
    ) -> Result<(), PartError> {
        let mut numbers = Vec::new();
        if self.version() == 1 {
            return self.first_rows(ids, |id, _, packed| {
                numbers.clear();
                let labels = PackedLabels::trusted(packed);
                numbers.extend(labels.pairs().map(|pair| pairs.intern(pair.packed())));
                each(pairs, id, &numbers);
            });
        }
        let mut names: Vec<Option<OfName>> = self.footer.names.iter().map(|_| None).collect();
        for slice in ids.chunks(SLICE) {
            let (blocks, cells) = self.label_cells(slice, (ids.len(), &mut names))?;
            for (name, values) in (0..).zip(&mut names) {
                if let Some(values) = values {
                    self.number_pairs(name, values, pairs)?;
                }
            }
            let mut rest = slice.iter();
            for block in blocks {
                for (at, id) in rest.by_ref().take(block.n).enumerate() {
                    numbers.clear();
                    for column in &block.columns {
                        let cell = cells.get(column.from + at * column.step);
                        let Some(value) = cell.and_then(|cell| cell.checked_sub(1)) else {
                            continue;
                        };
                        let values = names.get_mut(column.name as usize).and_then(Option::as_mut);
                        numbers.extend(values.and_then(|values| values.slot(value)).copied());
                    }
                    each(pairs, *id, &numbers);
                }
            }
        }
        Ok(())
    }

    /// Reads the labels of series, ascending, as rows and the cells they are made of, and notes which values
    /// there are.
    fn label_cells(
        &self,
        ids: &[u32],
        (n_ids, names): (usize, &mut [Option<OfName>]),
    ) -> Result<(Vec<Rows>, Vec<u32>), PartError> {
        let mut window = Window::new(SERIES);
        let mut blocks = Vec::new();
        let mut cells = Vec::new();
        for slice in ids.chunk_by(|a, b| *a as usize / BLOCK_ROWS == *b as usize / BLOCK_ROWS) {
            let number = slice.first().map_or(0, |id| *id as usize / BLOCK_ROWS);
            let block = Block::parse(self.row_block(&mut window, number)?, |_| true)?;
            if slice
                .last()
                .is_some_and(|id| *id as usize % BLOCK_ROWS >= block.rows)
            {
                return Err(Malformed.into());
            }
            let mut columns = Vec::with_capacity(block.names.len());
            for (name, column) in &block.names {
                let n_values = || {
                    self.footer
                        .names
                        .get(*name as usize)
                        .map_or(0, |name| name.n_values)
                };
                let values = names.get_mut(*name as usize).ok_or(Malformed)?;
                let values = values.get_or_insert_with(|| OfName::new(n_values(), n_ids));
                let from = cells.len();
                let rows = if column.is_constant() {
                    slice.get(..1)
                } else {
                    Some(slice)
                };
                for id in rows.unwrap_or_default() {
                    let cell = u32::try_from(column.get(*id as usize % BLOCK_ROWS)).map_err(|_| Malformed)?;
                    if !values.want(cell) {
                        return Err(Malformed.into());
                    }
                    cells.push(cell);
                }
                let step = usize::from(!column.is_constant());
                columns.push(Column {
                    name: *name,
                    from,
                    step,
                });
            }
            blocks.push(Rows {
                n: slice.len(),
                columns,
            });
        }
        Ok((blocks, cells))
    }

    /// Finds the numbers of the values of a name that are wanted.
    fn number_pairs(&self, name: u32, values: &mut OfName, pairs: &mut Pairs) -> Result<(), PartError> {
        let mut wanted = std::mem::take(&mut values.wanted);
        wanted.sort_unstable();
        let (mut text, mut ends) = (String::new(), Vec::new());
        self.packed_pairs(name, &wanted, (&mut text, &mut ends))?;
        if ends.len() != wanted.len() {
            return Err(Malformed.into());
        }
        let mut from = 0;
        for (value, end) in wanted.into_iter().zip(ends) {
            let pair = text.get(from..end as usize).ok_or(Malformed)?;
            from = end as usize;
            if let Some(slot) = values.slot(value) {
                *slot = pairs.intern(pair);
            }
        }
        Ok(())
    }
}
