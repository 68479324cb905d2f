use std::os::fd::AsRawFd;
use std::path::Path;

use expect_test::expect;
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, UnmountFlags};

use super::*;
use crate::testing::{Tree, render};

#[test]
fn mounts_of_a_tree() {
    let tree = Tree::of(&[(
        "proc/1/mountinfo",
        "1 0 254:0 / / ro,relatime - ext4 /dev/vda rw\n\
         2 1 8:1 / /mnt/gone rw - ext4 /dev/sda1 rw\n\
         3 1 0:3 / /proc rw - proc proc rw\n",
    )]);
    let mut collector = Filesystem::default();
    let mut first = String::new();
    for _ in 0..2 {
        let text = render(&mut collector, &tree.root());
        // Free room changes; its presence does not.
        let text: String = text
            .lines()
            .map(|line| match line.rsplit_once(' ') {
                Some((series, _))
                    if line.contains("_bytes{")
                        || line.contains("_files{")
                        || line.contains("_files_free{") =>
                {
                    format!("{series} N\n")
                }
                _ => format!("{line}\n"),
            })
            .collect();
        assert!(first.is_empty() || first == text, "asked directly it is the same");
        first = text;
    }
    expect![[r#"
        # node_filesystem_avail_bytes gauge
        node_filesystem_avail_bytes{device="/dev/vda", fstype="ext4", mountpoint="/"} N
        # node_filesystem_device_error gauge
        node_filesystem_device_error{device="/dev/sda1", device_error="no such file or directory", fstype="ext4", mountpoint="/mnt/gone"} 1
        node_filesystem_device_error{device="/dev/vda", fstype="ext4", mountpoint="/"} 0
        # node_filesystem_files gauge
        node_filesystem_files{device="/dev/vda", fstype="ext4", mountpoint="/"} N
        # node_filesystem_files_free gauge
        node_filesystem_files_free{device="/dev/vda", fstype="ext4", mountpoint="/"} N
        # node_filesystem_free_bytes gauge
        node_filesystem_free_bytes{device="/dev/vda", fstype="ext4", mountpoint="/"} N
        # node_filesystem_mount_info gauge
        node_filesystem_mount_info{device="/dev/vda", major="254", minor="0", mountpoint="/"} 1
        # node_filesystem_purgeable_bytes gauge
        node_filesystem_purgeable_bytes{device="/dev/vda", fstype="ext4", mountpoint="/"} N
        # node_filesystem_readonly gauge
        node_filesystem_readonly{device="/dev/sda1", device_error="no such file or directory", fstype="ext4", mountpoint="/mnt/gone"} 0
        node_filesystem_readonly{device="/dev/vda", fstype="ext4", mountpoint="/"} 1
        # node_filesystem_size_bytes gauge
        node_filesystem_size_bytes{device="/dev/vda", fstype="ext4", mountpoint="/"} N
    "#]]
    .assert_eq(&first);
}

#[test]
fn own_mounts_where_the_first_process_is_hidden() {
    let tree = Tree::of(&[("proc/self/mountinfo", "1 0 254:0 / / rw - ext4 /dev/vda rw\n")]);
    let text = render(&mut Filesystem::default(), &tree.root());
    assert!(
        text.contains(
            "node_filesystem_device_error{device=\"/dev/vda\", fstype=\"ext4\", mountpoint=\"/\"} 0"
        ),
        "{text}"
    );
}

#[test]
fn without_the_file() {
    expect![[r#"
        ! /proc/self/mountinfo is not there
    "#]]
    .assert_eq(&render(&mut Filesystem::default(), &Tree::new().root()));
}

/// Mounts a FUSE file system whose daemon never answers. Dropping the returned file breaks the connection and
/// wakes everyone who waits.
fn mount_silent_fuse(at: &Path) -> std::fs::File {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let device = std::fs::File::from(rustix::fs::open("/dev/fuse", flags, Mode::empty()).unwrap());
    let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", device.as_raw_fd());
    let options = std::ffi::CString::new(options).unwrap();
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    rustix::mount::mount("silent", at, "fuse", flags, options.as_c_str()).unwrap();
    device
}

/// The body of the test below, on a thread with mounts of its own.
fn check_hanging_mount() {
    let tree = Tree::of(&[(
        "proc/1/mountinfo",
        "1 0 0:1 / / rw - ext4 /dev/vda rw\n\
         2 1 0:2 / /mnt/dead rw - fuse.silent silent rw\n\
         3 1 0:3 / /mnt/live rw - nfs4 server:/ rw\n",
    )]);
    tree.folder("mnt/dead").folder("mnt/live");
    let dead = tree.root().path("mnt/dead");
    let device = mount_silent_fuse(&dead);
    let errors = |collector: &mut Filesystem| -> String {
        render(collector, &tree.root())
            .lines()
            .filter(|line| line.starts_with("node_filesystem_device_error{") || line.starts_with('!'))
            .flat_map(|line| [line, "\n"])
            .collect()
    };
    // Long enough for what lives on a busy machine.
    let patience = Patience {
        total: Duration::from_secs(2),
        least: Duration::from_secs(2),
    };
    let mut collector = Filesystem::with_patience(patience);
    let expected = expect![[r#"
        node_filesystem_device_error{device="/dev/vda", fstype="ext4", mountpoint="/"} 0
        node_filesystem_device_error{device="server:/", fstype="nfs4", mountpoint="/mnt/live"} 0
        node_filesystem_device_error{device="silent", device_error="mountpoint timeout", fstype="fuse.silent", mountpoint="/mnt/dead"} 1
    "#]];
    let started = Instant::now();
    expected.assert_eq(&errors(&mut collector));
    assert!(started.elapsed() >= patience.total, "the mount really hangs");
    assert_eq!(collector.watch.hanging(), 1);

    // From now on nobody waits for it, and no thread is added.
    let hour = Duration::from_secs(3600);
    collector.patience = Patience {
        total: hour,
        least: hour,
    };
    expected.assert_eq(&errors(&mut collector));
    assert_eq!(collector.watch.hanging(), 1);

    // The daemon dies: the calls return, and the mount is asked again.
    drop(device);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let text = errors(&mut collector);
        if text.contains("device_error=\"transport endpoint is not connected\", fstype=\"fuse.silent\"") {
            break;
        }
        assert!(Instant::now() < deadline, "{text}");
        std::thread::yield_now();
    }
    rustix::mount::unmount(&dead, UnmountFlags::DETACH).unwrap();
}

#[test]
fn root_a_hanging_mount_holds_up_nothing() {
    if !rustix::process::geteuid().is_root() || !Path::new("/dev/fuse").exists() {
        eprintln!("skipped: needs root and /dev/fuse");
        return;
    }
    std::thread::Builder::new()
        .name("own mounts".to_owned())
        .spawn(|| {
            #[expect(
                deprecated,
                reason = "the other form is unsafe for files, which are not unshared"
            )]
            let unshared = rustix::thread::unshare(rustix::thread::UnshareFlags::NEWNS);
            if let Err(errno) = unshared {
                eprintln!("skipped: no mount namespace of its own: {errno}");
                return;
            }
            let private =
                rustix::mount::MountPropagationFlags::PRIVATE | rustix::mount::MountPropagationFlags::REC;
            rustix::mount::mount_change("/", private).unwrap();
            check_hanging_mount();
        })
        .unwrap()
        .join()
        .unwrap();
}
