use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

/// Returns the samples of one device, without those of its columns.
fn words_of(text: &str) -> String {
    text.lines()
        .filter(|line| line.contains("_info{") || line.contains("_ata_") || line.starts_with('!'))
        .flat_map(|line| [line, "\n"])
        .collect()
}

#[test]
fn columns_of_new_and_old_kernels() {
    let tree = Tree::of(&[(
        "proc/diskstats",
        "   8       0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 9653880 \
         82621804 1 2 3 1734 1555 1008\n\
        259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n\
          8       3 sdb 1 2 3 4 5 6 7 8 9 10 11\n\
          8       1 sda1 1 2 3 4 5 6 7 8 9 10 11\n\
          8       9 old1 1 2 3 4\n\
          8      10 odd 1 2 x 4 5 6 7 8 9 10 11\n",
    )]);
    let text = render(&mut DiskStats::default(), &tree.root());
    let of = |device: &str| -> String {
        text.lines()
            .filter(|line| line.contains(&format!("device=\"{device}\"")) && !line.contains("_info{"))
            .flat_map(|line| [line, "\n"])
            .collect()
    };
    expect![[r#"
        node_disk_discard_time_seconds_total{device="sda"} 1.734
        node_disk_discarded_sectors_total{device="sda"} 3
        node_disk_discards_completed_total{device="sda"} 1
        node_disk_discards_merged_total{device="sda"} 2
        node_disk_flush_requests_time_seconds_total{device="sda"} 1.008
        node_disk_flush_requests_total{device="sda"} 1555
        node_disk_io_now{device="sda"} 0
        node_disk_io_time_seconds_total{device="sda"} 9653.880000000001
        node_disk_io_time_weighted_seconds_total{device="sda"} 82621.804
        node_disk_read_bytes_total{device="sda"} 513713216512
        node_disk_read_time_seconds_total{device="sda"} 18492.372
        node_disk_reads_completed_total{device="sda"} 25354637
        node_disk_reads_merged_total{device="sda"} 34367663
        node_disk_write_time_seconds_total{device="sda"} 63877.96
        node_disk_writes_completed_total{device="sda"} 28444756
        node_disk_writes_merged_total{device="sda"} 11134226
        node_disk_written_bytes_total{device="sda"} 258916880384
    "#]]
    .assert_eq(&of("sda"));
    assert_eq!(of("nvme0n1").lines().count(), 15);
    assert_eq!(of("sdb").lines().count(), 11);
    for left_out in ["sda1", "old1", "odd"] {
        assert_eq!(of(left_out), "");
    }
    expect![[r#"
        node_disk_info{device="nvme0n1", major="259", minor="0", rotational="0"} 1
        node_disk_info{device="sda", major="8", minor="0", rotational="0"} 1
        node_disk_info{device="sdb", major="8", minor="3", rotational="0"} 1
        ! cannot read a line of /proc/diskstats: "          8      10 odd 1 2 x 4 5 6 7 8 9 10 11"
    "#]]
    .assert_eq(&words_of(&text).replace("\"8      10", "\"          8      10"));
}

#[test]
fn what_udev_knows() {
    let zeros = "0 0 0 0 0 0 0 0 0 0 0";
    let tree = Tree::of(&[
        ("sys/block/sda/queue/rotational", "1\n"),
        ("sys/block/dm-0/queue/rotational", "0\n"),
        (
            "run/udev/data/b8:0",
            "S:disk/by-id/ata-X\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\nE:ID_ATA_WRITE_CACHE_ENABLED=maybe\n\
             E:ID_ATA_ROTATION_RATE_RPM=7200\nE:ID_MODEL=TOSHIBA_KSDB4U86\nE:ID_PATH=pci-0000:3b:00.0\n\
             E:ID_REVISION=0102\nE:ID_SERIAL=long\nE:ID_SERIAL_SHORT=2160A0D5FVGG\nE:ID_WWN=0x7c72382b8de36a64\n\
             E:ID_NOTE=a=b\nE:nothing\n",
        ),
        (
            "run/udev/data/b253:0",
            "E:DM_NAME=vg-lv\nE:DM_UUID=LVM-x\nE:DM_VG_NAME=vg\nE:DM_LV_NAME=lv\n\
             E:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\nE:ID_FS_UUID=5deafe\nE:ID_FS_VERSION=1.0\n",
        ),
        (
            "run/udev/data/b254:0",
            "E:ID_SERIAL=virtio\nE:ID_ATA_WRITE_CACHE=1\n",
        ),
    ]);
    tree.write(
        "proc/diskstats",
        format!("8 0 sda {zeros}\n253 0 dm-0 {zeros}\n254 0 vda {zeros}\n7 0 loop0 {zeros}\n"),
    );
    expect![[r#"
        node_disk_ata_rotation_rate_rpm{device="sda"} 7200
        node_disk_ata_write_cache{device="sda"} 1
        node_disk_device_mapper_info{device="dm-0", lv_name="lv", name="vg-lv", uuid="LVM-x", vg_name="vg"} 1
        node_disk_filesystem_info{device="dm-0", type="ext4", usage="filesystem", uuid="5deafe", version="1.0"} 1
        node_disk_info{device="dm-0", major="253", minor="0", rotational="0"} 1
        node_disk_info{device="sda", major="8", minor="0", model="TOSHIBA_KSDB4U86", path="pci-0000:3b:00.0", revision="0102", rotational="1", serial="2160A0D5FVGG", wwn="0x7c72382b8de36a64"} 1
        node_disk_info{device="vda", major="254", minor="0", rotational="0", serial="virtio"} 1
        ! udev's ID_ATA_WRITE_CACHE_ENABLED of sda is no number: "maybe"
    "#]]
    .assert_eq(
        &words_of(&render(&mut DiskStats::default(), &tree.root()))
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(|line| [line, "\n"])
            .collect::<String>(),
    );
}

#[test]
fn devices_left_out() {
    for name in [
        "ram0",
        "zram1",
        "loop12",
        "fd0",
        "hda1",
        "sdb12",
        "vdc3",
        "xvda1",
        "nvme0n1p2",
        "nvme12n34p56",
    ] {
        assert!(is_excluded(name), "{name}");
    }
    for name in [
        "sda",
        "sdaa1",
        "vda",
        "nvme0n1",
        "nvmep1",
        "nvme0np1",
        "dm-0",
        "md127",
        "mmcblk0p1",
        "sr0",
        "sd1",
        "sdA1",
        "1",
        "",
    ] {
        assert!(!is_excluded(name), "{name}");
    }
}

#[test]
fn without_the_file() {
    expect![[r#"
        ! /proc/diskstats is not there
    "#]]
    .assert_eq(&render(&mut DiskStats::default(), &Tree::new().root()));
}
