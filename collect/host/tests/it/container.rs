//! A real cgroup with limits and a process in it, against what the kernel's files say.
#![cfg(test)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use host::{Collector, Root, container, process};
use model::{Family, Labels, Sink};

const MEMORY_LIMIT: u64 = 64 << 20;
const CPU_QUOTA: u64 = 20_000;
const CPU_PERIOD: u64 = 100_000;

/// Values by series.
#[derive(Default)]
struct Said(BTreeMap<String, f64>);

impl Sink for Said {
    fn sample(&mut self, family: &Family<'_>, labels: &[(&str, &str)], value: f64) {
        let labels = Labels::from_pairs(labels.iter().copied()).unwrap();
        self.0.insert(format!("{}{labels}", family.name), value);
    }
}

impl Said {
    fn by(collector: &mut dyn Collector) -> Self {
        let mut said = Self::default();
        collector.collect(&Root::at("/"), &mut said).unwrap();
        said
    }

    /// Returns the value of the family for the series that has a text in its labels.
    fn value(&self, family: &str, text: &str) -> Option<f64> {
        let family = format!("{family}{{");
        let mut found = self
            .0
            .iter()
            .filter(|(series, _)| series.starts_with(&family) && series.contains(text));
        let value = found.next().map(|(_, value)| *value);
        assert!(
            found.next().is_none(),
            "{family} has more than one series with {text}"
        );
        value
    }
}

/// The machine's cgroup mounts, by controller; the v2 mount has the empty name.
fn mounts() -> BTreeMap<String, PathBuf> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let mut mounts = BTreeMap::new();
    for line in table.lines() {
        let (before, after) = line.split_once(" - ").unwrap();
        let mount = PathBuf::from(before.split(' ').nth(4).unwrap());
        let mut after = after.split(' ');
        match after.next().unwrap() {
            "cgroup2" => {
                mounts.entry(String::new()).or_insert(mount);
            }
            "cgroup" => {
                for option in after.nth(1).unwrap().split(',') {
                    mounts.entry(option.to_owned()).or_insert_with(|| mount.clone());
                }
            }
            _ => {}
        }
    }
    assert!(!mounts.is_empty(), "this test needs a mounted cgroup file system");
    mounts
}

/// A cgroup of a made-up service in all hierarchies, removed at the end with the process in it.
struct Service {
    name: String,
    folders: Vec<PathBuf>,
    child: Option<Child>,
}

impl Service {
    fn start(test: &str) -> Self {
        let name = format!("periplus-{test}-{}.service", std::process::id());
        let mut service = Self {
            name,
            folders: Vec::new(),
            child: None,
        };
        let mounts = mounts();
        // Others need more than a folder to take a process, and nothing is read there.
        for controller in ["", "cpu", "cpuacct", "memory", "blkio", "pids", "name=systemd"] {
            let Some(mount) = mounts.get(controller) else {
                continue;
            };
            let folder = mount.join(&service.name);
            if !service.folders.contains(&folder) {
                fs::create_dir(&folder).unwrap();
                service.folders.push(folder);
            }
        }
        service.limit(
            &["memory.limit_in_bytes", "memory.max"],
            &MEMORY_LIMIT.to_string(),
        );
        service.limit(&["cpu.cfs_period_us"], &CPU_PERIOD.to_string());
        service.limit(&["cpu.cfs_quota_us"], &CPU_QUOTA.to_string());
        service.limit(&["cpu.max"], &format!("{CPU_QUOTA} {CPU_PERIOD}"));
        // Joins the cgroups before it begins to burn time, all of which is then counted there.
        let joins: Vec<String> = service
            .folders
            .iter()
            .map(|folder| format!("echo $$ > {}/cgroup.procs;", folder.display()))
            .collect();
        let script = format!("{} while :; do :; done", joins.join(" "));
        service.child = Some(Command::new("sh").args(["-c", &script]).spawn().unwrap());
        service.wait_joined();
        service
    }

    fn limit(&self, files: &[&str], value: &str) {
        for folder in &self.folders {
            for path in files
                .iter()
                .map(|file| folder.join(file))
                .filter(|path| path.exists())
            {
                fs::write(path, value).unwrap();
            }
        }
    }

