//! NVMe controllers and their namespaces: `/sys/class/nvme`.

use model::{Family, Sink};

use crate::folder::{Folder, Reader};
use crate::{CollectError, Collector, Root, parse};

const INFO: Family<'_> = Family::gauge(
    "node_nvme_info",
    "What /sys/class/nvme says about a controller in words; always 1.",
);
const NAMESPACE_INFO: Family<'_> = Family::gauge(
    "node_nvme_namespace_info",
    "What a controller says about a namespace in words; always 1.",
);
const CAPACITY: Family<'_> = Family::gauge(
    "node_nvme_namespace_capacity_bytes",
    "Capacity of a namespace: its size attribute times its block size.",
);
const SIZE: Family<'_> = Family::gauge(
    "node_nvme_namespace_size_bytes",
    "Size of a namespace: its size attribute times its block size.",
);
const USED: Family<'_> = Family::gauge(
    "node_nvme_namespace_used_bytes",
    "Room used in a namespace: its utilization times its block size.",
);
const BLOCK_SIZE: Family<'_> = Family::gauge(
    "node_nvme_namespace_logical_block_size_bytes",
    "Size of a logical block of a namespace.",
);

/// Attributes of a controller, with their labels.
const TEXTS: [(&str, &str); 5] = [
    ("firmware_rev", "firmware_revision"),
    ("model", "model"),
    ("serial", "serial"),
    ("state", "state"),
    ("cntlid", "cntlid"),
];

/// Collector `nvme`.
#[derive(Default)]
pub(crate) struct Nvme {
    reader: Reader,
    texts: [String; TEXTS.len()],
}

impl Collector for Nvme {
    fn collect(&mut self, root: &Root, out: &mut dyn Sink) -> Result<(), CollectError> {
        let class = Folder::open(root, "sys/class/nvme")?;
        let listed = class.each(|device, _| {
            if let Some(folder) = class.folder(device) {
                self.collect_controller(device, &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list /sys/class/nvme: {error}"));
        }
        self.reader.finish()
    }
}

impl Nvme {
    fn collect_controller(&mut self, device: &str, folder: &Folder, out: &mut dyn Sink) {
        let Self { reader, texts } = self;
        let mut labels = [("device", device); TEXTS.len() + 1];
        for (((file, name), text), label) in TEXTS.iter().zip(texts.iter_mut()).zip(&mut labels[1..]) {
            *label = (name, reader.text(folder, file, text).unwrap_or(""));
        }
        out.sample(&INFO, &labels, 1.0);
        let listed = folder.each(|name, _| {
            if let Some(id) = namespace_id(name)
                && let Some(folder) = folder.folder(name)
            {
                self.collect_namespace([("device", device), ("nsid", id)], &folder, out);
            }
        });
        if let Err(error) = listed {
            self.reader
                .problem(format_args!("failed to list namespaces of {device}: {error}"));
        }
    }

    fn collect_namespace(&mut self, labels: [(&str, &str); 2], folder: &Folder, out: &mut dyn Sink) {
        let reader = &mut self.reader;
        let state = match self.texts.first_mut() {
            // Only a controller with asymmetric access has one.
            Some(text) => reader.text(folder, "ana_state", text).unwrap_or("unknown"),
            None => "unknown",
        };
        let [device, id] = labels;
        out.sample(&NAMESPACE_INFO, &[device, id, ("ana_state", state)], 1.0);
        let block = reader.unsigned(folder, "queue/logical_block_size");
        let size = reader.unsigned(folder, "size");
        let used = reader.unsigned(folder, "nuse");
        let Some(block) = block.map(|block| block as f64) else {
            return;
        };
        out.sample(&BLOCK_SIZE, &labels, block);
        if let Some(size) = size {
            out.sample(&CAPACITY, &labels, size as f64 * block);
            out.sample(&SIZE, &labels, size as f64 * block);
        }
        if let Some(used) = used {
            out.sample(&USED, &labels, used as f64 * block);
        }
    }
}

/// Returns the number of a namespace `nvme0n1`; `None` for anything else, also for the paths `nvme0c1n1` to a
/// namespace that several controllers share.
fn namespace_id(name: &str) -> Option<&str> {
    let (controller, id) = name.strip_prefix("nvme")?.split_once('n')?;
    let is_number = |text: &str| parse::unsigned(text.as_bytes()).is_some();
    (is_number(controller) && is_number(id)).then_some(id)
}

#[cfg(test)]
mod tests;
