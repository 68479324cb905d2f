//! TLS with a certificate of an authority of the test's own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use scrape::TargetHealth;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, page};
use super::world::World;

/// A server certified for `metrics.test`, and the authority as PEM.
async fn server() -> (Server, String) {
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
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start_with(Some(acceptor), |_| page("a 1\n")).await;
    (server, authority.pem())
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
