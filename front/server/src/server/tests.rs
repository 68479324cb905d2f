use std::path::Path;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;
use crate::config::{TlsFiles, TokenFiles};
use crate::fixture::{TestClock, sources};

/// How long a test waits for what should come at once.
const DEADLINE: Duration = Duration::from_secs(20);

struct Running {
    address: SocketAddr,
    announcement: Announcement,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ServerError>>,
    dir: TempDir,
}

#[expect(clippy::disallowed_methods, reason = "the test looks at the exit itself")]
fn start(listen: &str, adjust: impl FnOnce(&mut ServerConfig)) -> Running {
    let dir = TempDir::new().unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(600_000)));
    let (sources, _, _) = sources(&dir, &clock);
    let mut config = ServerConfig::new(listen.parse().unwrap(), dir.path());
    config.connections.drain_timeout = Duration::from_secs(5);
    adjust(&mut config);
    let server = Server::bind(config, sources).unwrap();
    let stop = CancellationToken::new();
    Running {
        address: server.address(),
        announcement: server.announcement().clone(),
        task: tokio::spawn(server.run(stop.clone())),
        stop,
        dir,
    }
}

/// Sends a request that asks for the connection to be closed, and reads all that comes.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, host: &str, extra: &str) -> String {
    let request =
        format!("GET /api/v1/query?query=1 HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{extra}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    read.expect("an answer within the deadline").unwrap();
    String::from_utf8(answer).unwrap()
}

fn client_that_trusts(certificate: &Path) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[tokio::test]
async fn answers_on_loopback_and_stops_with_streams_open() {
    let running = start("127.0.0.1:0", |_| {});
    assert_eq!(running.announcement.url, format!("http://{}/", running.address));
    assert_eq!(running.announcement.token_shown_once, None);
    assert_eq!(running.announcement.certificate_sha256, None);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let answer = exchange(stream, &running.address.to_string(), "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains(r#""result":[600,"1"]"#), "{answer}");

    let mut live = TcpStream::connect(running.address).await.unwrap();
    live.write_all(b"GET /api/v1/live HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut seen = String::new();
    while !seen.contains("retry: 2000") {
        let mut piece = [0; 1024];
        let n = live.read(&mut piece).await.unwrap();
        assert_ne!(n, 0, "closed after {seen:?}");
        seen.push_str(&String::from_utf8_lossy(&piece[..n]));
    }
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
    let mut rest = Vec::new();
    live.read_to_end(&mut rest).await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn off_loopback_it_speaks_tls_and_asks_for_the_token() {
    let running = start("0.0.0.0:0", |_| {});
    let Announcement {
        url,
        token_shown_once,
        certificate_sha256,
        ..
    } = &running.announcement;
    assert_eq!(*url, format!("https://box:{}/", running.address.port()));
    assert_eq!(certificate_sha256.as_ref().unwrap().len(), 95);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, running.address.port()));

    let mut client = client_that_trusts(&running.dir.path().join("identity/certificate.pem"));
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client.clone()));
    let connect = async |name: &'static str| {
        let stream = TcpStream::connect(address).await.unwrap();
        connector
            .connect(ServerName::try_from(name).unwrap(), stream)
            .await
            .unwrap()
    };
    for name in ["localhost", "127.0.0.1", "box"] {
        let answer = exchange(connect(name).await, name, "").await;
        assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    }
    let bearer = format!("authorization: Bearer {}\r\n", token_shown_once.as_ref().unwrap());
    let answer = exchange(connect("localhost").await, "localhost", &bearer).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    client.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = TcpStream::connect(address).await.unwrap();
    let stream = connector
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
        .unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let request = hyper::Request::builder()
        .uri("https://localhost/api/v1/query?query=1")
        .header(
            "authorization",
            format!("Bearer {}", token_shown_once.as_ref().unwrap()),
        )
        .body(axum::body::Body::empty())
        .unwrap();
    let status = tokio::select! {
        response = sender.send_request(request) => response.unwrap().status(),
        end = connection => panic!("connection ended: {end:?}"),
    };
    assert_eq!(status, 200);

    let plain = exchange(TcpStream::connect(address).await.unwrap(), "localhost", &bearer).await;
    assert!(plain.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{plain}");
    assert!(
        plain.ends_with(&format!("this port speaks HTTPS only: use {url}\n")),
        "{plain}"
    );
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

/// Writes a certificate with its key, and a token made of one character.
fn issue(dir: &Path, token: char) -> (TlsFiles, TokenFiles) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key, full) = (dir.join("tls.crt"), dir.join("tls.key"), dir.join("token"));
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&full, token.to_string().repeat(32)).unwrap();
    let tokens = TokenFiles {
        full: Some(full),
        write: None,
    };
    (TlsFiles { cert, key }, tokens)
}

