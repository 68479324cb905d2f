//! One look at a machine, put together from the answers.

use std::collections::BTreeMap;

use super::questions::Topic;
use crate::client::Series;

/// A machine at one time. NaN is a number that the server does not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Snapshot {
    /// Its label `instance`.
    pub(crate) instance: String,
    /// Its host name; empty if unknown.
    pub(crate) host: String,
    /// Its kernel release; empty if unknown.
    pub(crate) kernel: String,
    /// Time of the latest collection, seconds since 1970.
    pub(crate) time: Option<f64>,
    /// Seconds since boot.
    pub(crate) uptime: Option<f64>,
    /// Load averages over 1, 5 and 15 minutes.
    pub(crate) load: [Option<f64>; 3],
    /// CPUs' time by mode, in CPUs.
    pub(crate) cpu: BTreeMap<String, f64>,
    /// Share of time in which something waited, by resource and severity (`cpu some`).
    pub(crate) pressure: BTreeMap<String, f64>,
    /// Bytes by the kernel's names (`MemTotal`).
    pub(crate) memory: BTreeMap<String, f64>,
    /// Block devices.
    pub(crate) disks: Vec<Disk>,
    /// File systems.
    pub(crate) filesystems: Vec<Filesystem>,
    /// Network devices.
    pub(crate) networks: Vec<Network>,
    /// Processes; those too small to be told apart are one with an empty `pid`.
    pub(crate) processes: Vec<Process>,
    /// Containers.
    pub(crate) containers: Vec<Container>,
}

/// A block device.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Disk {
    pub(crate) device: String,
    /// Bytes per second.
    pub(crate) read: f64,
    /// Bytes per second.
    pub(crate) written: f64,
    /// Share of time with requests under way.
    pub(crate) busy: f64,
}

/// A file system.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filesystem {
    pub(crate) mountpoint: String,
    /// Bytes.
    pub(crate) size: f64,
    /// Bytes that users may still write.
    pub(crate) free: f64,
}

/// A network device.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Network {
    pub(crate) device: String,
    /// Bytes per second.
    pub(crate) received: f64,
    /// Bytes per second.
    pub(crate) sent: f64,
    /// Packets dropped per second, both ways.
    pub(crate) dropped: f64,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Process {
    pub(crate) pid: String,
    pub(crate) command: String,
    pub(crate) user: String,
    pub(crate) unit: String,
    /// CPUs.
    pub(crate) cpu: f64,
    /// Bytes.
    pub(crate) memory: f64,
    /// Bytes per second to and from disks.
    pub(crate) disk: f64,
    pub(crate) files: f64,
    pub(crate) threads: f64,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) image: String,
    /// CPUs.
    pub(crate) cpu: f64,
    /// Share of periods in which the CPU limit was reached.
    pub(crate) throttled: f64,
    /// Bytes.
    pub(crate) memory: f64,
    /// Bytes; 0 for none.
    pub(crate) limit: f64,
    /// Bytes per second.
    pub(crate) received: f64,
    /// Bytes per second.
    pub(crate) sent: f64,
    /// Bytes per second to and from disks.
    pub(crate) disk: f64,
}

impl Snapshot {
    /// Returns the number of CPUs, from the sum of all modes; 0 if unknown.
    pub(crate) fn n_cpus(&self) -> f64 {
        // Guest time is part of user time, steal and idle are not.
        self.cpu.values().sum::<f64>().round()
    }

    /// Returns an amount of memory in bytes.
    pub(crate) fn memory_of(&self, name: &str) -> Option<f64> {
        self.memory.get(name).copied()
    }
}

/// Puts a snapshot together.
#[derive(Debug)]
pub(super) struct Builder {
    snapshot: Snapshot,
    disks: BTreeMap<String, Disk>,
    filesystems: BTreeMap<String, Filesystem>,
    networks: BTreeMap<String, Network>,
    processes: BTreeMap<String, Process>,
    containers: BTreeMap<String, Container>,
}

impl Builder {
    /// Begins with the machine's name.
    pub(super) fn new(instance: &str) -> Self {
        Self {
            snapshot: Snapshot {
                instance: instance.to_owned(),
                ..Snapshot::default()
            },
            disks: BTreeMap::new(),
            filesystems: BTreeMap::new(),
            networks: BTreeMap::new(),
            processes: BTreeMap::new(),
            containers: BTreeMap::new(),
        }
    }

    /// Takes an answer. Those about memory of processes and containers come first: they say which there are
    /// now, while rates also know those that have just ended.
    pub(super) fn take(&mut self, topic: Topic, series: &[Series]) {
        for one in series {
            match topic {
                Topic::Time | Topic::Identity | Topic::Uptime | Topic::Load => self.take_identity(topic, one),
                Topic::Cpu => _ = self.snapshot.cpu.insert(one.label("mode").to_owned(), one.last()),
                Topic::Pressure => {
                    _ = self
                        .snapshot
                        .pressure
                        .insert(one.label("what").to_owned(), one.last())
                }
                Topic::Memory => self.take_memory(one),
                Topic::DiskRead | Topic::DiskWrite | Topic::DiskBusy => self.take_disk(topic, one),
                Topic::FilesystemSize | Topic::FilesystemFree => self.take_filesystem(topic, one),
                Topic::NetworkReceive | Topic::NetworkTransmit | Topic::NetworkDrop => {
                    self.take_network(topic, one);
                }
                Topic::ProcessMemory
                | Topic::ProcessCpu
                | Topic::ProcessDisk
                | Topic::ProcessFiles
                | Topic::ProcessThreads => self.take_process(topic, one),
                _ => self.take_container(topic, one),
            }
        }
    }

