//! What `periplus up` does when the machine is against it: a clear error, or a visible degradation.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::Context as _;
use model::{Batch, LabelsBuilder};
use testkit::{Client, Periplus, Up, is_root, periplus_path, skip, wait_for};

/// Runs `periplus up` where it is expected to end by itself.
fn up_fails(listen: &str, data: &Path) -> anyhow::Result<(i32, String)> {
    let Output { status, stderr, .. } = Command::new(periplus_path()?)
        .args(["up", "--listen", listen, "--data"])
        .arg(data)
        .stdin(Stdio::null())
        .output()?;
    let text = String::from_utf8_lossy(&stderr).into_owned();
    Ok((status.code().with_context(|| format!("killed: {text}"))?, text))
}

fn check_message(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(!text.contains("panicked"), "{text}");
}

#[test]
fn a_second_instance_on_the_same_folder_is_refused() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let first = Periplus::up(&Up {
        data: data.path(),
        arguments: &[],
    })?;
    let (code, text) = up_fails("127.0.0.1:0", data.path())?;
    assert_eq!(code, 1, "{text}");
    check_message(&text, &["error:", &data.path().to_string_lossy(), "hint:"]);
    assert_eq!(first.client.get("/-/healthy")?.status, 200);
    assert!(first.stop()?.success());
    Ok(())
}

#[test]
fn a_used_port_is_named() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let (code, text) = up_fails(&address, data.path())?;
    assert_eq!(code, 1, "{text}");
    check_message(&text, &["error:", &address, "hint:", "--listen"]);
    Ok(())
}

#[test]
fn a_folder_of_a_newer_format_is_refused_and_left_alone() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    Periplus::up(&Up {
        data: data.path(),
        arguments: &[],
    })?
    .stop()?;
    let file = data.path().join("store/MANIFEST");
    let mut newer = std::fs::read(&file).with_context(|| file.display().to_string())?;
    // Behind eight bytes of magic stands the version of the folder's format.
    newer
        .get_mut(8..12)
        .context("a manifest has a header")?
        .copy_from_slice(&99_u32.to_le_bytes());
    // And behind that what confirms it.
    let check = xxhash_rust::xxh3::xxh3_64(newer.get(..12).context("a manifest has a header")?);
    newer
        .get_mut(12..16)
        .context("a manifest has a header")?
        .copy_from_slice(check.to_le_bytes().get(..4).context("eight bytes")?);
    std::fs::write(&file, &newer)?;
    let (code, text) = up_fails("127.0.0.1:0", data.path())?;
    assert_eq!(code, 1, "{text}");
    check_message(&text, &["error:", "newer", "hint:"]);
    assert_eq!(std::fs::read(&file)?, newer);
    Ok(())
}

#[test]
fn damaged_files_are_named_at_the_start_and_the_rest_serves() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let options = Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    };
    let first = Periplus::up(&options)?;
    let boot = wait_for("data", || {
        first.client.query("node_boot_time_seconds").ok()?.pop()
    })?;
    assert!(first.stop()?.success());
    for name in ["MANIFEST", "METADATA", "SNAPSHOT"] {
        let file = data.path().join("store").join(name);
        let mut bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
        // A version that nobody wrote.
        *bytes.get_mut(9).context("a file has a header")? ^= 1;
        std::fs::write(&file, bytes)?;
    }
    let second = Periplus::up(&options)?;
    let query = format!("count_over_time(node_boot_time_seconds[5m] @ {:.3})", boot.1);
    let old = wait_for("the old samples", || second.client.query(&query).ok()?.pop())?;
    assert!(old.2 >= 1.0);
    let system = second.client.api("status/system", &[])?;
    let named = serde_json::to_string(&system["store"]["quarantined"])?;
    check_message(&named, &["MANIFEST", "METADATA", "SNAPSHOT"]);
    assert!(second.stop()?.success());
    Ok(())
}

/// Sends eight hours of a sample a minute, which become parts.
fn send_hours(client: &Client, now: i64) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for series in 0..20 {
        labels.clear();
        labels.add("__name__", "old").add("series", &series.to_string());
        let row = batch.add_series(&mut labels)?;
        for minute in (0..8 * 60).rev() {
            batch.push(&row, now - minute * 60_000, (minute * (series + 1)) as f64);
        }
    }
    let answer = client.remote_write(&wire::encode_remote_write_v1(&batch))?;
    anyhow::ensure!(answer.status == 204, "{} {}", answer.status, answer.body);
    Ok(())
}

