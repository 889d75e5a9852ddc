//! From a URL to a connection: name, socket, tunnel and TLS within one timeout.

use std::{
    error::Error,
    fmt,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{HttpConnector, proxy::Tunnel};
#[cfg(unix)]
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tower_service::Service;

use crate::{proxy::Proxy, stream::Stream};

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// The first hop of a connection.
#[derive(Clone)]
pub(crate) enum Route {
    Direct(HttpConnector),
    Proxy(Proxy, HttpsConnector<HttpConnector>),
    #[cfg_attr(not(unix), allow(dead_code))]
    Unix(Arc<Path>),
}

/// Connects over a route, with TLS for `https` URLs, within a timeout.
#[derive(Clone)]
pub(crate) struct Connect {
    inner: HttpsConnector<Route>,
    timeout: Duration,
}

impl Connect {
    pub(crate) fn new(route: Route, tls: Arc<ClientConfig>, timeout: Duration) -> Self {
        let inner = HttpsConnectorBuilder::new()
            .with_tls_config((*tls).clone())
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(route);
        Self { inner, timeout }
    }
}

/// No connection within the timeout.
#[derive(Debug)]
pub(crate) struct ConnectTimeout(Duration);

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.0)
    }
}

impl Error for ConnectTimeout {}

impl Service<Uri> for Connect {
    type Response = MaybeHttpsStream<Stream>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, timeout) = (self.inner.call(uri), self.timeout);
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(outcome) => outcome,
                Err(_) => Err(ConnectTimeout(timeout).into()),
            }
        })
    }
}

impl Service<Uri> for Route {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting<Stream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(context).map_err(Into::into),
            Self::Proxy(_, to_proxy) => to_proxy.poll_ready(context),
            Self::Unix(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let connecting = tcp.call(uri);
                Box::pin(async move { Ok(Stream::direct(connecting.await?)) })
            }
            Self::Proxy(proxy, to_proxy) if uri.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri.clone(), to_proxy.clone());
                if let Some(authorization) = &proxy.authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let connecting = tunnel.call(uri);
                Box::pin(async move { Ok(Stream::direct(connecting.await?)) })
            }
            Self::Proxy(proxy, to_proxy) => {
                let connecting = to_proxy.call(proxy.uri.clone());
                Box::pin(async move { Ok(Stream::forwarding(connecting.await?)) })
            }
            Self::Unix(path) => unix(Arc::clone(path)),
        }
    }
}

#[cfg(unix)]
fn unix(path: Arc<Path>) -> Connecting<Stream> {
    Box::pin(async move {
        let stream = tokio::net::UnixStream::connect(path).await?;
        Ok(Stream::direct(TokioIo::new(stream)))
    })
}

#[cfg(not(unix))]
fn unix(_: Arc<Path>) -> Connecting<Stream> {
    Box::pin(async { Err("this system has no Unix sockets".into()) })
}
