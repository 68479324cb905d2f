//! Receivers behind TLS, with passwords and certificates, and behind a proxy.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use parking_lot::Mutex;
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fixture::{Fixture, write_file};

const FAST: &str = "queue_config: {batch_send_deadline: 20ms, min_backoff: 1ms, max_backoff: 10ms}";

/// An authority of the test's own.
struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    fn certify(&self, name: &str) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// Returns a server for `receiver.test` that wants certificates of this authority.
    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
        let (certificate, key) = self.certify("receiver.test");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Heads of requests, and handshakes that failed.
#[derive(Default)]
struct Seen {
    heads: Vec<String>,
    failed: usize,
}

type Log = Arc<Mutex<Seen>>;

/// Starts a server that takes everything, and returns its port and what it saw.
fn serve(fixture: &Fixture, tls: Option<TlsAcceptor>) -> (u16, Log) {
    let log = Log::default();
    let listener = fixture.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::clone(&log);
    fixture.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            match &tls {
                None => drop(answer(stream, &seen).await),
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => drop(answer(stream, &seen).await),
                    Err(_) => seen.lock().failed += 1,
                },
            }
        }
    });
    (port, log)
}

/// Answers one request of a connection.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, seen: &Log) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            // A handshake whose end the other side did not like.
            seen.lock().failed += 1;
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line.to_ascii_lowercase());
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    stream.read_exact(&mut vec![0; length]).await?;
    seen.lock().heads.push(head);
    stream
        .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        .await?;
    stream.flush().await?;
    stream.shutdown().await
}

/// Forwards one sample by a configuration, and returns what the server saw.
fn forward(fixture: &Fixture, yaml: &str, log: &Log) -> (Vec<String>, bool) {
    let forwarder = fixture.start(fixture.config(yaml));
    *log.lock() = Seen::default();
    fixture.store_floats(0..1, fixture.next_offset());
    fixture.wait("an attempt", || {
        let seen = log.lock();
        !seen.heads.is_empty() || seen.failed > 0
    });
    let status = forwarder.stop();
    let heads = std::mem::take(&mut log.lock().heads);
    (heads, status.relay.delivered == 1)
}

#[test]
fn both_sides_prove_who_they_are() {
    let fixture = Fixture::new();
    let authority = Authority::new();
    let (port, log) = serve(&fixture, Some(authority.acceptor()));
    let folder = fixture.folder.path();
    write_file(folder, "ca.pem", &authority.certificate.pem());
    write_file(folder, "password", "hunter2\n");
    for (signer, name) in [(&authority, "ours"), (&Authority::new(), "strange")] {
        let (certificate, key) = signer.certify("sender.test");
        write_file(folder, &format!("{name}.pem"), &certificate.pem());
        write_file(folder, &format!("{name}.key"), &key.serialize_pem());
    }
    let trusted = "ca_file: ca.pem, server_name: receiver.test";
    let own = "cert_file: ours.pem, key_file: ours.key";
    for (n, (tls, reaches)) in [
        (format!("{trusted}, {own}"), true),
        (format!("insecure_skip_verify: true, {own}"), true),
        (format!("ca_file: ca.pem, {own}"), false),
        (format!("ca_file: ca.pem, server_name: other.test, {own}"), false),
        (format!("server_name: receiver.test, {own}"), false),
        (trusted.to_owned(), false),
        (
            format!("{trusted}, cert_file: strange.pem, key_file: strange.key"),
            false,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let yaml = format!(
            "- {{url: 'https://127.0.0.1:{port}/w', name: r{n}, basic_auth: {{username: me, password_file: password}}, \
             enable_http2: true, tls_config: {{{tls}}}, {FAST}}}"
        );
        let (heads, delivered) = forward(&fixture, &yaml, &log);
        assert_eq!(delivered, reaches, "{tls}");
        assert_eq!(!heads.is_empty(), reaches, "{tls}");
        for head in heads {
            // "me:hunter2"
            assert!(head.contains("authorization: basic bwu6ahvudgvymg=="), "{head}");
        }
    }
}

#[test]
fn a_certificate_that_changes_is_read_again() {
    let fixture = Fixture::new();
    let authority = Authority::new();
    let (port, log) = serve(&fixture, Some(authority.acceptor()));
    let folder = fixture.folder.path();
    let write = |signer: &Authority| {
        let (certificate, key) = signer.certify("sender.test");
        write_file(folder, "own.pem", &certificate.pem());
        write_file(folder, "own.key", &key.serialize_pem());
    };
    write_file(folder, "ca.pem", &authority.certificate.pem());
    write(&Authority::new());
    let yaml = format!(
        "- {{url: 'https://127.0.0.1:{port}/w', name: r, tls_config: {{ca_file: ca.pem, server_name: receiver.test, \
         cert_file: own.pem, key_file: own.key}}, {FAST}}}"
    );
    let forwarder = fixture.start(fixture.config(&yaml));
    fixture.store_floats(0..1, 0);
    fixture.wait("a refusal", || log.lock().failed > 0);
    write(&authority);
    fixture.wait("a request", || !log.lock().heads.is_empty());
    assert_eq!(forwarder.stop().relay.delivered, 1);
}

#[test]
fn a_proxy_is_used_except_where_it_is_not() {
    let fixture = Fixture::new();
    let (proxy, log) = serve(&fixture, None);
    let (receiver, direct) = serve(&fixture, None);
    let through = format!(
        "- {{url: 'http://127.0.0.1:{receiver}/w', name: a, proxy_url: 'http://u:p@127.0.0.1:{proxy}', {FAST}}}"
    );
    let (heads, delivered) = forward(&fixture, &through, &log);
    assert!(delivered && direct.lock().heads.is_empty());
    let head = heads.first().unwrap();
    assert!(
        head.starts_with(&format!("post http://127.0.0.1:{receiver}/w ")),
        "{head}"
    );
    assert!(head.contains("proxy-authorization: basic dtpw"), "{head}");

    let around = format!(
        "- {{url: 'http://127.0.0.1:{receiver}/w', name: b, proxy_url: 'http://127.0.0.1:{proxy}', \
         no_proxy: '10.0.0.0/8,127.0.0.1', {FAST}}}"
    );
    let (heads, delivered) = forward(&fixture, &around, &direct);
    assert!(
        delivered && heads.first().unwrap().starts_with("post /w "),
        "{heads:?}"
    );
    assert!(log.lock().heads.is_empty());
}

#[test]
fn a_granted_token_is_sent() {
    let fixture = Fixture::new();
    let (receiver, log) = serve(&fixture, None);
    let listener = fixture.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let form = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&form);
    let grant = move |body: String| {
        *seen.lock() = body;
        let answer = r#"{"access_token":"granted","token_type":"bearer","expires_in":3600}"#;
        std::future::ready(([("content-type", "application/json")], answer))
    };
    fixture.spawn(async move {
        let app = Router::new().route("/token", post(grant));
        axum::serve(listener, app).await.unwrap();
    });
    let yaml = format!(
        "- {{url: 'http://127.0.0.1:{receiver}/w', name: a, oauth2: {{client_id: me, client_secret: hunter2, \
         scopes: [write], token_url: 'http://127.0.0.1:{port}/token'}}, {FAST}}}"
    );
    let (heads, delivered) = forward(&fixture, &yaml, &log);
    assert!(delivered);
    assert!(
        heads.first().unwrap().contains("authorization: bearer granted"),
        "{heads:?}"
    );
    assert_eq!(*form.lock(), "grant_type=client_credentials&scope=write");
}
