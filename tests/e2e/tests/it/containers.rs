//! A real container under a CPU and memory limit, its series beside the kernel's own files.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use testkit::{Client, Periplus, Up, is_root, skip, wait_for};

const SOCKET: &str = "/run/containerd/containerd.sock";
const NAME: &str = "periplus-e2e";
const IMAGE: &str = "localhost/periplus/busybox:e2e";
const MEMORY_LIMIT: u64 = 64 << 20;
/// The container may use a fifth of a core and wants a whole one, so it is throttled.
const CPU_QUOTA: u64 = 20_000;
const CPU_PERIOD: u64 = 100_000;

/// containerd, unless one runs already; stops what it started.
struct Runtime(Option<Child>);

impl Runtime {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        if std::os::unix::net::UnixStream::connect(SOCKET).is_ok() {
            return Ok(Self(None));
        }
        let config = folder.join("containerd.toml");
        let root = folder.join("containerd");
        let text = format!(
            "version = 2\nroot = {root:?}\nstate = \"/run/containerd\"\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n[grpc]\naddress = {SOCKET:?}\n"
        );
        std::fs::write(&config, text)?;
        let mut command = Command::new("containerd");
        command
            .arg("--config")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let runtime = Self(Some(
            command
                .spawn()
                .context("containerd is installed by scripts/setup.sh test")?,
        ));
        wait_for("containerd to listen", || {
            std::os::unix::net::UnixStream::connect(SOCKET).ok()
        })?;
        Ok(runtime)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A container made by `ctr run`; removed when dropped.
struct Container;

impl Container {
    fn run(folder: &Path, script: &str) -> anyhow::Result<Self> {
        ctr(&["image", "import", &image(folder)?.to_string_lossy()])?;
        remove();
        let limit = MEMORY_LIMIT.to_string();
        let (quota, period) = (CPU_QUOTA.to_string(), CPU_PERIOD.to_string());
        ctr(&[
            "run",
            "--detach",
            "--memory-limit",
            &limit,
            "--cpu-quota",
            &quota,
            "--cpu-period",
            &period,
            IMAGE,
            NAME,
            "/bin/busybox",
            "sh",
            "-c",
            script,
        ])?;
        Ok(Self)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        remove();
    }
}

/// Fails only where there is nothing to remove.
fn remove() {
    drop(ctr(&["task", "kill", "--signal", "SIGKILL", NAME]));
    let gone = || {
        ctr(&["task", "rm", "--force", NAME])
            .err()
            .map(|error| error.to_string())
    };
    drop(wait_for("the task to be gone", || {
        gone().filter(|text| text.contains("not found"))
    }));
    drop(ctr(&["container", "rm", NAME]));
}

fn ctr(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ctr")
        .args(arguments)
        .output()
        .context("ctr comes with containerd")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "ctr {}: {error}", arguments.join(" "));
    Ok(text)
}

/// Makes an image of one layer that holds a static busybox.
fn image(folder: &Path) -> anyhow::Result<PathBuf> {
    let image = folder.join("image");
    let layer = image.join("rootfs/bin");
    std::fs::create_dir_all(&layer)?;
    std::fs::copy("/bin/busybox", layer.join("busybox")).context("busybox-static is installed by setup")?;
    std::os::unix::fs::symlink("busybox", layer.join("sh"))?;
    run(Command::new("tar")
        .args(["-cf", "layer.tar", "-C", "rootfs", "."])
        .current_dir(&image))?;
    let digest = run(Command::new("sha256sum").arg("layer.tar").current_dir(&image))?;
    let digest = digest
        .split_whitespace()
        .next()
        .context("sha256sum prints a digest")?;
    std::fs::write(
        image.join("config.json"),
        format!(
            r#"{{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["sha256:{digest}"]}}}}"#
        ),
    )?;
    std::fs::write(
        image.join("manifest.json"),
        format!(r#"[{{"Config":"config.json","RepoTags":["{IMAGE}"],"Layers":["layer.tar"]}}]"#),
    )?;
    let files = ["-cf", "image.tar", "manifest.json", "config.json", "layer.tar"];
    run(Command::new("tar").args(files).current_dir(&image))?;
    Ok(image.join("image.tar"))
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output()?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn root_a_limited_container_shows_what_the_kernel_says() -> anyhow::Result<()> {
    let test = "root_a_limited_container_shows_what_the_kernel_says";
    if !is_root() {
        skip(test, "needs root to run a container");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let runtime = Runtime::start(folder.path())?;
    let container = Container::run(folder.path(), "while :; do :; done")?;
    let data = tempfile::tempdir()?;
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    })?;
    let client = &ours.client;

    let selector = format!(r#"{{id="/default/{NAME}"}}"#);
    let limit = wait_for("the container's series", || {
        one(client, "container_spec_memory_limit_bytes", &selector)
    })?;
    let labels = &limit.labels;
    assert_eq!(labels["id"], format!("/default/{NAME}"), "{labels}");
    assert_eq!(labels["name"], NAME, "{labels}");
    assert_eq!(limit.value, MEMORY_LIMIT as f64);
    let value = |metric: &str| {
        one(client, metric, &selector)
            .map(|s| s.value)
            .context(metric.to_owned())
    };
    assert_eq!(value("container_spec_cpu_quota")?, CPU_QUOTA as f64);
    assert_eq!(value("container_spec_cpu_period")?, CPU_PERIOD as f64);
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
    assert!(memory > 0.0 && memory <= MEMORY_LIMIT as f64, "{memory} bytes");
    assert!(value("container_memory_working_set_bytes")? <= memory);

    drop(container);
    wait_for("the container's series to end", || {
        client
            .query(&format!("container_last_seen{selector}"))
            .ok()
            .filter(Vec::is_empty)
    })?;
    drop(runtime);
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
        let below = |controller: &str| PathBuf::from(format!("/sys/fs/cgroup/{controller}/default/{NAME}"));
        let v1 = below("cpuacct");
        if v1.exists() {
            return Ok(Self {
                cpu: below("cpu"),
                cpuacct: v1,
                is_v2: false,
            });
        }
        let v2 = PathBuf::from(format!("/sys/fs/cgroup/default/{NAME}"));
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
