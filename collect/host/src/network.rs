//! Collectors of the group `network`.
//!
//! Names, labels and units are node_exporter's. Where it asks the kernel by netlink for what a file of `/proc` or
//! `/sys` says too, the file is read, so that a recorded tree is a test.

mod arp;
mod bonding;
mod conntrack;
mod fibrechannel;
mod infiniband;
mod ipvs;
mod netclass;
mod netdev;
mod netstat;
mod sockstat;
mod softnet;
mod udp_queues;

pub(crate) use arp::Arp;
pub(crate) use bonding::Bonding;
pub(crate) use conntrack::Conntrack;
pub(crate) use fibrechannel::FibreChannel;
pub(crate) use infiniband::InfiniBand;
pub(crate) use ipvs::Ipvs;
pub(crate) use netclass::NetClass;
pub(crate) use netdev::NetDev;
pub(crate) use netstat::NetStat;
pub(crate) use sockstat::SockStat;
pub(crate) use softnet::SoftNet;
pub(crate) use udp_queues::UdpQueues;
