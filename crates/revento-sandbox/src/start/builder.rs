//! The settings of a sandbox.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::SystemTime;

use crate::platform::config::Environment;
use crate::primitives::clock::Clock;

/// The settings of a sandbox.
///
/// By default a sandbox listens on a free loopback port, keeps its state in memory, and registers the example
/// integration without redirect URI and webhook URL.
#[derive(Debug)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct SandboxBuilder {
    pub(super) listeners: Vec<TcpListener>,
    pub(super) address: SocketAddr,
    pub(super) data: Option<PathBuf>,
    pub(super) allow_remote_webhooks: bool,
    pub(super) rate_limits: bool,
    pub(super) suspend_repeat_offenders: bool,
    pub(super) public_url: Option<String>,
    pub(super) clock: Clock,
    pub(super) entropy_seed: Option<u64>,
    pub(super) seed_file: Option<PathBuf>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) webhook_url: Option<String>,
    pub(super) connect_url: Option<String>,
    pub(super) manifest: Option<Manifest>,
    pub(super) environment: Environment,
    pub(super) reset_weekly: bool,
    pub(super) insecure_receivers: bool,
    pub(super) allowed_hosts: Vec<String>,
}

/// A manifest, or its path.
#[derive(Debug)]
pub(super) enum Manifest {
    Text(String),
    File(PathBuf),
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            listeners: Vec::new(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            allow_remote_webhooks: false,
            rate_limits: true,
            suspend_repeat_offenders: false,
            public_url: None,
            clock: Clock::default(),
            entropy_seed: None,
            seed_file: None,
            redirect_uris: Vec::new(),
            webhook_url: None,
            connect_url: None,
            manifest: None,
            environment: Environment::default(),
            reset_weekly: false,
            insecure_receivers: false,
            allowed_hosts: Vec::new(),
        }
    }
}

impl SandboxBuilder {
    /// Listens on `address`. Port 0 finds a free port, which is the default.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Listens on a listener that is already bound. [`listen`](Self::listen) is then ignored. May be repeated; the address
    /// of the first one is that of [`SandboxInfo`](crate::SandboxInfo).
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Registers a redirect URI of the example integration. The sandbox compares it byte for byte. May be repeated.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers the webhook URL of the example integration. The last call counts.
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.webhook_url = Some(url.into());
        self
    }

    /// Registers the page of the example integration that the organizer's panel opens to connect an event, by `GET` with
    /// `event_id`. The last call counts.
    pub fn connect_url(mut self, url: impl Into<String>) -> Self {
        self.connect_url = Some(url.into());
        self
    }

    /// Plays the production environment: every client id and secret that the sandbox makes is another one (contract §1).
    /// With a second sandbox, a test can mix up the two environments.
    pub fn production_credentials(mut self) -> Self {
        self.environment = Environment::Production;
        self
    }

    /// Restores the seed every Monday at 00:00 UTC of the sandbox clock, as the platform does with its test data.
    pub fn reset_weekly(mut self) -> Self {
        self.reset_weekly = true;
        self
    }

    /// Accepts any certificate of a webhook receiver on this machine, such as a self-signed one. Those of other hosts are
    /// verified all the same.
    pub fn insecure_receivers(mut self) -> Self {
        self.insecure_receivers = true;
        self
    }

    /// Also answers requests for this host name. Without it, the sandbox answers those for names and addresses of this
    /// machine and for the host of the [public URL](Self::public_url). May be repeated.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.allowed_hosts.push(name.into());
        self
    }

    /// Registers the integrations of a manifest (TOML) instead of the example integration. [`SandboxInfo`](crate::SandboxInfo)
    /// then describes the first of them, and `redirect_uri`, `webhook_url` and `connect_url` add to that one.
    pub fn manifest(mut self, toml: impl Into<String>) -> Self {
        self.manifest = Some(Manifest::Text(toml.into()));
        self
    }

    /// Like [`manifest`](Self::manifest), from a file. The sandbox reads it when it starts.
    pub fn manifest_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(Manifest::File(path.into()));
        self
    }

    /// Keeps the state in this SQLite file. Without a file, the state ends with the sandbox.
    pub fn data(mut self, path: impl Into<PathBuf>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Allows registered webhook URLs on other hosts than this machine.
    pub fn allow_remote_webhooks(mut self) -> Self {
        self.allow_remote_webhooks = true;
        self
    }

    /// Starts with the organizations, events and people of this JSON file instead of the built-in ones; `reset`
    /// restores them. `GET /_sandbox/seed` shows the format.
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_file = Some(path.into());
        self
    }

    /// Sets the address under which clients reach the sandbox, if it differs from the address that it listens on:
    /// behind a proxy or in a container. It may have a path, such as `https://dev.example/revento`. The sandbox then answers
    /// requests for its host, too.
    pub fn public_url(mut self, base: impl Into<String>) -> Self {
        self.public_url = Some(base.into());
        self
    }

    /// Does not apply the rate limits. For load tests: the platform always applies them.
    pub fn without_rate_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Suspends an integration for ten minutes of the sandbox clock after ten of its calls within a minute were answered
    /// 429, as the platform can (contract §3.6). While it is suspended, its calls are answered 429 with the remaining
    /// time in `Retry-After`; no token is revoked. Off by default, so that tests of the rate limits can go on.
    pub fn suspend_repeat_offenders(mut self) -> Self {
        self.suspend_repeat_offenders = true;
        self
    }

    /// Derives tokens, codes and ids from this seed instead of the operating system's randomness: the same calls in the
    /// same order get the same ids, also after a reset. For tests; not with a [data file](Self::data).
    pub fn seeded(mut self, seed: u64) -> Self {
        self.entropy_seed = Some(seed);
        self
    }

    /// Uses this clock instead of the machine's. For simulations.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::simulated(now);
        self
    }
}
