//! Collector `entropy`: the pool of random bits, from `/proc/sys/kernel/random`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Problems, Root, attribute};

const FILES: [(&str, Family<'_>); 2] = [
    (
        "proc/sys/kernel/random/entropy_avail",
        Family::gauge(
            "node_entropy_available_bits",
            "Bits of entropy that are available.",
        ),
    ),
    (
        "proc/sys/kernel/random/poolsize",
        Family::gauge(
            "node_entropy_pool_size_bits",
            "Bits of entropy that fit into the pool.",
        ),
    ),
];

/// Collects `node_entropy_*`.
#[derive(Default)]
pub(crate) struct Entropy {
    buffer: Vec<u8>,
}

impl Collector for Entropy {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let mut problems = Problems::default();
        let mut absent = None;
        for (path, family) in &FILES {
            match attribute::number(root, path, &mut self.buffer) {
                Ok(bits) => out.sample(family, &[], bits),
                Err(error @ CollectError::Absent { .. }) => absent = Some(error),
                Err(error) => problems.add_error(&error),
            }
        }
        problems.into_result()?;
        absent.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests;