    /// Waits until the process is in the cgroups.
    fn wait_joined(&self) {
        let pid = self.pid().to_string();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let joined = |folder: &PathBuf| {
            let pids = fs::read_to_string(folder.join("cgroup.procs")).unwrap();
            pids.lines().any(|line| line == pid)
        };
        while !self.folders.iter().all(joined) {
            assert!(
                std::time::Instant::now() < deadline,
                "{pid} did not join its cgroups"
            );
            std::thread::yield_now();
        }
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Returns the text of the first file that there is in any of the hierarchies.
    fn read(&self, files: &[&str]) -> Option<String> {
        let paths = self
            .folders
            .iter()
            .flat_map(|folder| files.iter().map(|file| folder.join(file)));
        paths.into_iter().find_map(|path| fs::read_to_string(path).ok())
    }

    fn number(&self, files: &[&str]) -> Option<f64> {
        self.read(files)?.trim().parse().ok()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
        for folder in &self.folders {
            remove(folder);
        }
    }
}

/// The kernel needs a moment to let go of a cgroup whose last process was reaped.
fn remove(folder: &Path) {
    let removed = (0..100_000).any(|_| {
        std::thread::yield_now();
        fs::remove_dir(folder).is_ok()
    });
    assert!(
        removed || std::thread::panicking(),
        "failed to remove {}",
        folder.display()
    );
}

#[test]
fn root_a_cgroup_with_limits_says_what_the_kernel_says() {
    let service = Service::start("limits");
    let label = format!("name=\"{}\"", service.name);
    let mut collector = container::Containers::default();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    // Until the limit has held the process back and let it go again at least once.
    let said = loop {
        let said = Said::by(&mut collector);
        let throttled = said.value("container_cpu_cfs_throttled_seconds_total", &label);
        if throttled.is_some_and(|seconds| seconds > 0.0) {
            break said;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "never throttled: {:?}",
            said.0
        );
        std::thread::yield_now();
    };
    let value = |family: &str| said.value(family, &label);

    assert_eq!(
        value("container_spec_memory_limit_bytes"),
        Some(MEMORY_LIMIT as f64)
    );
    assert_eq!(value("container_spec_cpu_quota"), Some(CPU_QUOTA as f64));
    assert_eq!(value("container_spec_cpu_period"), Some(CPU_PERIOD as f64));
    assert_eq!(value("container_processes"), Some(1.0));
    assert_eq!(value("container_oom_events_total"), Some(0.0));

    let used = value("container_cpu_usage_seconds_total").unwrap();
    let now = service
        .number(&["cpuacct.usage"])
        .map(|nanos| nanos / 1e9)
        .or_else(|| {
            let stat = service.read(&["cpu.stat"])?;
            let line = stat.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
            Some(line.parse::<f64>().ok()? / 1e6)
        });
    assert!(used > 0.0 && used <= now.unwrap(), "{used} of {now:?}");
    let usage = value("container_memory_usage_bytes").unwrap();
    let peak = service
        .number(&["memory.max_usage_in_bytes", "memory.peak"])
        .unwrap_or(MEMORY_LIMIT as f64);
    assert!(usage > 0.0 && usage <= peak, "{usage} of {peak}");
    let working_set = value("container_memory_working_set_bytes").unwrap();
    assert!(working_set <= usage);
    let throttled = value("container_cpu_cfs_throttled_periods_total").unwrap();
    assert!(throttled > 0.0 && throttled <= value("container_cpu_cfs_periods_total").unwrap());
    let start = value("container_start_time_seconds").unwrap();
    let seen = value("container_last_seen").unwrap();
    assert!(start <= seen + 1.0 && seen - start < 3600.0, "{start} {seen}");
}

#[test]
fn root_a_process_of_a_service_has_its_unit() {
    let service = Service::start("unit");
    let pid = format!("pid=\"{}\"", service.pid());
    let mut collector = process::Processes::default();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let unit = format!("unit=\"{}\"", service.name);
    // Until it leads by CPU time from within its cgroup.
    let series = loop {
        let said = Said::by(&mut collector);
        let found = said
            .0
            .keys()
            .find(|series| series.starts_with("process_thread_count") && series.contains(&pid));
        if let Some(series) = found {
            break series.clone();
        }
        assert!(std::time::Instant::now() < deadline, "{pid} never led");
        std::thread::yield_now();
    };
    assert!(
        series.contains("comm=\"sh\"") && series.contains("user=\"root\""),
        "{series}"
    );
    assert!(series.contains(&unit), "{series}");
}
