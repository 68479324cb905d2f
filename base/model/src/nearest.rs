//! Mistyped names: which of the known ones was meant.

/// Returns the known name that needs the fewest edits to become `name`, if those are few: two, or a third of its
/// characters. Of equally near ones the first in the alphabet.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let enough = 2.max(name.chars().count() / 3);
    let distances = known.into_iter().map(|known| (edits(name, known), known));
    let near = distances.min().filter(|(edits, _)| *edits <= enough);
    near.map(|(_, known)| known)
}

/// Returns Levenshtein's distance of two words.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, pair) in b.chars().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
