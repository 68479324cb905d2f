//! A real container on this machine, by containerd and runc, from an image made here.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use parking_lot::{Mutex, MutexGuard};
use tempfile::TempDir;

use crate::wait_for;

const SOCKET: &str = "/run/containerd/containerd.sock";
const IMAGE: &str = "localhost/periplus/busybox:test";

/// Containers share one containerd, so one test has one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// A running container; removed when dropped, with the containerd that was started for it.
#[derive(Debug)]
pub struct Container {
    runtime: Option<Child>,
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Container {
    /// Its name, which is the end of its cgroup's path.
    pub const NAME: &str = "periplus-test";
    /// Its cgroup, as `ctr` makes it in the namespace `default`.
    pub const CGROUP: &str = "/default/periplus-test";
    /// Bytes of memory it may use.
    pub const MEMORY_LIMIT: u64 = 64 << 20;
    /// Microseconds of CPU it may use in each period: a fifth of a core.
    pub const CPU_QUOTA: u64 = 20_000;
    /// Length of a period in microseconds.
    pub const CPU_PERIOD: u64 = 100_000;

    /// Runs a shell script of busybox in a new container. Starts containerd unless one runs already.
    ///
    /// # Errors
    /// Something is not installed, or this process is not root.
    pub fn run(script: &str) -> anyhow::Result<Self> {
        let turn = TURN.lock();
        let folder = tempfile::tempdir()?;
        let runtime = start_containerd(folder.path())?;
        let container = Self {
            runtime,
            folder,
            _turn: turn,
        };
        ctr(&[
            "image",
            "import",
            &image(container.folder.path())?.to_string_lossy(),
        ])?;
        remove();
        let limit = Self::MEMORY_LIMIT.to_string();
        let (quota, period) = (Self::CPU_QUOTA.to_string(), Self::CPU_PERIOD.to_string());
        let limits = [
            "--memory-limit",
            &limit,
            "--cpu-quota",
            &quota,
            "--cpu-period",
            &period,
        ];
        let command = [IMAGE, Self::NAME, "/bin/busybox", "sh", "-c", script];
        ctr(&[&["run", "--detach"], &limits[..], &command[..]].concat())?;
        Ok(container)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        remove();
        if let Some(child) = &mut self.runtime {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn start_containerd(folder: &Path) -> anyhow::Result<Option<Child>> {
    let listens = || UnixStream::connect(SOCKET).ok();
    if listens().is_some() {
        return Ok(None);
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
    let child = command
        .spawn()
        .context("containerd is installed by scripts/setup.sh test")?;
    wait_for("containerd to listen", listens)?;
    Ok(Some(child))
}

/// Fails only where there is nothing to remove.
fn remove() {
    let name = Container::NAME;
    drop(ctr(&["task", "kill", "--signal", "SIGKILL", name]));
    let problem = || {
        ctr(&["task", "rm", "--force", name])
            .err()
            .map(|error| error.to_string())
    };
    drop(wait_for("the task to be gone", || {
        problem().filter(|text| text.contains("not found"))
    }));
    drop(ctr(&["container", "rm", name]));
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