#[test]
fn a_part_damaged_while_it_serves_is_put_aside_and_named() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let ours = Periplus::up(&Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    })?;
    let now = ours.client.query("vector(time())")?.first().context("a time")?.1;
    send_hours(&ours.client, (now * 1000.0) as i64)?;
    let folder = data.path().join("store/parts");
    let parts = || -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "part"));
        paths.sort();
        paths
    };
    let part = wait_for("parts", || {
        parts().into_iter().next().filter(|_| parts().len() >= 3)
    })?;
    let query = "sum(count_over_time(old[9h]))";
    // Nothing was asked before: what has been read may be served from memory.
    let whole = f64::from(20 * 8 * 60);
    let file = std::fs::OpenOptions::new().write(true).open(&part)?;
    let len = file.metadata()?.len();
    // In place, all but header and footer: the file stays the one that is open.
    let junk = vec![0xa5; usize::try_from(len / 2)?];
    std::os::unix::fs::FileExt::write_all_at(&file, &junk, 16)?;
    // What is damaged is left out once it is found, at the latest when it is asked for.
    let left = wait_for("the damage to be found", || {
        let left = ours.client.query(query).ok()?.first()?.2;
        let system = ours.client.api("status/system", &[]).ok()?;
        let named = !system["store"]["quarantined"].as_array()?.is_empty();
        named.then_some(left)
    })?;
    assert!(0.0 < left && left < whole, "{left} of {whole}");
    let name = part
        .file_name()
        .context("a part has a name")?
        .to_string_lossy()
        .into_owned();
    let system = ours.client.api("status/system", &[])?;
    check_message(&serde_json::to_string(&system["store"]["quarantined"])?, &[&name]);
    assert!(data.path().join("store/quarantine").join(&name).exists());
    assert!(ours.stop()?.success());
    let again = Periplus::up(&Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    })?;
    let system = again.client.api("status/system", &[])?;
    check_message(&serde_json::to_string(&system["store"]["quarantined"])?, &[&name]);
    Ok(())
}

#[test]
fn a_restart_goes_on_with_the_old_data() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let options = Up {
        data: data.path(),
        arguments: &["--interval", "1s"],
    };
    let first = Periplus::up(&options)?;
    let boot = wait_for("data", || {
        first.client.query("node_boot_time_seconds").ok()?.pop()
    })?;
    wait_for("a second sample", || {
        let n = first
            .client
            .query("count_over_time(node_boot_time_seconds[5m])")
            .ok()?
            .pop()?
            .2;
        (n >= 2.0).then_some(())
    })?;
    assert!(first.stop()?.success());
    let second = Periplus::up(&options)?;
    let query = format!("count_over_time(node_boot_time_seconds[5m] @ {:.3})", boot.1);
    let old = wait_for("the old samples", || second.client.query(&query).ok()?.pop())?;
    assert!(old.2 >= 1.0);
    Ok(())
}

#[test]
fn root_without_rights_it_runs_and_says_what_it_lacks() -> anyhow::Result<()> {
    let test = "root_without_rights_it_runs_and_says_what_it_lacks";
    if !is_root() {
        skip(test, "needs root to become somebody else");
        return Ok(());
    }
    const NOBODY: u32 = 65_534;
    let data = tempfile::tempdir()?;
    std::os::unix::fs::chown(data.path(), Some(NOBODY), Some(NOBODY))?;
    // The build folder may be closed to others: a copy stands beside the data.
    let binary = data.path().join("periplus");
    std::fs::copy(periplus_path()?, &binary)?;
    let mut command = Command::new(&binary);
    command.args(["up", "--interval", "1s", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data.path().join("data")).uid(NOBODY).gid(NOBODY);
    let ours = Periplus::start(command)?;
    let degraded = wait_for("a degradation", || {
        let system = ours.client.api("status/system", &[]).ok()?;
        system["degraded"]
            .as_array()
            .filter(|list| !list.is_empty())
            .cloned()
    })?;
    let text = serde_json::to_string(&degraded)?;
    assert!(text.contains("root"), "{text}");
    wait_for("data all the same", || {
        ours.client.query("node_load1").ok()?.pop()
    })?;
    assert!(ours.stop()?.success());
    Ok(())
}

/// A small file system of its own, unmounted when dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(folder: &'a Path, options: &str) -> anyhow::Result<Self> {
        mount(&["-t", "tmpfs", "-o", options, "tmpfs", &folder.to_string_lossy()])?;
        Ok(Self(folder))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0).status());
    }
}

