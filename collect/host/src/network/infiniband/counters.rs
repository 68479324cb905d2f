//! Counters of a port: which file is which family.
//!
//! Sources: the kernel's `Documentation/ABI/stable/sysfs-class-infiniband`, and the vendor's list of mlx5 counters.

use model::Family;

/// File, family, and what to multiply by: data is counted in words of four bytes.
pub(super) type Counter = (&'static str, Family<'static>, u64);

/// Folder of the counters that the adapter's driver adds, which also holds `lifespan`.
pub(super) const HARDWARE: &str = "hw_counters";

/// Folders of a port with the counters in them. Kernels before 4.5 kept those of 64 bits in a folder of their own.
pub(super) const TABLES: &[(&str, &[Counter])] = &[
    ("counters", STANDARD),
    ("counters_ext", EXTENDED),
    (HARDWARE, ADDED),
];

macro_rules! counter {
    ($file:literal, $name:literal, $help:literal, $scale:literal) => {
        (
            $file,
            Family::counter(concat!("node_infiniband_", $name), $help),
            $scale,
        )
    };
    ($file:literal, $name:literal, $help:literal) => {
        counter!($file, $name, $help, 1)
    };
}

const STANDARD: &[Counter] = &[
    counter!(
        "excessive_buffer_overrun_errors",
        "excessive_buffer_overrun_errors_total",
        "Runs of flow control periods in which a buffer overran."
    ),
    counter!(
        "link_downed",
        "link_downed_total",
        "Times the link did not recover from an error and went down."
    ),
    counter!(
        "link_error_recovery",
        "link_error_recovery_total",
        "Times the link recovered from an error."
    ),
    counter!(
        "local_link_integrity_errors",
        "local_link_integrity_errors_total",
        "Times local physical errors passed their threshold."
    ),
    counter!(
        "multicast_rcv_packets",
        "multicast_packets_received_total",
        "Multicast packets received, with those in error."
    ),
    counter!(
        "multicast_xmit_packets",
        "multicast_packets_transmitted_total",
        "Multicast packets transmitted, with those in error."
    ),
    counter!(
        "port_rcv_constraint_errors",
        "port_constraint_errors_received_total",
        "Packets received that the switch port discarded."
    ),
    counter!(
        "port_xmit_constraint_errors",
        "port_constraint_errors_transmitted_total",
        "Packets that the switch port did not transmit."
    ),
    counter!(
        "port_rcv_data",
        "port_data_received_bytes_total",
        "Bytes received.",
        4
    ),
    counter!(
        "port_xmit_data",
        "port_data_transmitted_bytes_total",
        "Bytes transmitted.",
        4
    ),
    counter!(
        "port_rcv_discards",
        "port_discards_received_total",
        "Packets received and discarded because the port was down or congested."
    ),
    counter!(
        "port_xmit_discards",
        "port_discards_transmitted_total",
        "Packets to transmit that were discarded because the port was down or congested."
    ),
    counter!(
        "port_rcv_errors",
        "port_errors_received_total",
        "Packets received with an error."
    ),
    counter!(
        "port_rcv_packets",
        "port_packets_received_total",
        "Packets received, with those in error."
    ),
    counter!(
        "port_xmit_packets",
        "port_packets_transmitted_total",
        "Packets transmitted, with those in error."
    ),
    counter!(
        "port_xmit_wait",
        "port_transmit_wait_total",
        "Ticks in which the port had data to send and sent none."
    ),
    counter!(
        "unicast_rcv_packets",
        "unicast_packets_received_total",
        "Unicast packets received, with those in error."
    ),
    counter!(
        "unicast_xmit_packets",
        "unicast_packets_transmitted_total",
        "Unicast packets transmitted, with those in error."
    ),
    counter!(
        "port_rcv_remote_physical_errors",
        "port_receive_remote_physical_errors_total",
        "Packets received that the other side had marked as bad."
    ),
    counter!(
        "port_rcv_switch_relay_errors",
        "port_receive_switch_relay_errors_total",
        "Packets that the switch could not forward."
    ),
    counter!(
        "symbol_error",
        "symbol_error_total",
        "Minor errors on a physical lane."
    ),
    counter!(
        "VL15_dropped",
        "vl15_dropped_total",
        "Management packets dropped for lack of resources."
    ),
];

