//! Holds `layers.toml` against what the crates really depend on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, MetadataCommand};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layers {
    planes: BTreeMap<String, Vec<String>>,
    within: BTreeMap<String, Vec<String>>,
}

pub(super) fn problems(root: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(root.join("layers.toml")).context("failed to read layers.toml")?;
    let layers: Layers = toml::from_str(&text).context("failed to parse layers.toml")?;
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()?;
    let mut planes = BTreeMap::new();
    let mut problems = Vec::new();
    for package in &metadata.packages {
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest stands in a folder")?;
        let relative = folder.strip_prefix(root.to_string_lossy().as_ref())?;
        let plane = relative
            .components()
            .next()
            .map(|c| c.as_str().to_owned())
            .unwrap_or_default();
        if folder.file_name() != Some(package.name.as_str()) {
            problems.push(format!(
                "{relative}: crate {} and its folder have different names",
                package.name
            ));
        }
        if !layers.planes.contains_key(&plane) {
            problems.push(format!("{relative}: plane {plane} is not in layers.toml"));
        }
        planes.insert(package.name.to_string(), plane);
    }
    for package in &metadata.packages {
        let name = package.name.as_str();
        let plane = planes.get(name).map_or("", String::as_str);
        for dependency in &package.dependencies {
            let Some(target) = planes.get(&dependency.name) else {
                continue;
            };
            // What a crate's tests use may come from anywhere below `tests`, but not from another plane.
            let is_dev = dependency.kind == DependencyKind::Development;
            let allowed = if target == plane {
                layers
                    .within
                    .get(name)
                    .is_some_and(|list| list.contains(&dependency.name))
            } else {
                layers.planes.get(plane).is_some_and(|list| list.contains(target))
            };
            let excused = is_dev && target == "tests";
            if !allowed && !excused {
                problems.push(format!(
                    "{plane}/{name} depends on {target}/{}: not in layers.toml; \
                     speak through base/model, or add the edge there and in ARCHITECTURE.md",
                    dependency.name
                ));
            }
        }
    }
    Ok(problems)
}
