//! A running sandbox.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::{Router, http};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use super::{Builder, Info, StartError};
use crate::courier;
use crate::durability::{self, Journal};
use crate::http::{HangUp, router, serve};
use crate::machine::entropy::{Entropy, Purpose};
use crate::machine::time::Time;
use crate::platform::acts::rotation;
use crate::platform::config::Config;
use crate::platform::hub::Hub;
use crate::platform::records::SecretKind;
use crate::platform::seed;
use crate::platform::state::State;

/// How long requests that are under way may take at shutdown.
const GRACE: Duration = Duration::from_secs(3);

/// A running sandbox. Dropping it stops it as well, without waiting. `Debug` shows its [`Info`], without secrets.
pub struct Sandbox {
    info: Info,
    hub: Arc<Hub>,
    router: Router,
    server: Option<JoinHandle<()>>,
    courier: Option<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// What to start a sandbox with.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a sandbox on a free loopback port, in memory, with nothing registered.
    ///
    /// # Errors
    /// When the machine has no free port or no webhook client.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// Addresses and credentials.
    pub fn info(&self) -> &Info {
        &self.info
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Stops: finishes requests that are under way, flushes the state, and lets go of port and file.
    pub async fn shutdown(mut self) {
        if let Err(error) = self.hub.stop().await {
            tracing::error!(%error, "the last changes were not written");
        }
        for task in [&mut self.server, &mut self.courier].into_iter().flatten() {
            if tokio::time::timeout(GRACE, &mut *task).await.is_err() {
                task.abort();
            }
        }
        let writer = self.writer.take();
        // The journal lives in the hub; once all handles are gone, its writer closes the file and ends.
        drop(self);
        if let Some(writer) = writer {
            let _ = tokio::time::timeout(GRACE, writer).await;
        }
    }

    /// Answers one request, as the server would. `None` is a connection that ends without an answer, as some faults
    /// have it.
    pub async fn answer(&self, request: http::Request<Bytes>) -> Option<http::Response<Bytes>> {
        let answered: Result<_, Infallible> = self.router.clone().oneshot(request.map(Body::from)).await;
        let Ok(response) = answered;
        if response.extensions().get::<HangUp>().is_some() {
            return None;
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.ok()?;
        Some(http::Response::from_parts(parts, body))
    }

    pub(super) async fn run(mut builder: Builder) -> Result<Self, StartError> {
        let client = courier::client().map_err(|error| StartError::Webhooks(error.into()))?;
        let listener = bind(&mut builder).await?;
        let address = listener.local_addr().map_err(StartError::Listener)?;
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "the sandbox is open to the network: whoever reaches it can steer it");
        }
        let mut sandbox = Self::prepare(builder, address).await?;
        let hub = &sandbox.hub;
        sandbox.server = Some(tokio::spawn(serve(
            listener,
            sandbox.router.clone(),
            Arc::clone(hub),
        )));
        sandbox.courier = Some(tokio::spawn(courier::run(Arc::clone(hub), client)));
        Ok(sandbox)
    }

    /// Everything but the tasks.
    pub(super) async fn prepare(builder: Builder, address: SocketAddr) -> Result<Self, StartError> {
        let (seed, mut state) = builder.seed()?;
        let organizations: Vec<&str> = state.organizations.iter().map(|row| row.id.as_str()).collect();
        let integrations = builder.integrations(&organizations)?;
        // Another one at every start, whatever else is seeded.
        let csrf = Entropy::default()
            .token(Purpose::Secret)
            .map_err(|_| StartError::Entropy)?;
        let entropy = builder.entropy()?;
        let auth_base = builder.base(reachable(address))?;
        let (journal, writer) = match &builder.data {
            None => (Journal::none(), None),
            Some(path) => {
                let (journal, task) = Journal::into_file(durability::open(path, &mut state).await?);
                (journal, Some(task))
            }
        };
        let config = Config {
            auth_base,
            loopback_only: address.ip().is_loopback() && builder.public_url.is_none(),
            remote_webhooks: builder.remote_webhooks,
            integrations,
            seed,
            rate_limits: builder.rate_limits,
            suspends: builder.suspends,
            entropy,
        };
        let info = info(&config, builder.clock.now(), &state);
        let hub = Arc::new(Hub::new(config, builder.clock, state, journal, csrf));
        Ok(Self {
            info,
            router: router(&hub),
            hub,
            server: None,
            courier: None,
            writer,
        })
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.hub.stopping.send_replace(true);
        for task in [&self.server, &self.courier].into_iter().flatten() {
            task.abort();
        }
    }
}

async fn bind(builder: &mut Builder) -> Result<TcpListener, StartError> {
    if let Some(listener) = builder.listener.take() {
        listener.set_nonblocking(true).map_err(StartError::Listener)?;
        return TcpListener::from_std(listener).map_err(StartError::Listener);
    }
    let address = builder.address;
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
            _ => StartError::Listen { address, source },
        })
}

/// An address that a client can call: the unspecified one is replaced by loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    let loopback: std::net::IpAddr = match address {
        SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(loopback, address.port())
}

/// The newest secrets: those to configure.
fn info(config: &Config, real_now: Time, state: &State) -> Info {
    let integration = config.integrations.first();
    let base = &config.auth_base;
    let newest = |kind| {
        integration
            .and_then(|known| {
                rotation::newest(state, real_now.plus_micros(state.clock_offset()), known, kind)
            })
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default()
    };
    Info {
        auth_base: base.clone(),
        api_base: format!("{base}/api/v1"),
        console_url: format!("{base}/console"),
        control_base: format!("{base}/_sandbox"),
        client_id: integration
            .map(|known| known.client_id.clone())
            .unwrap_or_default(),
        client_secret: newest(SecretKind::Client),
        webhook_secret: newest(SecretKind::Webhook),
        events: seed::event_ids(state),
    }
}
