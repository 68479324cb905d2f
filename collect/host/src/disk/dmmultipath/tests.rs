use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn device_with_three_paths() {
    let tree = Tree::new();
    for (file, content) in [
        ("dm-5/dm/uuid", "mpath-360000000000001\n"),
        ("dm-5/dm/name", "mpathA\n"),
        ("dm-5/dm/suspended", "0\n"),
        ("dm-5/size", "104857600\n"),
        ("dm-5/slaves/sdi", ""),
        ("dm-5/slaves/sdj", ""),
        ("dm-5/slaves/sdk", ""),
        ("sdi/device/state", "running\n"),
        ("sdj/device/state", "offline\n"),
        ("sdk/size", "1\n"),
        ("dm-6/dm/uuid", "LVM-xyz\n"),
        ("dm-6/dm/name", "vg-lv\n"),
    ] {
        tree.write(&format!("sys/block/{file}"), content);
    }
    expect![[r#"
        # node_dmmultipath_device_active gauge
        node_dmmultipath_device_active{device="mpathA", sysfs_name="dm-5"} 1
        # node_dmmultipath_device_info gauge
        node_dmmultipath_device_info{device="mpathA", sysfs_name="dm-5", uuid="mpath-360000000000001"} 1
        # node_dmmultipath_device_paths gauge
        node_dmmultipath_device_paths{device="mpathA", sysfs_name="dm-5"} 2
        # node_dmmultipath_device_paths_active gauge
        node_dmmultipath_device_paths_active{device="mpathA", sysfs_name="dm-5"} 1
        # node_dmmultipath_device_paths_failed gauge
        node_dmmultipath_device_paths_failed{device="mpathA", sysfs_name="dm-5"} 1
        # node_dmmultipath_device_size_bytes gauge
        node_dmmultipath_device_size_bytes{device="mpathA", sysfs_name="dm-5"} 53687091200
        # node_dmmultipath_path_state gauge
        node_dmmultipath_path_state{device="mpathA", path="sdi", state="running"} 1
        node_dmmultipath_path_state{device="mpathA", path="sdj", state="offline"} 1
        ! path sdk of dm-5 has no state
    "#]]
    .assert_eq(&render(&mut DmMultipath::default(), &tree.root()));
}

#[test]
fn without_multipath() {
    let tree = Tree::of(&[("sys/block/dm-0/dm/uuid", "LVM-xyz\n")]);
    expect![[r#"
        ! a multipath device is not there
    "#]]
    .assert_eq(&render(&mut DmMultipath::default(), &tree.root()));
}
