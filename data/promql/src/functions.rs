//! The functions of the language: one row each, for the parser, the planner and the page's completion.
//!
//! The set is that of Prometheus 3.16. A new function is a row in [`table`], an [`FunctionId`], and its kernel.

mod table;

use crate::ast::ValueType;

pub(crate) use table::FunctionId;

/// A function as its users see it.
#[derive(Debug)]
pub struct Function {
    pub(crate) id: FunctionId,
    /// Its name.
    pub name: &'static str,
    /// Types of the arguments; the last one repeats if [`Function::max_args`] is larger.
    pub args: &'static [ValueType],
    /// Fewest arguments.
    pub min_args: usize,
    /// Most arguments; `None` means any number.
    pub max_args: Option<usize>,
    /// Type of the value.
    pub returns: ValueType,
    /// Whether it must be switched on.
    pub experimental: bool,
    /// How it is called, for people.
    pub signature: &'static str,
    /// What it does, in one sentence.
    pub description: &'static str,
}

/// There is one row a function, so the id decides.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Function {
    /// Returns the type the argument at a place must have.
    pub(crate) fn arg_type(&self, idx: usize) -> Option<ValueType> {
        self.args.get(idx).or(self.args.last()).copied()
    }
}

/// Returns all functions in order of names.
pub fn functions() -> &'static [Function] {
    table::FUNCTIONS
}

/// Finds a function by name.
pub(crate) fn find_function(name: &str) -> Option<&'static Function> {
    table::FUNCTIONS.iter().find(|function| function.name == name)
}

/// Returns the keywords of the language and the aggregation operators, for completion.
pub fn keywords() -> Vec<&'static str> {
    let words = [
        "and",
        "atan2",
        "bool",
        "by",
        "group_left",
        "group_right",
        "ignoring",
        "inf",
        "nan",
        "offset",
        "on",
        "or",
        "unless",
        "without",
    ];
    let aggregates = crate::ast::AggregateOp::ALL.iter().map(|(name, _)| *name);
    let mut all: Vec<_> = words.into_iter().chain(aggregates).collect();
    all.sort_unstable();
    all
}

/// Returns the name nearest to a word that is none, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = if word.len() < 5 { 1 } else { 2 };
    names
        .into_iter()
        .map(|name| (edit_distance(word, name), !name.starts_with(word), name))
        .filter(|(distance, ..)| *distance <= allowed)
        .min()
        .map(|(.., name)| name)
}

/// Levenshtein distance, by bytes; words longer than 64 bytes are far from everything.
fn edit_distance(a: &str, b: &str) -> usize {
    if a.len() > 64 || b.len() > 64 {
        return usize::MAX;
    }
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    let mut current = previous.clone();
    for (i, x) in a.bytes().enumerate() {
        current.clear();
        current.push(i + 1);
        let mut left = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let diagonal = previous.get(j).copied().unwrap_or(0) + usize::from(x != y);
            let above = previous.get(j + 1).copied().unwrap_or(0) + 1;
            left = diagonal.min(above).min(left + 1);
            current.push(left);
        }
        std::mem::swap(&mut previous, &mut current);
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
