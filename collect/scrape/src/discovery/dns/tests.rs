//! Against a server of names on a socket of the test's own, which answers byte by byte as RFC 1035 and 2782 say.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use parking_lot::Mutex;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::{Found, Groups};
use super::*;

const A: u16 = 1;
const MX: u16 = 15;
const AAAA: u16 = 28;
const SRV: u16 = 33;
/// Response codes.
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// What names hold: type and data of records, or a code.
type Zone = Arc<Mutex<HashMap<(&'static str, u16), Result<Vec<Vec<u8>>, u8>>>>;

/// A name as it stands in a message.
fn name(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in text.split('.') {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

fn srv(port: u16, target: &str) -> Vec<u8> {
    let mut data = vec![0, 1, 0, 1];
    data.extend(port.to_be_bytes());
    data.extend(name(target));
    data
}

/// Answers a question from the zone: the question again, then records whose names point at it.
fn answer(question: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at + 1)?]);
    let asked = labels.join(".");
    let zone = zone.lock();
    let held = zone.iter().find(|((name, of), _)| *name == asked && *of == kind);
    let held = held.map_or(Err(NO_SUCH_NAME), |(_, held)| held.clone());
    let (records, code) = match held {
        Ok(records) => (records, 0),
        Err(code) => (Vec::new(), code),
    };
    let mut out = question.get(..2)?.to_vec();
    out.extend([0x84, 0x80 | code, 0, 1]);
    out.extend(u16::try_from(records.len()).unwrap().to_be_bytes());
    out.extend([0, 0, 0, 0]);
    out.extend(question.get(12..at + 4)?);
    for data in records {
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 0]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    Some(out)
}

/// A server with a search that asks it.
struct World {
    zone: Zone,
    found: mpsc::Receiver<Found>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl World {
    async fn start(names: &[&str], kind: DnsKind, zone: Zone) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = socket.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        let served = Arc::clone(&zone);
        tasks.spawn(async move {
            let mut buffer = [0; 512];
            while let Ok((length, asker)) = socket.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length], &served) {
                    socket.send_to(&answer, asker).await.unwrap();
                }
            }
        });
        let resolver = move || {
            let mut connection = ConnectionConfig::udp();
            connection.port = address.port();
            let server = NameServerConfig::new(address.ip(), true, vec![connection]);
            let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
            builder.options_mut().attempts = 0;
            builder.build()
        };
        let search = Box::new(Dns {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            kind,
            port: 9100,
            refresh: Duration::from_millis(20),
            resolver: Box::new(resolver),
        });
        let (out, found) = mpsc::channel(8);
        let sink = GroupSink {
            out,
            job: "j".into(),
            number: 0,
            generation: 0,
        };
        let stop = CancellationToken::new();
        tasks.spawn(search.search(sink, stop.clone()));
        Self {
            zone,
            found,
            stop,
            tasks,
        }
    }

    /// Returns the labels of all targets that are handed over next, as texts.
    async fn next(&mut self) -> Vec<String> {
        let waited = tokio::time::timeout(Duration::from_secs(20), self.found.recv()).await;
        let found = waited.unwrap().unwrap();
        let (Groups::All(groups) | Groups::Changed(groups)) = &found.groups;
        let targets = groups.iter().flat_map(|group| &group.targets);
        targets
            .map(|labels| {
                let pairs: Vec<String> = labels
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                pairs.join(" ")
            })
            .collect()
    }

    fn set(&self, name: &'static str, kind: u16, held: Result<Vec<Vec<u8>>, u8>) {
        self.zone.lock().insert((name, kind), held);
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.tasks.abort_all();
        while self.tasks.join_next().await.is_some() {}
    }
}

fn zone<const N: usize>(records: [(&'static str, u16, Vec<Vec<u8>>); N]) -> Zone {
    let records = records.map(|(name, kind, data)| ((name, kind), Ok(data)));
    Arc::new(Mutex::new(records.into()))
}

#[tokio::test]
async fn services_name_hosts_and_ports() {
    let records = vec![srv(9100, "node1.example.org"), srv(9200, "node2.example.org")];
    let zone = zone([("_metrics._tcp.example.org", SRV, records)]);
    let mut world = World::start(&["_metrics._tcp.example.org."], DnsKind::Srv, zone).await;
    let mut found = world.next().await;
    found.sort();
    assert_eq!(
        found,
        [
            "__meta_dns_name=_metrics._tcp.example.org. __meta_dns_srv_record_target=node1.example.org. \
             __meta_dns_srv_record_port=9100 __address__=node1.example.org:9100",
            "__meta_dns_name=_metrics._tcp.example.org. __meta_dns_srv_record_target=node2.example.org. \
             __meta_dns_srv_record_port=9200 __address__=node2.example.org:9200",
        ]
    );
    // One goes, then the server fails, then the name is gone.
    let left = vec![srv(9200, "node2.example.org")];
    world.set("_metrics._tcp.example.org", SRV, Ok(left.clone()));
    assert_eq!(world.next().await.len(), 1);
    world.set("_metrics._tcp.example.org", SRV, Err(SERVER_FAILURE));
    world.set("_metrics._tcp.example.org", SRV, Err(NO_SUCH_NAME));
    assert_eq!(world.next().await, [""; 0]);
    world.stop().await;
}

#[tokio::test]
async fn addresses_get_the_port_of_the_configuration() {
    let v4 = zone([("a.example.org", A, vec![vec![192, 0, 2, 1], vec![192, 0, 2, 2]])]);
    let mut world = World::start(&["a.example.org."], DnsKind::A, v4).await;
    let mut found = world.next().await;
    found.sort();
    assert_eq!(
        found,
        [
            "__meta_dns_name=a.example.org. __address__=192.0.2.1:9100",
            "__meta_dns_name=a.example.org. __address__=192.0.2.2:9100"
        ]
    );
    world.stop().await;

    let address = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap();
    let v6 = zone([("a.example.org", AAAA, vec![address.octets().to_vec()])]);
    let mut world = World::start(&["a.example.org."], DnsKind::Aaaa, v6).await;
    assert_eq!(
        world.next().await,
        ["__meta_dns_name=a.example.org. __address__=[2001:db8::1]:9100"]
    );
    world.stop().await;

    let mut exchange = vec![0, 10];
    exchange.extend(name("mail.example.org"));
    let mail = zone([("example.org", MX, vec![exchange])]);
    let mut world = World::start(&["example.org."], DnsKind::Mx, mail).await;
    assert_eq!(
        world.next().await,
        [
            "__meta_dns_name=example.org. __meta_dns_mx_record_target=mail.example.org. \
             __address__=mail.example.org:9100"
        ]
    );
    world.stop().await;
}

#[tokio::test]
async fn a_server_that_fails_leaves_what_was_found() {
    let two = zone([
        ("a.example.org", A, vec![vec![192, 0, 2, 1]]),
        ("b.example.org", A, vec![vec![192, 0, 2, 2]]),
    ]);
    let mut world = World::start(&["a.example.org.", "b.example.org."], DnsKind::A, two).await;
    assert_eq!(world.next().await.len(), 2);
    world.set("a.example.org", A, Err(SERVER_FAILURE));
    world.set("b.example.org", A, Ok(vec![vec![192, 0, 2, 3]]));
    assert_eq!(
        world.next().await,
        [
            "__meta_dns_name=a.example.org. __address__=192.0.2.1:9100",
            "__meta_dns_name=b.example.org. __address__=192.0.2.3:9100"
        ]
    );
    world.stop().await;
}