    /// Ends: lists in order of names.
    pub(super) fn finish(self) -> Snapshot {
        let mut snapshot = self.snapshot;
        snapshot.disks = self.disks.into_values().collect();
        snapshot.filesystems = self.filesystems.into_values().collect();
        snapshot.networks = self.networks.into_values().collect();
        snapshot.processes = self.processes.into_values().collect();
        snapshot.containers = self.containers.into_values().collect();
        snapshot
    }

    fn take_identity(&mut self, topic: Topic, series: &Series) {
        let snapshot = &mut self.snapshot;
        let value = Some(series.last());
        match topic {
            Topic::Identity => {
                series.label("nodename").clone_into(&mut snapshot.host);
                series.label("release").clone_into(&mut snapshot.kernel);
            }
            Topic::Time => snapshot.time = value,
            Topic::Uptime => snapshot.uptime = value,
            _ => match series.label(model::METRIC_NAME) {
                "node_load1" => snapshot.load[0] = value,
                "node_load5" => snapshot.load[1] = value,
                "node_load15" => snapshot.load[2] = value,
                _ => {}
            },
        }
    }

    fn take_memory(&mut self, series: &Series) {
        let name = series.label(model::METRIC_NAME);
        let short = name
            .strip_prefix("node_memory_")
            .and_then(|name| name.strip_suffix("_bytes"));
        if let Some(short) = short {
            self.snapshot.memory.insert(short.to_owned(), series.last());
        }
    }

    fn take_disk(&mut self, topic: Topic, series: &Series) {
        let device = series.label("device");
        let disk = self.disks.entry(device.to_owned()).or_insert_with(|| Disk {
            device: device.to_owned(),
            read: f64::NAN,
            written: f64::NAN,
            busy: f64::NAN,
        });
        match topic {
            Topic::DiskRead => disk.read = series.last(),
            Topic::DiskWrite => disk.written = series.last(),
            _ => disk.busy = series.last(),
        }
    }

    fn take_filesystem(&mut self, topic: Topic, series: &Series) {
        let mountpoint = series.label("mountpoint");
        let filesystem = self
            .filesystems
            .entry(mountpoint.to_owned())
            .or_insert_with(|| Filesystem {
                mountpoint: mountpoint.to_owned(),
                size: f64::NAN,
                free: f64::NAN,
            });
        match topic {
            Topic::FilesystemSize => filesystem.size = series.last(),
            _ => filesystem.free = series.last(),
        }
    }

    fn take_network(&mut self, topic: Topic, series: &Series) {
        let device = series.label("device");
        if topic == Topic::NetworkReceive {
            let network = Network {
                device: device.to_owned(),
                received: series.last(),
                sent: f64::NAN,
                dropped: f64::NAN,
            };
            self.networks.insert(device.to_owned(), network);
        } else if let Some(network) = self.networks.get_mut(device) {
            match topic {
                Topic::NetworkTransmit => network.sent = series.last(),
                _ => network.dropped = series.last(),
            }
        }
    }

    fn take_process(&mut self, topic: Topic, series: &Series) {
        let pid = series.label("pid");
        if topic == Topic::ProcessMemory {
            let text = |name: &str| series.label(name).to_owned();
            let process = Process {
                pid: pid.to_owned(),
                command: text("comm"),
                user: text("user"),
                unit: text("unit"),
                memory: series.last(),
                cpu: f64::NAN,
                disk: f64::NAN,
                files: f64::NAN,
                threads: f64::NAN,
            };
            self.processes.insert(pid.to_owned(), process);
        } else if let Some(process) = self.processes.get_mut(pid) {
            match topic {
                Topic::ProcessCpu => process.cpu = series.last(),
                Topic::ProcessDisk => process.disk = series.last(),
                Topic::ProcessFiles => process.files = series.last(),
                _ => process.threads = series.last(),
            }
        }
    }

    fn take_container(&mut self, topic: Topic, series: &Series) {
        let id = series.label("id");
        if topic == Topic::ContainerMemory {
            let container = Container {
                id: id.to_owned(),
                name: series.label("name").to_owned(),
                image: series.label("image").to_owned(),
                memory: series.last(),
                cpu: f64::NAN,
                throttled: f64::NAN,
                limit: f64::NAN,
                received: f64::NAN,
                sent: f64::NAN,
                disk: f64::NAN,
            };
            self.containers.insert(id.to_owned(), container);
        } else if let Some(container) = self.containers.get_mut(id) {
            match topic {
                Topic::ContainerLimit => container.limit = series.last(),
                Topic::ContainerCpu => container.cpu = series.last(),
                Topic::ContainerThrottled => container.throttled = series.last(),
                Topic::ContainerReceive => container.received = series.last(),
                Topic::ContainerTransmit => container.sent = series.last(),
                _ => container.disk = series.last(),
            }
        }
    }
}

#[cfg(test)]
mod tests;
