use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn controllers_and_namespaces() {
    let tree = Tree::new();
    for (file, content) in [
        ("nvme0/firmware_rev", "1B2QEXP7\n"),
        ("nvme0/model", "Samsung SSD 970 PRO 512GB               \n"),
        ("nvme0/serial", "S680HF8N190894I     \n"),
        ("nvme0/state", "live\n"),
        ("nvme0/cntlid", "1997\n"),
        ("nvme0/nvme0n1/ana_state", "optimized\n"),
        ("nvme0/nvme0n1/nuse", "488281250\n"),
        ("nvme0/nvme0n1/size", "3906250000\n"),
        ("nvme0/nvme0n1/queue/logical_block_size", "4096\n"),
        ("nvme0/nvme0n2/size", "8\n"),
        ("nvme0/nvme0n2/queue/logical_block_size", "512\n"),
        ("nvme0/nvme0c1n1/size", "8\n"),
        ("nvme0/hwmon0/name", "nvme\n"),
        ("nvme1/state", "connecting\n"),
    ] {
        tree.write(&format!("sys/class/nvme/{file}"), content);
    }
    expect![[r#"
        # node_nvme_info gauge
        node_nvme_info{cntlid="1997", device="nvme0", firmware_revision="1B2QEXP7", model="Samsung SSD 970 PRO 512GB", serial="S680HF8N190894I", state="live"} 1
        node_nvme_info{device="nvme1", state="connecting"} 1
        # node_nvme_namespace_capacity_bytes gauge
        node_nvme_namespace_capacity_bytes{device="nvme0", nsid="1"} 16000000000000
        node_nvme_namespace_capacity_bytes{device="nvme0", nsid="2"} 4096
        # node_nvme_namespace_info gauge
        node_nvme_namespace_info{ana_state="optimized", device="nvme0", nsid="1"} 1
        node_nvme_namespace_info{ana_state="unknown", device="nvme0", nsid="2"} 1
        # node_nvme_namespace_logical_block_size_bytes gauge
        node_nvme_namespace_logical_block_size_bytes{device="nvme0", nsid="1"} 4096
        node_nvme_namespace_logical_block_size_bytes{device="nvme0", nsid="2"} 512
        # node_nvme_namespace_size_bytes gauge
        node_nvme_namespace_size_bytes{device="nvme0", nsid="1"} 16000000000000
        node_nvme_namespace_size_bytes{device="nvme0", nsid="2"} 4096
        # node_nvme_namespace_used_bytes gauge
        node_nvme_namespace_used_bytes{device="nvme0", nsid="1"} 2000000000000
    "#]]
    .assert_eq(&render(&mut Nvme::default(), &tree.root()));
}

#[test]
fn without_controllers() {
    expect![[r#"
        ! /sys/class/nvme is not there
    "#]]
    .assert_eq(&render(&mut Nvme::default(), &Tree::new().root()));
}