const EXTENDED: &[Counter] = &[
    counter!(
        "port_multicast_rcv_packets",
        "legacy_multicast_packets_received_total",
        "Multicast packets received, on kernels before 4.5."
    ),
    counter!(
        "port_multicast_xmit_packets",
        "legacy_multicast_packets_transmitted_total",
        "Multicast packets transmitted, on kernels before 4.5."
    ),
    counter!(
        "port_rcv_data_64",
        "legacy_data_received_bytes_total",
        "Bytes received, on kernels before 4.5.",
        4
    ),
    counter!(
        "port_rcv_packets_64",
        "legacy_packets_received_total",
        "Packets received, on kernels before 4.5."
    ),
    counter!(
        "port_unicast_rcv_packets",
        "legacy_unicast_packets_received_total",
        "Unicast packets received, on kernels before 4.5."
    ),
    counter!(
        "port_unicast_xmit_packets",
        "legacy_unicast_packets_transmitted_total",
        "Unicast packets transmitted, on kernels before 4.5."
    ),
    counter!(
        "port_xmit_data_64",
        "legacy_data_transmitted_bytes_total",
        "Bytes transmitted, on kernels before 4.5.",
        4
    ),
    counter!(
        "port_xmit_packets_64",
        "legacy_packets_transmitted_total",
        "Packets transmitted, on kernels before 4.5."
    ),
];

const ADDED: &[Counter] = &[
    counter!(
        "duplicate_request",
        "duplicate_requests_packets_total",
        "Requests received that had been executed before."
    ),
    counter!(
        "implied_nak_seq_err",
        "implied_nak_seq_errors_total",
        "Acknowledgements that skipped an expected response."
    ),
    counter!(
        "local_ack_timeout_err",
        "local_ack_timeout_errors_total",
        "Acknowledgement timers that expired at the sender."
    ),
    counter!(
        "np_cnp_sent",
        "np_cnp_packets_sent_total",
        "Congestion notifications sent."
    ),
    counter!(
        "np_ecn_marked_roce_packets",
        "np_ecn_marked_roce_packets_received_total",
        "RoCE packets received with a congestion mark."
    ),
    counter!(
        "out_of_buffer",
        "out_of_buffer_drops_total",
        "Drops for lack of receive work queue entries."
    ),
    counter!(
        "out_of_sequence",
        "out_of_sequence_packets_received_total",
        "Packets received out of sequence."
    ),
    counter!(
        "packet_seq_err",
        "packet_sequence_errors_total",
        "Negative acknowledgements received for a sequence error."
    ),
    counter!(
        "req_cqe_error",
        "req_cqes_errors_total",
        "Requests completed with an error."
    ),
    counter!(
        "req_cqe_flush_error",
        "req_cqes_flush_errors_total",
        "Requests completed with a flush error."
    ),
    counter!(
        "req_remote_access_errors",
        "req_remote_access_errors_total",
        "Requests that failed with a remote access error."
    ),
    counter!(
        "req_remote_invalid_request",
        "req_remote_invalid_request_errors_total",
        "Requests that the other side found invalid."
    ),
    counter!(
        "resp_cqe_error",
        "resp_cqes_errors_total",
        "Responses completed with an error."
    ),
    counter!(
        "resp_cqe_flush_error",
        "resp_cqes_flush_errors_total",
        "Responses completed with a flush error."
    ),
    counter!(
        "resp_local_length_error",
        "resp_local_length_errors_total",
        "Responses with a local length error."
    ),
    counter!(
        "resp_remote_access_errors",
        "resp_remote_access_errors_total",
        "Responses with a remote access error."
    ),
    counter!(
        "rnr_nak_retry_err",
        "rnr_nak_retry_packets_received_total",
        "Negative acknowledgements received because the receiver was not ready."
    ),
    counter!(
        "roce_adp_retrans",
        "roce_adp_retransmits_total",
        "Adaptive retransmissions of RoCE traffic."
    ),
    counter!(
        "roce_adp_retrans_to",
        "roce_adp_retransmits_timeout_total",
        "Timeouts of RoCE traffic by adaptive retransmission."
    ),
    counter!(
        "roce_slow_restart",
        "roce_slow_restart_used_total",
        "Uses of the RoCE slow restart."
    ),
    counter!(
        "roce_slow_restart_cnps",
        "roce_slow_restart_cnps_total",
        "Congestion notifications made by the RoCE slow restart."
    ),
    counter!(
        "roce_slow_restart_trans",
        "roce_slow_restart_total",
        "Changes of state to the RoCE slow restart."
    ),
    counter!(
        "rp_cnp_handled",
        "rp_cnp_packets_handled_total",
        "Congestion notifications handled."
    ),
    counter!(
        "rp_cnp_ignored",
        "rp_cnp_ignored_packets_received_total",
        "Congestion notifications ignored."
    ),
    counter!(
        "rx_atomic_requests",
        "rx_atomic_requests_total",
        "Atomic requests received."
    ),
    counter!(
        "rx_dct_connect",
        "rx_dct_connect_requests_total",
        "Connection requests received for dynamically connected transports."
    ),
    counter!(
        "rx_read_requests",
        "rx_read_requests_total",
        "Read requests received."
    ),
    counter!(
        "rx_write_requests",
        "rx_write_requests_total",
        "Write requests received."
    ),
    counter!(
        "rx_icrc_encapsulated",
        "rx_icrc_encapsulated_errors_total",
        "RoCE packets received with a wrong invariant checksum."
    ),
];
