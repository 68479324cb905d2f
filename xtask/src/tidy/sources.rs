//! Rules about single Rust files.

use std::path::Path;

use anyhow::Context as _;

/// A file of this many lines fails; from 500 on, think of splitting.
const MAX_LINES: usize = 800;
/// Files beside each other in one folder, before sub-folders must say what belongs together.
const MAX_FILES: usize = 12;
/// Words that name nothing.
const EMPTY_NAMES: [&str; 8] = [
    "common", "core", "handlers", "helpers", "manager", "misc", "types", "utils",
];

pub(super) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for plane in [
        "base", "collect", "data", "fleet", "insight", "front", "tests", "bench", "xtask",
    ] {
        let folder = root.join(plane);
        if folder.is_dir() {
            visit(root, &folder, &mut problems)?;
        }
    }
    Ok(problems)
}

fn visit(root: &Path, folder: &Path, problems: &mut Vec<String>) -> anyhow::Result<()> {
    let mut files = 0;
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !["node_modules", "target", "dist", "data", "cases"].contains(&name.as_str()) {
                visit(root, &path, problems)?;
            }
        } else if name.ends_with(".rs") {
            files += usize::from(!["lib.rs", "main.rs", "tests.rs"].contains(&name.as_str()));
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("failed to read {}", path.display()))?;
            let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            check(&shown, &name, &text, problems);
        }
    }
    if files > MAX_FILES {
        let shown = folder.strip_prefix(root).unwrap_or(folder).display();
        problems.push(format!(
            "{shown}: {files} files beside each other; make sub-folders"
        ));
    }
    Ok(())
}

fn check(shown: &str, name: &str, text: &str, problems: &mut Vec<String>) {
    let stem = name.trim_end_matches(".rs");
    let is_test = name == "tests.rs" || shown.contains("/tests/");
    if name == "mod.rs" {
        problems.push(format!("{shown}: use {{folder}}.rs instead of {{folder}}/mod.rs"));
    }
    if EMPTY_NAMES.contains(&stem) {
        problems.push(format!(
            "{shown}: {stem} names nothing; name the thing the module owns"
        ));
    }
    if !is_test && text.lines().count() > MAX_LINES {
        problems.push(format!(
            "{shown}: more than {MAX_LINES} lines; split it by responsibility"
        ));
    }
    if name != "tests.rs" && !text.trim_start().starts_with("//!") {
        problems.push(format!("{shown}: begin with //! and say why the module exists"));
    }
    let inline = ["#[cfg(test)]\nmod tests {", "#[cfg(test)]\npub mod tests {"];
    if inline.iter().any(|start| text.contains(start)) {
        problems.push(format!(
            "{shown}: move the tests to {stem}/tests.rs, else an edit rebuilds all users"
        ));
    }
}
