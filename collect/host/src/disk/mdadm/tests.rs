use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

fn arrays(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut found = String::new();
    while let Some(lines) = next_array(&mut rest) {
        found += &match Array::parse(lines) {
            Some(a) => format!(
                "{} {:?} active {} failed {} spare {} required {} synced {}/{}\n",
                a.name, a.state, a.active, a.failed, a.spare, a.required, a.synced, a.blocks
            ),
            None => format!("not read: {:?}\n", parse::text(lines.get(..20).unwrap_or(lines))),
        };
    }
    found
}

#[test]
fn kinds_and_states() {
    let text = "Personalities : [linear] [raid0] [raid1] [raid6] [raid5] [raid4] [raid10]

md3 : active raid6 sda1[8] sdh1[7] sdg1[6](S) sdf1[5](S)
      5853468288 blocks super 1.2 level 6, 64k chunk, algorithm 2 [8/8] [UUUUUUUU]
      bitmap: 0/44 pages [0KB], 65536KB chunk

md6 : active raid1 sdb2[2](F) sdc[1](S) sda2[0]
      195310144 blocks [2/1] [U_]
      [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec

md7 : active raid6 sdb1[0] sde1[3] sdd1[2]
      7813735424 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/3] [U_UU]
      bitmap: 0/30 pages [0KB], 65536KB chunk
      [>....................]  resync =  1.7% (10/7813735424) finish=1min speed=1K/sec

md8 : active (auto-read-only) raid1 sdb1[1] sda1[0]
      195310144 blocks [2/2] [UU]
      \tresync=PENDING

md9 : active raid1 sdb1[1] sda1[0]
      195310144 blocks [2/2] [UU]
      [>....]  check =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec

md11 : active raid5 sdb1[1] sda1[0]
      195310144 blocks level 5, 64k chunk, algorithm 2 [2/2] [UU]
      [>....]  reshape =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec

md42 : active raid0 sda[0] sde1[0]
      314159265 blocks 64k chunks

md4 : inactive raid1 sda3[0](F) sdb3[1](S)
      4883648 blocks [2/2] [UU]

md219 : inactive sdb[2](S) sdc[1](S) sda[0](S)
        7932 blocks super external:imsm

md5 : active raid1 sda[0]
      none

md10 : broken raid0 sda[0] sdb[1]
      5 blocks 64k chunks
unused devices: <none>
";
    expect![[r#"
        md3 Active active 8 failed 0 spare 2 required 8 synced 5853468288/5853468288
        md6 Recovering active 1 failed 1 spare 1 required 2 synced 16775552/195310144
        md7 Resyncing active 3 failed 0 spare 0 required 4 synced 10/7813735424
        md8 Resyncing active 2 failed 0 spare 0 required 2 synced 0/195310144
        md9 Checking active 2 failed 0 spare 0 required 2 synced 16775552/195310144
        md11 Other active 2 failed 0 spare 0 required 2 synced 16775552/195310144
        md42 Active active 2 failed 0 spare 0 required 2 synced 314159265/314159265
        md4 Inactive active 0 failed 1 spare 1 required 0 synced 4883648/4883648
        md219 Inactive active 0 failed 0 spare 3 required 0 synced 7932/7932
        not read: "md5 : active raid1 s"
        md10 Other active 2 failed 0 spare 0 required 2 synced 5/5
    "#]]
    .assert_eq(&arrays(text));
    assert_eq!(arrays("Personalities : \nunused devices: <none>\n"), "");
    assert_eq!(arrays(""), "");
}

#[test]
fn samples() {
    let tree = Tree::of(&[
        (
            "proc/mdstat",
            "Personalities : [raid1]\nmd1 : active raid1 sdb2[2] sda2[0]\n      100 blocks [2/1] [U_]\n",
        ),
        ("sys/block/md1/md/level", "raid1\n"),
        ("sys/block/md1/md/raid_disks", "3 (2)\n"),
        ("sys/block/md1/md/degraded", "1\n"),
        ("sys/block/md127/md/level", "container\n"),
        ("sys/block/md127/md/raid_disks", "0\n"),
        ("sys/block/sda/size", "1\n"),
    ]);
    expect![[r#"
        # node_md_blocks gauge
        node_md_blocks{device="md1"} 100
        # node_md_blocks_synced gauge
        node_md_blocks_synced{device="md1"} 100
        # node_md_degraded gauge
        node_md_degraded{device="md1"} 1
        node_md_degraded{device="md127"} 0
        # node_md_disks gauge
        node_md_disks{device="md1", state="active"} 1
        node_md_disks{device="md1", state="failed"} 0
        node_md_disks{device="md1", state="spare"} 0
        # node_md_disks_required gauge
        node_md_disks_required{device="md1"} 2
        # node_md_raid_disks gauge
        node_md_raid_disks{device="md1"} 3
        # node_md_state gauge
        node_md_state{device="md1", state="active"} 1
        node_md_state{device="md1", state="check"} 0
        node_md_state{device="md1", state="inactive"} 0
        node_md_state{device="md1", state="recovering"} 0
        node_md_state{device="md1", state="resync"} 0
    "#]]
    .assert_eq(&render(&mut Mdadm::default(), &tree.root()));
}

#[test]
fn without_the_driver() {
    expect![[r#"
        ! /proc/mdstat is not there
    "#]]
    .assert_eq(&render(&mut Mdadm::default(), &Tree::new().root()));
}
