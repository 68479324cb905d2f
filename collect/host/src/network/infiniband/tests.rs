use expect_test::expect;

use super::*;
use crate::testing::{Tree, render};

#[test]
fn adapter_with_a_port() {
    let port = "sys/class/infiniband/mlx5_0/ports/1";
    let tree = Tree::of(&[
        ("sys/class/infiniband/mlx5_0/fw_ver", "20.28.1002\n"),
        ("sys/class/infiniband/mlx5_0/board_id", "MT_0000000223\n"),
        ("sys/class/infiniband/mlx5_0/hca_type", "MT4119\n"),
        ("sys/class/infiniband/mlx5_1/fw_ver", "1\n"),
    ]);
    for (file, content) in [
        ("state", "4: ACTIVE\n"),
        ("phys_state", "5: LinkUp\n"),
        ("rate", "2.5 Gb/sec (1X SDR)\n"),
        ("counters/port_rcv_data", "4000000000\n"),
        ("counters/link_downed", "0\n"),
        ("counters/symbol_error", "N/A (no PMA)\n"),
        ("counters_ext/port_xmit_data_64", "5\n"),
        ("hw_counters/lifespan", "10\n"),
        ("hw_counters/out_of_buffer", "41\n"),
        ("hw_counters/rx_write_requests", "none\n"),
    ] {
        tree.write(&format!("{port}/{file}"), content);
    }
    tree.write("sys/class/infiniband/mlx5_0/ports/2/state", "ACTIVE\n");
    expect![[r#"
        # node_infiniband_info gauge
        node_infiniband_info{board_id="MT_0000000223", device="mlx5_0", firmware_version="20.28.1002", hca_type="MT4119"} 1
        node_infiniband_info{device="mlx5_1", firmware_version="1"} 1
        # node_infiniband_legacy_data_transmitted_bytes_total counter
        node_infiniband_legacy_data_transmitted_bytes_total{device="mlx5_0", port="1"} 20
        # node_infiniband_lifespan_seconds gauge
        node_infiniband_lifespan_seconds{device="mlx5_0", port="1"} 0
        # node_infiniband_link_downed_total counter
        node_infiniband_link_downed_total{device="mlx5_0", port="1"} 0
        # node_infiniband_out_of_buffer_drops_total counter
        node_infiniband_out_of_buffer_drops_total{device="mlx5_0", port="1"} 41
        # node_infiniband_physical_state_id gauge
        node_infiniband_physical_state_id{device="mlx5_0", port="1"} 5
        # node_infiniband_port_data_received_bytes_total counter
        node_infiniband_port_data_received_bytes_total{device="mlx5_0", port="1"} 16000000000
        # node_infiniband_rate_bytes_per_second gauge
        node_infiniband_rate_bytes_per_second{device="mlx5_0", port="1"} 312500000
        # node_infiniband_state_id gauge
        node_infiniband_state_id{device="mlx5_0", port="1"} 4
    "#]]
    .assert_eq(
        render(&mut InfiniBand::default(), &tree.root())
            .split_once("! ")
            .unwrap()
            .0,
    );
}

#[test]
fn without_adapters() {
    expect![[r#"
        ! /sys/class/infiniband is not there
    "#]]
    .assert_eq(&render(&mut InfiniBand::default(), &Tree::new().root()));
}
