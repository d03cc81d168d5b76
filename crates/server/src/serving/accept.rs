//! Accepts connections and serves requests on them until told to stop; then requests under way are
//! finished, within a grace.
//!
//! What hyper's defaults leave open is closed here: how long a client may take for the head of a
//! request, how large it may be and how many fields it may have, how many connections there are.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use axum::http::{Method, Request};
use axum::response::Response;
use axum::{BoxError, Router};
use bytes::Bytes;
use cairn_domain::limits::{REQUEST_HEAD_BYTES_MAX, REQUEST_HEADERS_MAX};
use cairn_http::peer::Peer;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::limits::{CONNECTIONS_MAX, HEADER_READ_TIMEOUT, HTTP2_STREAMS_MAX};

/// How long accepting pauses when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Something connections come from.
pub(crate) trait Listener: Send + 'static {
    /// A connection.
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and the address at its other end, where it has one.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Io, Option<IpAddr>)>> + Send;
}

impl Listener for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Option<IpAddr>)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        // Answers are written whole: waiting to fill a packet only adds delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection kept its delay");
        }
        Ok((stream, Some(peer.ip())))
    }
}

impl Listener for UnixListener {
    type Io = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Option<IpAddr>)> {
        Ok((UnixListener::accept(self).await?.0, None))
    }
}

/// Serves `router` until `stop`, then gives requests under way `grace` to finish.
pub(crate) async fn serve<L: Listener>(
    listener: L,
    router: Router,
    stop: CancellationToken,
    grace: Duration,
) {
    let builder = Arc::new(builder());
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_about_one_connection(&error) {
                    tracing::error!(%error, "no connection can be accepted for a moment");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        let watcher = connections.watcher();
        let builder = Arc::clone(&builder);
        let service = TowerToHyperService::new(FromPeer {
            router: router.clone(),
            peer,
        });
        tokio::spawn(async move {
            let connection = builder.serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish within the grace and are cut off");
    }
}

/// The router as one connection meets it: what is posted comes with the address it comes from. What is only read does
/// not, because no answer depends on it.
#[derive(Clone)]
struct FromPeer {
    router: Router,
    peer: Option<IpAddr>,
}

impl<B> Service<Request<B>> for FromPeer
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<B>>::poll_ready(&mut self.router, cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(peer) = self.peer
            && request.method() == Method::POST
        {
            request.extensions_mut().insert(Peer(peer));
        }
        self.router.call(request)
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        .max_buf_size(REQUEST_HEAD_BYTES_MAX)
        .max_headers(REQUEST_HEADERS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_READ_TIMEOUT)
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .max_header_list_size(u32::try_from(REQUEST_HEAD_BYTES_MAX).unwrap_or(u32::MAX));
    builder
}

/// Faults of the peer; all others are about this process.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;

    async fn start(grace: Duration) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            "slow"
        };
        let router = Router::new()
            .route("/", get(|| async { "fine" }))
            .route("/slow", get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router, stop.clone(), grace));
        (address, stop, task)
    }

    async fn ask(address: SocketAddr, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_head_beyond_the_limits_is_refused() {
        let (address, _stop, _task) = start(Duration::ZERO).await;
        let fine = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        assert!(ask(address, fine).await.starts_with("HTTP/1.1 200"));
        let many = "a: b\r\n".repeat(REQUEST_HEADERS_MAX + 1);
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
        assert!(
            ask(address, many.as_bytes())
                .await
                .starts_with("HTTP/1.1 431")
        );
        let large = "x".repeat(REQUEST_HEAD_BYTES_MAX);
        let large = format!("GET / HTTP/1.1\r\nhost: x\r\na: {large}\r\n\r\n");
        assert!(
            ask(address, large.as_bytes())
                .await
                .starts_with("HTTP/1.1 431")
        );
    }

    #[tokio::test]
    async fn requests_under_way_are_finished_at_shutdown() {
        let (address, stop, task) = start(Duration::from_secs(10)).await;
        let request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
        let asked = tokio::spawn(async move { ask(address, request).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
        let answer = asked.await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("slow"),
            "{answer}"
        );
        task.await.unwrap();
        assert!(
            TcpStream::connect(address).await.is_err(),
            "the listener is closed"
        );
    }

    #[tokio::test]
    async fn the_grace_is_bounded() {
        let (address, stop, task) = start(Duration::from_millis(20)).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
        tokio::time::timeout(Duration::from_millis(150), task)
            .await
            .unwrap()
            .unwrap();
    }
}