#[tokio::test]
async fn a_replaced_certificate_and_token_are_taken_over() {
    let dir = TempDir::new().unwrap();
    let (tls, tokens) = issue(dir.path(), 'a');
    let running = start("0.0.0.0:0", |config| {
        (config.tls, config.tokens) = (Some(tls.clone()), tokens);
        config.renewal = Duration::from_millis(5);
    });
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, running.address.port()));
    let ask = async |client: &ClientConfig, token: char| {
        let stream = TcpStream::connect(address).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client.clone()));
        let name = ServerName::try_from("localhost").unwrap();
        let stream = connector.connect(name, stream).await.ok()?;
        let bearer = format!("authorization: Bearer {}\r\n", token.to_string().repeat(32));
        let answer = exchange(stream, "localhost", &bearer).await;
        answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse::<u16>().ok())
    };
    let old = client_that_trusts(&tls.cert);
    // Who has a session resumes it without a look at the certificate.
    let stranger = client_that_trusts(&tls.cert);
    assert_eq!(ask(&old, 'a').await, Some(200));
    assert_eq!(ask(&old, 'b').await, Some(401));

    issue(dir.path(), 'b');
    let new = client_that_trusts(&tls.cert);
    let taken_over = async { while ask(&new, 'b').await != Some(200) {} };
    let within = tokio::time::timeout(DEADLINE, taken_over).await;
    within.expect("certificate and token are taken over");
    assert_eq!(ask(&new, 'a').await, Some(401));
    assert_eq!(ask(&stranger, 'b').await, None);
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[test]
fn a_certificate_without_its_key_leaves_the_one_before() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (files, _) = issue(dir.path(), 'a');
    let (others, _) = issue(other.path(), 'a');
    let certificate = certificate::load(&files).unwrap();
    let before = certificate.fingerprint();
    assert!(!certificate.renew().unwrap());

    std::fs::copy(&others.cert, &files.cert).unwrap();
    let error = certificate.renew().unwrap_err();
    assert!(matches!(error, CertificateError::Unusable { .. }), "{error}");
    std::fs::remove_file(&files.key).unwrap();
    let error = certificate.renew().unwrap_err();
    assert!(
        matches!(error, CertificateError::Read { what: "key", .. }),
        "{error}"
    );
    assert_eq!(certificate.fingerprint(), before);

    std::fs::copy(&others.key, &files.key).unwrap();
    assert!(certificate.renew().unwrap());
    assert_ne!(certificate.fingerprint(), before);
}

#[tokio::test]
async fn a_full_house_waits_and_the_silent_are_shown_out() {
    let running = start("127.0.0.1:0", |config| {
        config.connections.max_open = 1;
        config.connections.head_timeout = Duration::from_millis(50);
    });
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let waiting = TcpStream::connect(running.address).await.unwrap();
    let answer = exchange(waiting, "localhost", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let mut rest = Vec::new();
    let shown_out = tokio::time::timeout(DEADLINE, silent.read_to_end(&mut rest)).await;
    assert!(shown_out.is_ok(), "still connected");
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn says_why_it_cannot_start() {
    let running = start("127.0.0.1:0", |_| {});
    let dir = TempDir::new().unwrap();
    let clock = Arc::new(TestClock::default());
    let bind = |adjust: &dyn Fn(&mut ServerConfig)| {
        let dir = TempDir::new().unwrap();
        let (sources, _, _) = sources(&dir, &clock);
        let mut config = ServerConfig::new("127.0.0.1:0".parse().unwrap(), dir.path());
        adjust(&mut config);
        Server::bind(config, sources).err().map(|error| error.to_string())
    };
    let taken = bind(&|config| config.listen = running.address);
    assert_eq!(taken, Some(format!("failed to listen on {}", running.address)));
    let missing = dir.path().join("none.pem");
    let tls = bind(&|config| {
        config.tls = Some(crate::TlsFiles {
            cert: missing.clone(),
            key: missing.clone(),
        });
    });
    assert_eq!(tls.as_deref(), Some("failed to prepare TLS"));
    assert_eq!(bind(&|_| {}), None);
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}

/// What a gRPC exporter does on a plain connection: HTTP/2 from the first byte.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the connection is driven beside the test"
)]
async fn speaks_http2_to_those_who_begin_with_it() {
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let running = start("127.0.0.1:0", |_| {});
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let driver = tokio::spawn(connection);
    let request = hyper::Request::post(format!(
        "http://{}{}",
        running.address,
        crate::api::write::grpc::PATH
    ))
    .header("content-type", "application/grpc")
    .header("te", "trailers")
    .body(axum::body::Body::from(vec![0_u8; 5]))
    .unwrap();
    let mut response = tokio::time::timeout(DEADLINE, sender.send_request(request))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(response.status(), 200);
    let mut status = None;
    while let Some(frame) =
        std::future::poll_fn(|cx| hyper::body::Body::poll_frame(std::pin::Pin::new(response.body_mut()), cx))
            .await
    {
        if let Ok(trailers) = frame.unwrap().into_trailers() {
            status = Some(trailers["grpc-status"].to_str().unwrap().to_owned());
        }
    }
    assert_eq!(status.as_deref(), Some("0"));
    drop(sender);
    driver.await.unwrap().unwrap();
    running.stop.cancel();
    running.task.await.unwrap().unwrap();
}
