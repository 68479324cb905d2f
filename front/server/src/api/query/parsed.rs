//! Queries parsed before: a page asks the same ones after every collection.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use promql::ast::Expr;

use crate::api::answer::ApiError;

/// Queries kept; when there are more, all are forgotten, which costs less than knowing the oldest.
const MAX_QUERIES: usize = 512;
/// Longer queries are parsed each time, so that the cache holds a megabyte or two at most.
const MAX_TEXT_BYTES: usize = 4096;

/// Syntax trees by the text they were parsed from.
#[derive(Debug, Default)]
pub(crate) struct ParsedQueries {
    trees: Mutex<HashMap<Box<str>, Arc<Expr>>>,
}

impl ParsedQueries {
    /// Returns the tree of a query, by `parse` if it is not known. Mistakes are not kept.
    pub(crate) fn find_or_parse(
        &self,
        text: &str,
        parse: impl FnOnce(&str) -> Result<Expr, ApiError>,
    ) -> Result<Arc<Expr>, ApiError> {
        if let Some(tree) = self.trees.lock().get(text) {
            return Ok(Arc::clone(tree));
        }
        let tree = Arc::new(parse(text)?);
        if text.len() <= MAX_TEXT_BYTES {
            let mut trees = self.trees.lock();
            if trees.len() >= MAX_QUERIES {
                trees.clear();
            }
            trees.insert(text.into(), Arc::clone(&tree));
        }
        Ok(tree)
    }
}

#[cfg(test)]
mod tests;
