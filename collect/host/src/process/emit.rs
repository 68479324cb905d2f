//! Says what was read of the processes.

use model::{Family, Sink};

use super::Processes;
use super::account::{Other, Tracked};
use super::families as f;
use super::files::push_number;
use super::owner::Owner;

/// Labels of a process, and the one more of some families.
const BASE: usize = 7;

/// The sink with the labels of one process.
struct Emit<'a> {
    labels: [(&'a str, &'a str); BASE],
    out: &'a mut dyn Sink,
}

impl Emit<'_> {
    fn value(&mut self, family: &Family<'_>, value: f64) {
        self.out.sample(family, &self.labels, value);
    }

    fn labelled(&mut self, family: &Family<'_>, label: (&str, &str), value: f64) {
        let [a, b, c, d, e, f, g] = self.labels;
        self.out.sample(family, &[a, b, c, d, e, f, g, label], value);
    }
}

impl Processes {
    /// Says all processes that are shown, in order of their ids, and the others.
    pub(super) fn emit(&self, out: &mut dyn Sink) {
        let mut shown: Vec<(&u32, &Tracked)> = self.tracked.iter().filter(|(_, t)| t.shown).collect();
        shown.sort_unstable_by_key(|(pid, _)| **pid);
        let mut number = String::new();
        for (pid, tracked) in shown {
            number.clear();
            push_number(&mut number, *pid);
            self.emit_one(&number, tracked, out);
        }
        self.emit_other(&self.other, out);
    }

    fn emit_one(&self, pid: &str, tracked: &Tracked, out: &mut dyn Sink) {
        let nobody = Owner::default();
        let owner = tracked.owner.as_ref().unwrap_or(&nobody);
        let mut emit = Emit {
            labels: [
                ("pid", pid),
                ("comm", &tracked.comm),
                ("user", &owner.user),
                ("unit", &owner.place.unit),
                ("container", &owner.place.container),
                ("pod", &owner.place.pod),
                ("namespace", &owner.place.namespace),
            ],
            out,
        };
        emit.labelled(&f::CPU, ("mode", "user"), self.seconds(tracked.user));
        emit.labelled(&f::CPU, ("mode", "system"), self.seconds(tracked.system));
        if !tracked.kernel {
            emit.value(&f::MEMORY, self.bytes(tracked.resident_pages));
            emit.value(&f::VIRTUAL, tracked.virtual_bytes as f64);
        }
        if let Some(io) = tracked.io {
            emit.labelled(&f::IO, ("direction", "read"), io.read as f64);
            emit.labelled(&f::IO, ("direction", "write"), io.written as f64);
        }
        if let Some(count) = tracked.descriptors {
            emit.value(&f::DESCRIPTORS, count as f64);
        }
        emit.value(&f::THREADS, tracked.threads as f64);
        if let Some(boot_time) = self.boot_time {
            emit.value(&f::START, boot_time as f64 + self.seconds(tracked.start));
        }
    }

    fn emit_other(&self, other: &Other, out: &mut dyn Sink) {
        let names = ["pid", "comm", "user", "unit", "container", "pod", "namespace"];
        let labels = names.map(|name| (name, if name == "comm" { "other" } else { "" }));
        let mut emit = Emit { labels, out };
        emit.labelled(&f::CPU, ("mode", "user"), self.seconds(other.user));
        emit.labelled(&f::CPU, ("mode", "system"), self.seconds(other.system));
        emit.value(&f::MEMORY, self.bytes(other.resident_pages));
        emit.value(&f::VIRTUAL, other.virtual_bytes as f64);
        emit.labelled(&f::IO, ("direction", "read"), other.io.read as f64);
        emit.labelled(&f::IO, ("direction", "write"), other.io.written as f64);
        emit.value(&f::DESCRIPTORS, other.descriptors as f64);
        emit.value(&f::THREADS, other.threads as f64);
    }

    fn seconds(&self, ticks: u64) -> f64 {
        ticks as f64 / self.ticks_per_second as f64
    }

    fn bytes(&self, pages: u64) -> f64 {
        pages as f64 * self.page_size as f64
    }
}
