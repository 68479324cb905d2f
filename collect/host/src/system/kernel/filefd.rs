//! Collector `filefd`: open files of the whole machine, from `/proc/sys/fs/file-nr`.
//!
//! The file has three numbers: allocated, an unused zero, maximum.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, parse};

const ALLOCATED: Family<'_> = Family::gauge("node_filefd_allocated", "Open files of the whole machine.");
const MAXIMUM: Family<'_> = Family::gauge("node_filefd_maximum", "Most files the machine may have open.");

/// Collects `node_filefd_*`.
#[derive(Default)]
pub(crate) struct Filefd {
    buffer: Vec<u8>,
}

impl Collector for Filefd {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let bytes = root.read("proc/sys/fs/file-nr", &mut self.buffer)?;
        let mut problems = Problems::default();
        let mut words = parse::words(bytes).map(parse::unsigned);
        for (family, skipped) in [(&ALLOCATED, 0), (&MAXIMUM, 1)] {
            match words.nth(skipped).flatten() {
                Some(files) => out.sample(family, &[], files as f64),
                None => problems.add(format_args!(
                    "cannot parse /proc/sys/fs/file-nr for {}",
                    family.name
                )),
            }
        }
        problems.into_result()
    }
}

#[cfg(test)]
mod tests;
