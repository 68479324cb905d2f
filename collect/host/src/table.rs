//! Everything that is collected, one row a collector, with what it may cost.

use crate::{Collector, container, cpu, disk, memory, network, process, system};

/// Whether a collector runs unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// Runs.
    On,
    /// Runs only when named: its cost grows with the machine.
    OptIn,
}

/// One collector.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Name, as node_exporter names the same source where it has it.
    pub name: &'static str,
    /// The `job` label of its series: whose names they carry.
    pub job: &'static str,
    /// What it reads, for people.
    pub source: &'static str,
    /// Runs every so many ticks of the agent's interval.
    pub every: u32,
    /// Most series it may hand over in one collection; what is beyond is dropped and counted.
    pub series_cap: usize,
    /// Whether it runs unless told otherwise.
    pub default: Default,
    /// Makes a collector with its empty caches.
    pub new: fn() -> Box<dyn Collector>,
}

/// `job` of series that carry node_exporter's names.
pub const NODE: &str = "node-exporter";
/// `job` of series that carry cAdvisor's names.
pub const CADVISOR: &str = "cadvisor";
/// `job` of series about single processes.
pub const PROCESS: &str = "process";

/// Makes a row of a collector that runs on every tick unless told otherwise.
const fn row(
    name: &'static str,
    source: &'static str,
    series_cap: usize,
    new: fn() -> Box<dyn Collector>,
) -> Row {
    Row {
        name,
        job: NODE,
        source,
        every: 1,
        series_cap,
        default: Default::On,
        new,
    }
}

/// Makes a row of a collector that runs only when named.
const fn opt_in(
    name: &'static str,
    source: &'static str,
    series_cap: usize,
    new: fn() -> Box<dyn Collector>,
) -> Row {
    Row {
        default: Default::OptIn,
        ..row(name, source, series_cap, new)
    }
}

