//! From the settings to a running sandbox.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::builder::SandboxBuilder;
use super::error::StartError;
use super::info::SandboxInfo;
use super::sandbox::Sandbox;
use crate::decisions;
use crate::dispatcher::{self, Clients};
use crate::durability::{self, Journal};
use crate::http::{router, serve};
use crate::platform::commands::listening;
use crate::platform::config::Config;
use crate::platform::queries::secrets;
use crate::platform::records::SecretKind;
use crate::platform::seed;
use crate::platform::state::State;
use crate::primitives::entropy::{Entropy, Purpose};
use crate::primitives::time::Time;
use crate::runtime::Runtime;

impl Sandbox {
    /// The settings of a new sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Starts a sandbox with the default settings.
    ///
    /// # Errors
    /// If the machine has no free port, or the webhook client cannot be built.
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }
}

impl SandboxBuilder {
    /// Starts the sandbox. It accepts connections when this returns.
    ///
    /// # Errors
    /// If the address, the data file or a setting cannot be used. Each error says what to do.
    pub async fn start(mut self) -> Result<Sandbox, StartError> {
        let clients = Clients::build(self.insecure_receivers);
        let clients = clients.map_err(|error| StartError::Webhooks(error.into()))?;
        let listeners = bind(&mut self).await?;
        let mut addresses = Vec::new();
        for listener in &listeners {
            addresses.push(listener.local_addr().map_err(StartError::Listener)?);
        }
        for address in addresses.iter().filter(|address| !address.ip().is_loopback()) {
            tracing::warn!(%address, "the sandbox is open to the network: anyone who can reach it can control it");
        }
        let address = addresses.first().copied().unwrap_or(self.address);
        let mut sandbox = prepare(self, address).await?;
        let runtime = &sandbox.runtime;
        sandbox.servers = listeners
            .into_iter()
            .map(|listener| tokio::spawn(serve(listener, sandbox.router.clone(), Arc::clone(runtime))))
            .collect();
        sandbox.dispatcher = Some(tokio::spawn(dispatcher::run(Arc::clone(runtime), clients)));
        Ok(sandbox)
    }

    /// Prepares a sandbox that does not listen, delivers no webhooks and starts no tasks: the caller hands requests to
    /// [`Sandbox::answer`]. For simulations, which bring a network and a [`clock`](Self::clock) of their own.
    ///
    /// # Errors
    /// If the data file or a setting cannot be used. Each error says what to do.
    pub async fn detached(self) -> Result<Sandbox, StartError> {
        let address = self.address;
        prepare(self, address).await
    }
}

/// Makes a sandbox without its server and dispatcher.
async fn prepare(builder: SandboxBuilder, address: SocketAddr) -> Result<Sandbox, StartError> {
    let (seed, mut state) = builder.seed()?;
    let organizations: Vec<&str> = state.organizations.iter().map(|row| row.id.as_str()).collect();
    let integrations = builder.integrations(&organizations)?;
    // A new token at every start, even if the other random values are seeded.
    let csrf_token = Entropy::default()
        .token(Purpose::Secret)
        .map_err(|_| StartError::Entropy)?;
    let entropy = builder.entropy()?;
    let (auth_base, path_prefix) = builder.base(reachable(address))?;
    let hosts = builder.hosts(address)?;
    let (journal, writer) = match &builder.data {
        None => (Journal::in_memory(), None),
        Some(path) => {
            let opened = durability::open(path, &mut state).await;
            let connection = opened.map_err(|error| StartError::data(path, error))?;
            let (journal, task) = Journal::into_file(connection);
            (journal, Some(task))
        }
    };
    let now = builder.clock.now().plus_micros(state.clock_offset());
    let next_reset = builder.reset_weekly.then(|| {
        state
            .weekly_reset_at()
            .or_else(|| decisions::next_weekly_reset(now))
    });
    state.set_weekly_reset(next_reset.flatten());
    listening::all_away(&mut state, builder.clock.now());
    let config = Config {
        auth_base,
        environment: builder.environment,
        path_prefix,
        hosts,
        reset_weekly: builder.reset_weekly,
        remote_webhooks: builder.allow_remote_webhooks,
        integrations,
        seed,
        rate_limits: builder.rate_limits,
        suspend_repeat_offenders: builder.suspend_repeat_offenders,
        entropy,
    };
    let info = info(&config, builder.clock.now(), &state);
    let runtime = Arc::new(Runtime::new(config, builder.clock, state, journal, csrf_token));
    Ok(Sandbox {
        info,
        router: router(&runtime),
        runtime,
        servers: Vec::new(),
        dispatcher: None,
        writer,
    })
}

async fn bind(builder: &mut SandboxBuilder) -> Result<Vec<TcpListener>, StartError> {
    let given = std::mem::take(&mut builder.listeners);
    if !given.is_empty() {
        let adopt = |listener: std::net::TcpListener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        };
        let adopted: io::Result<Vec<TcpListener>> = given.into_iter().map(adopt).collect();
        return adopted.map_err(StartError::Listener);
    }
    let address = builder.address;
    let bound = TcpListener::bind(address).await;
    bound
        .map(|listener| vec![listener])
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
            _ => StartError::Listen { address, source },
        })
}

/// An address that a client can connect to: loopback instead of the unspecified address.
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

/// The addresses and the newest secrets.
fn info(config: &Config, real_now: Time, state: &State) -> SandboxInfo {
    let integration = config.integrations.first();
    let base = &config.auth_base;
    let now = real_now.plus_micros(state.clock_offset());
    let newest = |kind| {
        integration
            .and_then(|known| secrets::newest(state, now, known, kind))
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default()
    };
    SandboxInfo {
        auth_base: base.clone(),
        api_base: format!("{base}/api/v1"),
        console_url: format!("{base}/console"),
        control_base: format!("{base}/_sandbox"),
        client_id: integration
            .map(|known| known.client_id.clone())
            .unwrap_or_default(),
        client_secret: newest(SecretKind::Client),
        webhook_secret: newest(SecretKind::Webhook),
        webhook_url: integration.and_then(|known| known.webhook_url.clone()),
        events: seed::event_ids(state),
    }
}
