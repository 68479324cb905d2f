//! Rules about the tree that no compiler checks: layers, file lengths, module docs, names of files.
//!
//! Runs as a test too, so that `make test` is the whole truth.

mod layers;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Returns one line a broken rule, with the file and what to do.
pub(crate) fn problems() -> anyhow::Result<Vec<String>> {
    let root = root()?;
    let mut problems = layers::problems(&root)?;
    problems.extend(sources::problems(&root)?);
    problems.sort();
    Ok(problems)
}

fn root() -> anyhow::Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map(Path::to_path_buf)
        .context("xtask stands in the root of the repository")
}

#[cfg(test)]
mod tests;
