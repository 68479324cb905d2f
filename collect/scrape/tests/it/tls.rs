//! TLS with a certificate of an authority of the test's own.

use std::sync::Arc;

use parking_lot::Mutex;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};
use scrape::TargetHealth;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, page};
use super::world::World;

/// A server certified for `metrics.test`, and the authority as PEM.
async fn server() -> (Server, String) {
    let (server, authority, _) = server_for(Clients::Anyone).await;
    (server, authority)
}

/// Whom a server lets in.
enum Clients {
    Anyone,
    /// Who has a certificate of the server's authority.
    Certified,
}

/// A server certified for `metrics.test`, the authority as PEM, and a certificate with its key for a client.
async fn server_for(clients: Clients) -> (Server, String, (String, String)) {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["metrics.test".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let client_key = KeyPair::generate().unwrap();
    let client = CertificateParams::new(vec!["scraper.test".to_owned()])
        .unwrap()
        .signed_by(&client_key, &issuer)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match clients {
        Clients::Anyone => WebPkiClientVerifier::no_client_auth(),
        Clients::Certified => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .unwrap()
        }
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start_with(Some(acceptor), |_| page("a 1\n")).await;
    (
        server,
        authority.pem(),
        (client.pem(), client_key.serialize_pem()),
    )
}

fn job(server: &Server, tls: &str) -> String {
    format!(
        "scrape_configs:\n- job_name: j\n  scrape_interval: 1s\n  scheme: https\n  tls_config: {{{tls}}}\n  static_configs: [{{targets: ['{}']}}]\n",
        server.address
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_and_the_name_decide() {
    let (server, authority) = server().await;
    for (tls, error) in [
        ("ca_file: ca.pem, server_name: metrics.test", ""),
        ("ca_file: ca.pem", "certificate not valid for name"),
        ("server_name: metrics.test", "invalid peer certificate"),
        ("insecure_skip_verify: true", ""),
        (
            "ca_file: ca.pem, server_name: other.test",
            "certificate not valid for name",
        ),
        (
            "ca_file: ca.pem, server_name: metrics.test, min_version: TLS13",
            "",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &authority).unwrap();
        let world = World::start_in(folder, &job(&server, tls));
        let target = world.scraped().await;
        let expected = if error.is_empty() {
            TargetHealth::Up
        } else {
            TargetHealth::Down
        };
        assert_eq!(target.health, expected, "{tls}: {}", target.last_error);
        assert!(target.last_error.contains(error), "{tls}: {}", target.last_error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_authority_is_a_mistake_of_the_reload() {
    let (server, _) = server().await;
    let world = World::start("scrape_configs: []\n");
    world.write("scrape.yml", &job(&server, "ca_file: nowhere.pem"));
    let error = world.handle.reload().await.unwrap_err().to_string();
    assert!(
        error.contains("job \"j\" cannot be set up") && error.contains("nowhere.pem"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn our_certificate_lets_us_in() {
    let (server, authority, (certificate, key)) = server_for(Clients::Certified).await;
    let (_, _, (strange, strange_key)) = server_for(Clients::Certified).await;
    let trusted = "ca_file: ca.pem, server_name: metrics.test";
    for (own, expected) in [
        ("cert_file: own.pem, key_file: own.key", TargetHealth::Up),
        (
            "cert_file: strange.pem, key_file: strange.key",
            TargetHealth::Down,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("ca.pem", &authority),
            ("own.pem", &certificate),
            ("own.key", &key),
            ("strange.pem", &strange),
            ("strange.key", &strange_key),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let world = World::start_in(folder, &job(&server, &format!("{trusted}, {own}")));
        let target = world.scraped().await;
        assert_eq!(target.health, expected, "{own}: {}", target.last_error);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &authority).unwrap();
    let world = World::start_in(folder, &job(&server, trusted));
    assert_eq!(
        world.scraped().await.health,
        TargetHealth::Down,
        "without a certificate"
    );
}

/// Chooses no certificate, and notes which was asked for.
#[derive(Debug)]
struct AskedFor {
    names: Mutex<Vec<Option<String>>>,
    key: Arc<CertifiedKey>,
}

impl ResolvesServerCert for AskedFor {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.names.lock().push(hello.server_name().map(str::to_owned));
        Some(Arc::clone(&self.key))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_asks_for_the_server_name() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["metrics.test".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let signing = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let signing = provider.key_provider.load_private_key(signing).unwrap();
    let asked = Arc::new(AskedFor {
        names: Mutex::default(),
        key: Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signing)),
    });
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&asked) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start_with(Some(acceptor), |_| page("a 1\n")).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
    let world = World::start_in(
        folder,
        &job(&server, "ca_file: ca.pem, server_name: metrics.test"),
    );
    let target = world.scraped().await;
    assert_eq!(target.health, TargetHealth::Up, "{}", target.last_error);
    assert_eq!(asked.names.lock().first(), Some(&Some("metrics.test".to_owned())));
    assert_eq!(
        server.last().header("host"),
        Some(server.address.to_string().as_str()),
        "the request means the target"
    );
}
