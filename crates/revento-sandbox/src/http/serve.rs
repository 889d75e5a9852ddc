//! The server: it accepts connections, limits how long a request head may take, and shuts down gracefully.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::hang_up::HangUp;
use super::middleware::ReachedAddress;
use crate::runtime::Runtime;

/// How long a request head may take to arrive, and how long a connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a failed accept: the machine lacks a resource, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The error that makes hyper close a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault closed the connection")]
struct ClosedByFault;

/// Serves until the sandbox stops and every connection has ended.
pub(crate) async fn serve(listener: TcpListener, router: Router, runtime: Arc<Runtime>) {
    let mut stopping = runtime.stopping.subscribe();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, router.clone(), runtime.stopping.subscribe()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = stopped(&mut stopping) => break,
        }
    }
    drop((listener, router));
    while connections.join_next().await.is_some() {}
}

async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the runtime was dropped, which is a reason to stop too.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn connection(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    // Send small answers at once. A socket that refuses the option works without it.
    let _ = stream.set_nodelay(true);
    let reached = stream
        .local_addr()
        .ok()
        .map(|address| ReachedAddress(address.ip()));
    let service = service_fn(move |mut request: Request<Incoming>| {
        reached.map(|reached| request.extensions_mut().insert(reached));
        answer(router.clone(), request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stopped(&mut stopping) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, ClosedByFault> {
    let answered: Result<_, Infallible> = router.oneshot(request.map(Body::new)).await;
    let Ok(response) = answered;
    if response.extensions().get::<HangUp>().is_some() {
        Err(ClosedByFault)
    } else {
        Ok(response)
    }
}
