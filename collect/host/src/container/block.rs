//! Names of block devices.

use std::collections::HashMap;

use crate::{Root, parse};

/// Names by number, read anew when a number is not known.
#[derive(Debug, Default)]
pub(super) struct Devices {
    names: HashMap<(u32, u32), String>,
}

impl Devices {
    /// Returns the path of a device under `/dev`, empty if the kernel does not name it any more.
    pub(super) fn path(&mut self, root: &Root, major: u32, minor: u32) -> &str {
        if !self.names.contains_key(&(major, minor)) {
            self.read(root);
            // What stays unknown is remembered too, or every look would read the table.
            self.names.entry((major, minor)).or_default();
        }
        self.names.get(&(major, minor)).map_or("", String::as_str)
    }

    /// Reads lines of the form `major minor blocks name`.
    fn read(&mut self, root: &Root) {
        self.names.clear();
        let mut buffer = Vec::new();
        let bytes = root.read("proc/partitions", &mut buffer).unwrap_or(b"");
        for line in parse::lines(bytes) {
            let mut words = parse::words(line);
            let mut number = || {
                words
                    .next()
                    .and_then(parse::unsigned)
                    .and_then(|n| u32::try_from(n).ok())
            };
            let (Some(major), Some(minor)) = (number(), number()) else {
                continue;
            };
            if let Some(name) = words.nth(1) {
                // The kernel writes `!` for `/` in names.
                let name = parse::text(name).replace('!', "/");
                self.names.insert((major, minor), format!("/dev/{name}"));
            }
        }
    }
}