fn mount(arguments: &[&str]) -> anyhow::Result<()> {
    let output = Command::new("mount").args(arguments).output()?;
    anyhow::ensure!(
        output.status.success(),
        "mount: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

#[test]
fn root_a_full_disk_is_survived() -> anyhow::Result<()> {
    if !is_root() {
        skip("root_a_full_disk_is_survived", "needs root to mount a small disk");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let disk = SmallDisk::mount(folder.path(), "size=6m")?;
    let options = Up {
        data: &folder.path().join("data"),
        arguments: &["--interval", "1s", "--enable-admin-api"],
    };
    let ours = Periplus::up(&options)?;
    let start = (ours.client.query("vector(time())")?.first().map_or(0.0, |s| s.1) * 1000.0) as i64;
    let mut acknowledged = 0;
    let mut noise = Noise(0x9E37_79B9_7F4A_7C15);
    let refused = wait_for("the disk to be full", || {
        let answer = ours
            .client
            .remote_write(&incompressible(acknowledged, start, &mut noise).ok()?)
            .ok()?;
        if answer.status == 204 {
            acknowledged += 1;
            return None;
        }
        Some(answer)
    })?;
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(acknowledged > 0);
    assert_eq!(ours.client.get("/-/healthy")?.status, 200);
    let system = ours.client.api("status/system", &[])?;
    assert!(
        !system["store"]["degraded"]
            .as_array()
            .context("a list")?
            .is_empty(),
        "{system}"
    );
    let count = |client: &Client| Some(client.query("count({__name__=\"noise\"})").ok()?.pop()?.2);
    let stored = count(&ours.client).context("acknowledged series are there")?;
    assert!(
        stored >= f64::from(acknowledged * NOISE_SERIES),
        "{stored} series"
    );

    // A copy that has no room is refused and leaves nothing behind.
    let copied = ours.client.post("/api/v1/admin/tsdb/snapshot", &[], &[])?;
    assert!(copied.status >= 500, "{} {}", copied.status, copied.body);
    let copies = folder.path().join("data/store/snapshots");
    assert_eq!(std::fs::read_dir(copies).into_iter().flatten().count(), 0);

    mount(&["-o", "remount,size=128m", &folder.path().to_string_lossy()])?;
    wait_for("samples to be taken again", || {
        let answer = ours
            .client
            .remote_write(&incompressible(acknowledged, start, &mut noise).ok()?)
            .ok()?;
        (answer.status == 204).then_some(())
    })?;
    ours.kill()?;
    let again = Periplus::up(&options)?;
    let stored = count(&again.client).context("acknowledged series are there after a restart")?;
    assert!(
        stored >= f64::from((acknowledged + 1) * NOISE_SERIES),
        "{stored} series"
    );
    again.kill()?;
    drop(disk);
    Ok(())
}

const NOISE_SERIES: u32 = 200;

/// A xorshift generator: its numbers do not compress.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Makes a request of new series with labels and values that fill a disk.
fn incompressible(request: u32, time: i64, noise: &mut Noise) -> anyhow::Result<Vec<u8>> {
    let mut batch = Batch::default();
    let mut labels = LabelsBuilder::default();
    for series in 0..NOISE_SERIES {
        labels.clear();
        let text: String = (0..16).map(|_| format!("{:016x}", noise.next())).collect();
        labels
            .add("__name__", "noise")
            .add("id", &format!("{request}-{series}"))
            .add("text", &text);
        let row = batch.add_series(&mut labels)?;
        batch.push(&row, time, f64::from_bits(noise.next() >> 2));
    }
    Ok(wire::encode_remote_write_v1(&batch))
}
