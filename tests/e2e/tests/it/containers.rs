//! A real container under a CPU and memory limit, its series beside the kernel's own files.

use std::path::PathBuf;

use anyhow::Context as _;
use testkit::{Client, Container, Periplus, Up, is_root, skip, wait_for};

#[test]
fn root_a_limited_container_shows_what_the_kernel_says() -> anyhow::Result<()> {
    let test = "root_a_limited_container_shows_what_the_kernel_says";
    if !is_root() {
        skip(test, "needs root to run a container");
        return Ok(());
    }
    let container = Container::run("while :; do :; done")?;
    let data = tempfile::tempdir()?;
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    })?;
    let client = &ours.client;

    let selector = format!(r#"{{id="{}"}}"#, Container::CGROUP);
    let limit = wait_for("the container's series", || {
        one(client, "container_spec_memory_limit_bytes", &selector)
    })?;
    let labels = &limit.labels;
    assert_eq!(labels["id"], Container::CGROUP, "{labels}");
    assert_eq!(labels["name"], Container::NAME, "{labels}");
    assert_eq!(limit.value, Container::MEMORY_LIMIT as f64);
    let value = |metric: &str| {
        one(client, metric, &selector)
            .map(|s| s.value)
            .context(metric.to_owned())
    };
    assert_eq!(value("container_spec_cpu_quota")?, Container::CPU_QUOTA as f64);
    assert_eq!(value("container_spec_cpu_period")?, Container::CPU_PERIOD as f64);
    assert_eq!(value("container_processes")?, 1.0);
    assert!(value("container_start_time_seconds")? > 0.0);

    // Counters lie between what the kernel said before and after.
    let cgroup = Cgroup::find()?;
    for (metric, read) in [
        (
            "container_cpu_usage_seconds_total",
            Cgroup::cpu_seconds as fn(&Cgroup) -> anyhow::Result<f64>,
        ),
        (
            "container_cpu_cfs_throttled_periods_total",
            Cgroup::throttled_periods,
        ),
        ("container_cpu_cfs_periods_total", Cgroup::periods),
    ] {
        let before = read(&cgroup)?;
        let seen = wait_for(metric, || {
            value(metric)
                .ok()
                .filter(|value| *value >= before && *value > 0.0)
        })?;
        let after = read(&cgroup)?;
        assert!(
            (before..=after).contains(&seen),
            "{metric}: {seen} is not in {before}..={after}"
        );
    }
    let memory = value("container_memory_usage_bytes")?;
    assert!(
        memory > 0.0 && memory <= Container::MEMORY_LIMIT as f64,
        "{memory} bytes"
    );
    assert!(value("container_memory_working_set_bytes")? <= memory);

    drop(container);
    wait_for("the container's series to end", || {
        client
            .query(&format!("container_last_seen{selector}"))
            .ok()
            .filter(Vec::is_empty)
    })?;
    Ok(())
}

struct One {
    labels: serde_json::Value,
    value: f64,
}

fn one(client: &Client, metric: &str, selector: &str) -> Option<One> {
    let series = client.query(&format!("{metric}{selector}")).ok()?;
    assert!(
        series.len() <= 1,
        "{metric}{selector} has {} series",
        series.len()
    );
    series
        .into_iter()
        .next()
        .map(|(labels, _, value)| One { labels, value })
}

/// The container's files of the kernel, on either version of cgroups.
struct Cgroup {
    cpu: PathBuf,
    cpuacct: PathBuf,
    is_v2: bool,
}

impl Cgroup {
    fn find() -> anyhow::Result<Self> {
        let below =
            |controller: &str| PathBuf::from(format!("/sys/fs/cgroup/{controller}{}", Container::CGROUP));
        let v1 = below("cpuacct");
        if v1.exists() {
            return Ok(Self {
                cpu: below("cpu"),
                cpuacct: v1,
                is_v2: false,
            });
        }
        let v2 = PathBuf::from(format!("/sys/fs/cgroup{}", Container::CGROUP));
        anyhow::ensure!(v2.exists(), "the container has no cgroup where ctr makes them");
        Ok(Self {
            cpu: v2.clone(),
            cpuacct: v2,
            is_v2: true,
        })
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        if self.is_v2 {
            return Ok(self.stat("usage_usec")? / 1e6);
        }
        Ok(std::fs::read_to_string(self.cpuacct.join("cpuacct.usage"))?
            .trim()
            .parse::<f64>()?
            / 1e9)
    }

    fn throttled_periods(&self) -> anyhow::Result<f64> {
        self.stat("nr_throttled")
    }

    fn periods(&self) -> anyhow::Result<f64> {
        self.stat("nr_periods")
    }

    fn stat(&self, key: &str) -> anyhow::Result<f64> {
        let text = std::fs::read_to_string(self.cpu.join("cpu.stat"))?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .with_context(|| key.to_owned())?;
        Ok(line.trim().parse()?)
    }
}
