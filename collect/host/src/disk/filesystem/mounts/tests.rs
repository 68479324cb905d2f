use std::path::Path;

use super::*;

fn table(text: &[u8]) -> (Table, String) {
    let mut table = Table::default();
    let problems = table.update(&Root::at("/host"), text, false);
    (table, problems.to_string())
}

fn check(text: &str, expected: &[(&str, &str, &str, bool)]) {
    let (table, problems) = table(text.as_bytes());
    assert_eq!(problems, "");
    let found: Vec<_> = table
        .mounts()
        .map(|mount| {
            (
                mount.device.as_str(),
                mount.mount_point.as_str(),
                mount.kind.as_str(),
                mount.read_only,
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn lines() {
    check(
        "27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard\n\
         28 27 8:1 / /mnt/read ro,relatime - ext4 /dev/sda1 rw\n\
         29 27 8:2 / /mnt/super rw shared:7 master:2 - xfs /dev/sdb1 ro,attr2\n\
         30 27 8:3 / /mnt/broken rw - ext4 /dev/sdc1 rw,emergency_ro\n\
         31 27 0:44 / /mnt/erode rw - nfs4 server:/ro rw,root=4\n\
         32 27 0:45 / /mnt/none rw - tmpfs  rw\n",
        &[
            ("/dev/vda", "/", "ext4", false),
            ("/dev/sda1", "/mnt/read", "ext4", true),
            ("/dev/sdb1", "/mnt/super", "xfs", true),
            ("/dev/sdc1", "/mnt/broken", "ext4", true),
            ("server:/ro", "/mnt/erode", "nfs4", false),
            ("", "/mnt/none", "tmpfs", false),
        ],
    );
}

#[test]
fn excluded_types_and_places() {
    check(
        "1 0 0:1 / /proc rw - proc proc rw\n\
         2 0 0:2 / /dev/shm rw - tmpfs tmpfs rw\n\
         3 0 0:3 / /device rw - tmpfs tmpfs rw\n\
         4 0 0:4 / /run/credentials/systemd-sysctl.service rw - tmpfs tmpfs rw\n\
         5 0 0:5 / /run/credentials rw - tmpfs tmpfs rw\n\
         6 0 0:6 / /var/lib/docker/overlay2/x/merged rw - ext4 /dev/sda rw\n\
         7 0 0:7 / /var/lib/docker rw - ext4 /dev/sdb rw\n\
         8 0 0:8 / /merged rw - overlay overlay rw\n\
         9 0 0:9 / /var/lib/containers/storage/x rw - xfs /dev/sdc rw\n",
        &[
            ("tmpfs", "/device", "tmpfs", false),
            ("tmpfs", "/run/credentials", "tmpfs", false),
            ("/dev/sdb", "/var/lib/docker", "ext4", false),
        ],
    );
}

#[test]
fn awkward_names() {
    check(
        "1 0 0:1 / /mnt/a\\040b\\011c\\134d\\012e rw - nfs //server/my\\040share rw\n\
         2 0 0:2 / /mnt/\\04 rw - ext4 /dev/sda rw\n",
        &[
            ("//server/my\\040share", "/mnt/a b\tc\\d\ne", "nfs", false),
            ("/dev/sda", "/mnt/\\04", "ext4", false),
        ],
    );
    let (table, problems) =
        table(b"1 0 0:1 / /mnt/\xff rw - ext4 /dev/\xfe rw\n2 0 zero / / rw - ext4 x rw\nshort\n");
    let mount = table.mounts().next().unwrap();
    assert_eq!(mount.mount_point, "/mnt/\u{fffd}");
    assert_eq!(mount.device, "/dev/\u{fffd}");
    assert_eq!(mount.path, Path::new(OsStr::from_bytes(b"/host/mnt/\xff")));
    assert_eq!(
        problems,
        "cannot read a line of mountinfo: \"2 0 zero / / rw - ext4 x rw\" (and 1 more)"
    );
}

#[test]
fn the_last_of_equal_mounts_counts() {
    let (table, _) = table(
        b"1 0 0:1 / /mnt rw - tmpfs tmpfs rw\n2 0 0:2 / /mnt ro - tmpfs tmpfs rw\n3 0 0:3 / /mnt rw - ext4 /dev/sda rw\n",
    );
    let found: Vec<_> = table.mounts().map(|m| (m.minor.as_str(), m.read_only)).collect();
    assert_eq!(found, [("2", true), ("3", false)]);
}

#[test]
fn what_may_hang_is_never_asked_directly() {
    let (mut table, _) = table(
        b"1 0 0:1 / / rw - ext4 /dev/sda rw\n\
          2 0 0:2 / /mnt/nfs rw - nfs4 server:/ rw\n\
          3 0 0:3 / /mnt/nfs/disk rw - ext4 /dev/sdb rw\n\
          4 0 0:4 / /mnt/nfs2 rw - ext4 /dev/sdc rw\n\
          5 0 0:5 / /auto rw - autofs systemd-1 rw\n\
          6 0 0:6 / /auto/disk rw - ext4 /dev/sdd rw\n\
          7 0 0:7 / /fuse rw - fuse.sshfs host:/ rw\n",
    );
    let direct = |table: &Table| -> Vec<String> {
        table
            .mounts()
            .filter(|mount| mount.is_direct())
            .map(|mount| mount.mount_point.clone())
            .collect()
    };
    assert!(direct(&table).is_empty(), "nothing has answered yet");
    table.mounts_mut().for_each(|mount| mount.answered = true);
    assert_eq!(direct(&table), ["/", "/mnt/nfs2"]);

    // What answered is known across changes of the text, but not if something else is mounted there now.
    let text = b"1 0 0:1 / / rw - ext4 /dev/sda rw\n9 0 0:9 / /mnt/nfs2 rw - ext4 /dev/sdc rw\n";
    assert_eq!(table.update(&Root::at("/host"), text, false).count(), 0);
    assert_eq!(direct(&table), ["/"]);
}

#[test]
fn own_mounts_are_seen_through_the_place_of_the_tree() {
    let mut table = Table::default();
    let text = b"1 0 0:1 / /host rw - ext4 /dev/sda rw\n2 0 0:2 / /host/mnt rw - ext4 /dev/sdb rw\n";
    assert_eq!(table.update(&Root::at("/host"), text, true).count(), 0);
    let found: Vec<_> = table
        .mounts()
        .map(|m| (m.mount_point.as_str(), m.path.to_str().unwrap()))
        .collect();
    assert_eq!(found, [("/", "/host/"), ("/mnt", "/host/mnt")]);
}
