//! Collector `kernel_hung`: tasks that the kernel found stuck, from `/proc/sys/kernel/hung_task_detect_count`.

use model::{Family, Sink};

use crate::{CollectError, Collector, Root, attribute};

const HUNG: Family<'_> = Family::counter(
    "node_kernel_hung_tasks_total",
    "Tasks that the kernel found stuck since boot.",
);

/// Collects `node_kernel_hung_tasks_total`.
#[derive(Default)]
pub(crate) struct HungTasks {
    buffer: Vec<u8>,
}

impl Collector for HungTasks {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let path = "proc/sys/kernel/hung_task_detect_count";
        let count = attribute::number(root, path, &mut self.buffer)?;
        out.sample(&HUNG, &[], count);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
