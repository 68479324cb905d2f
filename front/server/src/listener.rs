//! Connections: accepted up to a bound, served, and drained when the server stops.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use self::stall::StallTimeout;
use crate::config::ConnectionLimits;
use crate::identity::Peer;
use crate::metrics::Metrics;

mod stall;

/// Pause after a failed accept: most often file descriptors are short, and trying at once burns the CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Requests one HTTP/2 connection may have open.
const MAX_H2_STREAMS: u32 = 128;
/// The first byte of a TLS connection: content type "handshake".
const TLS_HANDSHAKE: u8 = 0x16;

/// What an HTTP/2 connection begins with and no HTTP/1 method does, <https://www.rfc-editor.org/rfc/rfc9113#section-3.4>.
const HTTP2_PREFACE: &[u8; 3] = b"PRI";

/// What a connection needs to be served.
#[derive(Clone)]
pub(crate) struct Service {
    /// Answers requests.
    pub(crate) router: Router,
    /// Speaks TLS; `None` for plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// Bounds.
    pub(crate) limits: ConnectionLimits,
    /// Counts.
    pub(crate) metrics: Arc<Metrics>,
    /// Where this server is reached, for those who speak plain HTTP to a TLS port.
    pub(crate) url: Arc<str>,
}

/// Who is served, with what.
struct Caller {
    peer: SocketAddr,
    service: Service,
}

#[derive(Clone, Copy, Debug)]
enum Protocol {
    Http1,
    Http2,
}

/// Accepts and serves connections until `stop`, then lets open requests end.
pub(crate) async fn serve(listener: TcpListener, service: Service, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(service.limits.max_open.max(1)));
    let drain_timeout = service.limits.drain_timeout;
    let mut connections = JoinSet::new();
    while let Some(accepted) = stop.run_until_cancelled(accept(&listener, &room)).await {
        while let Some(ended) = connections.try_join_next() {
            note_end(ended);
        }
        let (stream, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        service.metrics.accepted.fetch_add(1, Ordering::Relaxed);
        let (service, stop) = (service.clone(), stop.clone());
        connections.spawn(async move {
            let _place = place;
            let metrics = Arc::clone(&service.metrics);
            let _open = metrics.connections.enter();
            serve_stream(stream, peer, service, stop).await;
        });
    }
    drop(listener);
    let drain = async {
        while let Some(ended) = connections.join_next().await {
            note_end(ended);
        }
    };
    if tokio::time::timeout(drain_timeout, drain).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "connections did not end in time and are cut"
        );
    }
}

fn note_end(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "connection ended by a fault of the server");
    }
}

/// Waits for room, then for a connection.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

async fn serve_stream(stream: TcpStream, peer: SocketAddr, service: Service, stop: CancellationToken) {
    // Answers are written whole; without this, the last part waits for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "failed to set TCP_NODELAY");
    }
    let Some(tls) = service.tls.clone() else {
        return match plain_protocol(&stream, service.limits.head_timeout).await {
            Ok(protocol) => serve_http(stream, protocol, Caller { peer, service }, stop).await,
            Err(error) => tracing::debug!(%error, %peer, "connection ended before its first byte"),
        };
    };
    let metrics = Arc::clone(&service.metrics);
    let handshake = async {
        if !begins_with_handshake(&stream).await? {
            return refuse_plain(stream, &service.url).await.map(|()| None);
        }
        tls.accept(stream).await.map(Some)
    };
    match tokio::time::timeout(service.limits.head_timeout, handshake).await {
        Ok(Ok(Some(stream))) => {
            let agreed = stream.get_ref().1.alpn_protocol();
            let protocol = if agreed == Some(b"h2") {
                Protocol::Http2
            } else {
                Protocol::Http1
            };
            return serve_http(stream, protocol, Caller { peer, service }, stop).await;
        }
        Ok(Ok(None)) => tracing::debug!(%peer, "refused plain HTTP on the TLS port"),
        Ok(Err(error)) => tracing::debug!(%error, %peer, "failed to agree on TLS"),
        Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
    }
    metrics.handshake_failures.fetch_add(1, Ordering::Relaxed);
}

/// Tells HTTP/2 by its preface, which gRPC clients send without asking on plain connections. Waits for the first
/// bytes as long as for the head of a request; whoever sends the preface sends its beginning at once.
async fn plain_protocol(stream: &TcpStream, patience: Duration) -> io::Result<Protocol> {
    let mut first = [0; HTTP2_PREFACE.len()];
    let read = tokio::time::timeout(patience, stream.peek(&mut first)).await??;
    Ok(match read == HTTP2_PREFACE.len() && first == *HTTP2_PREFACE {
        true => Protocol::Http2,
        false => Protocol::Http1,
    })
}

async fn begins_with_handshake(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = stream.peek(&mut first).await?;
    Ok(read == 0 || first == [TLS_HANDSHAKE])
}

/// Tells someone who speaks plain HTTP what to do instead.
async fn refuse_plain(mut stream: TcpStream, url: &str) -> io::Result<()> {
    let body = format!("this port speaks HTTPS only: use {url}\n");
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    // What the client sent must be read before the close, or the kernel resets the connection and the client
    // may never see the answer. Some is enough: it is one request.
    stream.shutdown().await?;
    let mut sink = [0; 4096];
    tokio::io::AsyncReadExt::read(&mut stream, &mut sink).await?;
    Ok(())
}

/// Serves HTTP/1.1 or HTTP/2, whatever was agreed on or begun.
async fn serve_http<S>(stream: S, protocol: Protocol, caller: Caller, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Caller { peer, service } = caller;
    let Service { router, limits, .. } = service;
    let answer = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer { address: peer });
        router.clone().call(request)
    });
    let io = TokioIo::new(StallTimeout::new(stream, limits.stall_timeout));
    let result = match protocol {
        Protocol::Http1 => {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_timeout)
                .max_buf_size(MAX_HEAD_BYTES)
                .serve_connection(io, answer);
            drive(
                std::pin::pin!(connection),
                http1::Connection::graceful_shutdown,
                stop,
            )
            .await
        }
        Protocol::Http2 => {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(limits.head_timeout)
                .max_concurrent_streams(MAX_H2_STREAMS)
                .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
                .serve_connection(io, answer);
            drive(
                std::pin::pin!(connection),
                http2::Connection::graceful_shutdown,
                stop,
            )
            .await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, %peer, "connection ended early");
    }
}

/// Serves a connection; after `stop` it ends with the requests that are open.
async fn drive<C: Future<Output = hyper::Result<()>>>(
    mut connection: Pin<&mut C>,
    shut_down: fn(Pin<&mut C>),
    stop: CancellationToken,
) -> hyper::Result<()> {
    tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            shut_down(connection.as_mut());
            connection.await
        }
    }
}