/// All collectors, in the order in which they run.
pub const ROWS: &[Row] = &[
    // cpu
    row("cpu", "/proc/stat, /sys/devices/system/cpu", 20_000, || {
        Box::new(cpu::Usage::default())
    }),
    opt_in("cpu.info", "/proc/cpuinfo", 10_000, || {
        Box::new(cpu::Info::default())
    }),
    row("cpufreq", "/sys/devices/system/cpu/cpu*/cpufreq", 20_000, || {
        Box::new(cpu::Frequency::default())
    }),
    opt_in(
        "cpu_vulnerabilities",
        "/sys/devices/system/cpu/vulnerabilities",
        100,
        || Box::new(cpu::Vulnerabilities::default()),
    ),
    row("loadavg", "/proc/loadavg", 3, || Box::new(cpu::Load::default())),
    row("pressure", "/proc/pressure", 6, || {
        Box::new(cpu::Pressure::default())
    }),
    row("schedstat", "/proc/schedstat", 5_000, || {
        Box::new(cpu::Schedstat::default())
    }),
    row("stat", "/proc/stat", 6, || Box::new(cpu::Stat::default())),
    opt_in("stat.softirq", "/proc/stat", 10, || {
        Box::new(cpu::SoftirqTotals::default())
    }),
    opt_in("interrupts", "/proc/interrupts", 50_000, || {
        Box::new(cpu::Interrupts::default())
    }),
    opt_in("softirqs", "/proc/softirqs", 20_000, || {
        Box::new(cpu::Softirqs::default())
    }),
    // memory
    row("meminfo", "/proc/meminfo", 200, || {
        Box::new(memory::Meminfo::default())
    }),
    opt_in("meminfo_numa", "/sys/devices/system/node", 5_000, || {
        Box::new(memory::Numa::default())
    }),
    opt_in("zoneinfo", "/proc/zoneinfo", 5_000, || {
        Box::new(memory::Zoneinfo::default())
    }),
    row("vmstat", "/proc/vmstat", 100, || {
        Box::new(memory::Vmstat::default())
    }),
    row("edac", "/sys/devices/system/edac", 5_000, || {
        Box::new(memory::Edac::default())
    }),
    // disk
    row("filesystem", "/proc/1/mountinfo, statfs(2)", 20_000, || {
        Box::new(disk::Filesystem::default())
    }),
    row("diskstats", "/proc/diskstats, /run/udev/data", 50_000, || {
        Box::new(disk::DiskStats::default())
    }),
    row("mdadm", "/proc/mdstat, /sys/block/md*/md", 5_000, || {
        Box::new(disk::Mdadm::default())
    }),
    row("nvme", "/sys/class/nvme", 5_000, || {
        Box::new(disk::Nvme::default())
    }),
    row("dmmultipath", "/sys/block/dm-*", 10_000, || {
        Box::new(disk::DmMultipath::default())
    }),
    row("xfs", "/sys/fs/xfs", 10_000, || Box::new(disk::Xfs::default())),
    row("btrfs", "/sys/fs/btrfs", 5_000, || {
        Box::new(disk::Btrfs::default())
    }),
    row("bcache", "/sys/fs/bcache", 5_000, || {
        Box::new(disk::Bcache::default())
    }),
    row("bcachefs", "/sys/fs/bcachefs", 20_000, || {
        Box::new(disk::Bcachefs::default())
    }),
    row("zfs", "/proc/spl/kstat/zfs", 50_000, || {
        Box::new(disk::Zfs::default())
    }),
    row("nfs", "/proc/net/rpc/nfs", 200, || Box::new(disk::Nfs::default())),
    row("nfsd", "/proc/net/rpc/nfsd", 200, || {
        Box::new(disk::Nfsd::default())
    }),
    row("tapestats", "/sys/class/scsi_tape", 2_000, || {
        Box::new(disk::TapeStats::default())
    }),
    // network
    row("netdev", "/proc/net/dev", 20_000, || {
        Box::new(network::NetDev::default())
    }),
    row("netclass", "/sys/class/net", 20_000, || {
        Box::new(network::NetClass::default())
    }),
    row("netstat", "/proc/net/netstat, snmp, snmp6", 1_000, || {
        Box::new(network::NetStat::default())
    }),
    row("sockstat", "/proc/net/sockstat, sockstat6", 200, || {
        Box::new(network::SockStat::default())
    }),
    row("softnet", "/proc/net/softnet_stat", 20_000, || {
        Box::new(network::SoftNet::default())
    }),
    row("udp_queues", "/proc/net/udp, udp6", 10, || {
        Box::new(network::UdpQueues::default())
    }),
    row(
        "arp",
        "/proc/net/arp",
        5_000,
        || Box::new(network::Arp::default()),
    ),
    row(
        "conntrack",
        "/proc/sys/net/netfilter, /proc/net/stat/nf_conntrack",
        20,
        || Box::new(network::Conntrack::default()),
    ),
    row("ipvs", "/proc/net/ip_vs, ip_vs_stats", 20_000, || {
        Box::new(network::Ipvs::default())
    }),
    row("bonding", "/sys/class/net/*/bonding", 500, || {
        Box::new(network::Bonding::default())
    }),
    row("infiniband", "/sys/class/infiniband", 10_000, || {
        Box::new(network::InfiniBand::default())
    }),
    row("fibrechannel", "/sys/class/fc_host", 2_000, || {
        Box::new(network::FibreChannel::default())
    }),
    // system
    row(
        "time",
        "clock_gettime(2), /etc/localtime, /sys/devices/system/clocksource",
        50,
        || Box::new(system::Time::default()),
    ),
    row("timex", "adjtimex(2)", 17, || Box::new(system::Timex::default())),
    row("uname", "uname(2)", 1, || Box::new(system::Uname)),
    row("os", "/etc/os-release", 3, || Box::new(system::Os::default())),
    row("dmi", "/sys/class/dmi/id", 1, || Box::new(system::Dmi::default())),
    row("entropy", "/proc/sys/kernel/random", 2, || {
        Box::new(system::Entropy::default())
    }),
    row("filefd", "/proc/sys/fs/file-nr", 2, || {
        Box::new(system::Filefd::default())
    }),
    row(
        "kernel_hung",
        "/proc/sys/kernel/hung_task_detect_count",
        1,
        || Box::new(system::HungTasks::default()),
    ),
    row("selinux", "/sys/fs/selinux, /etc/selinux/config", 3, || {
        Box::new(system::Selinux::default())
    }),
    opt_in("processes", "/proc/<pid>/stat", 50, || {
        Box::new(system::Processes::default())
    }),
    row("hwmon", "/sys/class/hwmon", 5_000, || {
        Box::new(system::Hwmon::default())
    }),
    row("thermal_zone", "/sys/class/thermal", 5_000, || {
        Box::new(system::Thermal::default())
    }),
    row("powersupplyclass", "/sys/class/power_supply", 1_000, || {
        Box::new(system::PowerSupply::default())
    }),
    row("rapl", "/sys/class/powercap", 500, || {
        Box::new(system::Rapl::default())
    }),
    row("watchdog", "/sys/class/watchdog", 100, || {
        Box::new(system::Watchdog::default())
    }),
    // container
    Row {
        job: CADVISOR,
        ..row("container", "/sys/fs/cgroup, /proc/<pid>", 50_000, || {
            Box::new(container::Containers::default())
        })
    },
    // process
    Row {
        job: PROCESS,
        ..row("process", "/proc/<pid>", 1_000, || {
            Box::new(process::Processes::default())
        })
    },
];
