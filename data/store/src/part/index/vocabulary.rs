//! Names and values while a part is written: numbers in order of appearance, and the series of each.

use hashbrown::HashMap;
use model::PackedLabels;

use super::symbols::{Found, SYMBOL_BLOCK, put_postings, put_symbol};
use crate::head::Postings;
use crate::part::footer::Name;
use crate::part::section::SectionWriter;

/// Values of one name.
#[derive(Default)]
struct Values {
    numbers: HashMap<Box<str>, u32>,
    postings: Vec<Postings>,
}

/// All names and values so far.
#[derive(Default)]
pub(in crate::part) struct Vocabulary {
    names: HashMap<Box<str>, u32>,
    values: Vec<Values>,
}

/// Final numbers by provisional ones.
pub(in crate::part) struct Numbers {
    names: Vec<u32>,
    values: Vec<Vec<u32>>,
}

impl Numbers {
    /// Returns the numbers in order of a name and its value.
    pub(in crate::part) fn of(&self, (name, value): (u32, u32)) -> (u32, u32) {
        let values = self.values.get(name as usize);
        let value = values.and_then(|values| values.get(value as usize));
        let name = self.names.get(name as usize);
        (name.copied().unwrap_or(0), value.copied().unwrap_or(0))
    }
}

impl Vocabulary {
    /// Notes that a series has these labels; returns their provisional numbers.
    pub(in crate::part) fn note(&mut self, labels: PackedLabels<'_>, id: u32) -> Vec<(u32, u32)> {
        let mut numbers = Vec::new();
        for (name, value) in labels.iter() {
            let name = match self.names.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.values.len() as u32;
                    self.names.insert(name.into(), number);
                    self.values.push(Values::default());
                    number
                }
            };
            let Some(values) = self.values.get_mut(name as usize) else {
                continue;
            };
            let number = match values.numbers.get(value) {
                Some(number) => *number,
                None => {
                    let number = values.postings.len() as u32;
                    values.numbers.insert(value.into(), number);
                    values.postings.push(Postings::default());
                    number
                }
            };
            if let Some(postings) = values.postings.get_mut(number as usize) {
                postings.push(id);
            }
            numbers.push((name, number));
        }
        numbers
    }

    /// Writes symbols and postings; returns the names for the footer and the final numbers.
    pub(in crate::part) fn write(
        self,
        n_series: u64,
        (symbols, postings): (&mut SectionWriter, &mut SectionWriter),
    ) -> (Vec<Name>, Numbers) {
        let mut numbers = Numbers {
            names: vec![0; self.values.len()],
            values: vec![Vec::new(); self.values.len()],
        };
        let mut ordered: Vec<(Box<str>, u32)> = self.names.into_iter().collect();
        ordered.sort_unstable();
        let mut tables: Vec<Option<Values>> = self.values.into_iter().map(Some).collect();
        let mut names = Vec::with_capacity(ordered.len());
        for (at, (text, provisional)) in ordered.into_iter().enumerate() {
            let Some(values) = tables.get_mut(provisional as usize).and_then(Option::take) else {
                continue;
            };
            let (name, ranks) = write_name(text, values, (n_series, &mut *symbols, &mut *postings));
            if let Some(slot) = numbers.names.get_mut(provisional as usize) {
                *slot = at as u32;
            }
            if let Some(slot) = numbers.values.get_mut(provisional as usize) {
                *slot = ranks;
            }
            names.push(name);
        }
        (names, numbers)
    }
}

/// Writes the values of one name; returns the final number of each.
fn write_name(
    text: Box<str>,
    values: Values,
    (n_series, symbols, postings): (u64, &mut SectionWriter, &mut SectionWriter),
) -> (Name, Vec<u32>) {
    let mut ranks = vec![0; values.postings.len()];
    let mut ordered: Vec<(Box<str>, u32)> = values.numbers.into_iter().collect();
    ordered.sort_unstable();
    let mut name = Name {
        text,
        n_values: ordered.len() as u64,
        blocks: Vec::new(),
    };
    let mut previous: &str = "";
    let (mut entry, mut ids, mut encoded) = (Vec::new(), Vec::new(), Vec::new());
    for (rank, (value, number)) in ordered.iter().enumerate() {
        if rank % SYMBOL_BLOCK == 0 {
            name.blocks.push((value.clone(), symbols.len()));
            previous = "";
        }
        if let Some(slot) = ranks.get_mut(*number as usize) {
            *slot = rank as u32;
        }
        let Some(list) = values.postings.get(*number as usize) else {
            continue;
        };
        let found = if list.len() == 1 {
            Found::One(list.last())
        } else if u64::from(list.len()) == n_series {
            Found::All
        } else {
            ids.clear();
            ids.extend(list.iter());
            encoded.clear();
            put_postings(&ids, &mut encoded);
            let offset = postings.len();
            postings.write(&encoded);
            Found::Many {
                n: ids.len(),
                offset,
                bytes: encoded.len(),
            }
        };
        entry.clear();
        put_symbol((previous, value), (&found, list.len()), &mut entry);
        symbols.write(&entry);
        previous = value;
    }
    (name, ranks)
}
