//! Trees to read and a sink that shows what was said. For tests only.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use model::{Family, Labels, MetricType, Sink};

use crate::{Collector, Root};

/// A file tree that a test makes, removed when dropped.
pub(crate) struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    /// Makes an empty tree.
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Makes a tree of files, each with its content.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let tree = Self::new();
        for (path, content) in files {
            tree.write(path, content);
        }
        tree
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.make_room(path);
        std::fs::write(path, content).unwrap();
        self
    }

    /// Makes a symbolic link and the folders above it.
    pub(crate) fn link(&self, path: &str, target: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.make_room(path)).unwrap();
        self
    }

    /// Makes a folder and those above it.
    pub(crate) fn folder(&self, path: &str) -> &Self {
        std::fs::create_dir_all(self.dir.path().join(path)).unwrap();
        self
    }

    /// Removes a file or a folder with what is in it.
    pub(crate) fn remove(&self, path: &str) -> &Self {
        let path = self.dir.path().join(path);
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
        self
    }

    /// Returns the tree for a collector.
    pub(crate) fn root(&self) -> Root {
        Root::at(self.dir.path())
    }

    fn make_room(&self, path: &str) -> PathBuf {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

/// Takes samples and insists on what every family must hold: one type and one help a family, one sample a
/// label set.
#[derive(Default)]
struct Said {
    families: BTreeMap<String, (MetricType, String)>,
    samples: BTreeMap<(String, String), f64>,
}

impl Sink for Said {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let entry = (family.metric_type, family.help.to_owned());
        let known = self
            .families
            .entry(family.name.to_owned())
            .or_insert_with(|| entry.clone());
        assert_eq!(*known, entry, "{} changes its type or help", family.name);
        assert!(!family.help.is_empty(), "{} has no help", family.name);
        let labels = Labels::from_pairs(labels.iter().copied()).unwrap();
        let key = (family.name.to_owned(), labels.to_string());
        assert!(
            self.samples.insert(key.clone(), value).is_none(),
            "{key:?} comes twice"
        );
    }
}

/// Collects once and returns a line a sample in order, each family after a line with its type, at the end the
/// error if there is one.
pub(crate) fn render(collector: &mut dyn Collector, root: &Root) -> String {
    let mut said = Said::default();
    let result = collector.collect(root, &mut said);
    let mut text = String::new();
    let mut last = "";
    for ((name, labels), value) in &said.samples {
        if name != last {
            writeln!(text, "# {name} {}", said.families[name].0).unwrap();
            last = name;
        }
        let labels = if labels == "{}" { "" } else { labels };
        writeln!(text, "{name}{labels} {value}").unwrap();
    }
    if let Err(error) = result {
        writeln!(text, "! {error}").unwrap();
    }
    text
}
