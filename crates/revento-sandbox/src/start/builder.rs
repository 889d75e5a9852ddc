//! What a sandbox is started with.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::SystemTime;

use url::Url;

use super::{Sandbox, StartError};
use crate::machine::clock::Clock;
use crate::machine::entropy::Entropy;
use crate::platform::config::Integration;
use crate::platform::seed::Seed;
use crate::platform::state::State;
use crate::platform::{manifest, rules, seed};

/// What a sandbox is started with. Everything has a default: a free loopback port, nothing registered, in memory.
#[derive(Debug)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct Builder {
    pub(super) listener: Option<TcpListener>,
    pub(super) address: SocketAddr,
    pub(super) data: Option<PathBuf>,
    pub(super) remote_webhooks: bool,
    pub(super) rate_limits: bool,
    pub(super) suspends: bool,
    pub(super) public_url: Option<String>,
    pub(super) clock: Clock,
    entropy_seed: Option<u64>,
    seed_file: Option<PathBuf>,
    redirect_uris: Vec<String>,
    webhook_url: Option<String>,
    manifest: Option<Manifest>,
}

/// Where a manifest comes from.
#[derive(Debug)]
enum Manifest {
    Text(String),
    File(PathBuf),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listener: None,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            data: None,
            remote_webhooks: false,
            rate_limits: true,
            suspends: false,
            public_url: None,
            clock: Clock::default(),
            entropy_seed: None,
            seed_file: None,
            redirect_uris: Vec::new(),
            webhook_url: None,
            manifest: None,
        }
    }
}

impl Builder {
    /// Listens on `address`. Port 0 finds a free port, which is the default.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Listens on a listener that is bound already; `listen` is then ignored.
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Registers a redirect URI of the example integration. It is compared byte for byte. May be repeated.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Registers the webhook URL of the example integration; the last one counts.
    pub fn webhook_url(mut self, url: impl Into<String>) -> Self {
        self.webhook_url = Some(url.into());
        self
    }

    /// Registers the integrations of a manifest (TOML) instead of the example integration. [`Info`](crate::Info)
    /// then describes the first of them, and `redirect_uri` and `webhook_url` add to that one.
    pub fn manifest(mut self, toml: impl Into<String>) -> Self {
        self.manifest = Some(Manifest::Text(toml.into()));
        self
    }

    /// Like [`manifest`](Self::manifest), from a file that is read at the start.
    pub fn manifest_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.manifest = Some(Manifest::File(path.into()));
        self
    }

    /// Keeps the state in this SQLite file. Without it, the state ends with the sandbox.
    pub fn data(mut self, path: impl Into<PathBuf>) -> Self {
        self.data = Some(path.into());
        self
    }

    /// Lets webhooks go to other hosts than this machine. Only to registered URLs all the same.
    pub fn allow_remote_webhooks(mut self) -> Self {
        self.remote_webhooks = true;
        self
    }

    /// Begins with the catalog of this JSON file instead of the built-in one; `reset` leads back to it.
    /// `GET /_sandbox/seed` shows the form.
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_file = Some(path.into());
        self
    }

    /// The address under which clients reach the sandbox, when it is not the one that it listens on: behind a proxy,
    /// out of a container. Then any `Host` is answered.
    pub fn public_url(mut self, base: impl Into<String>) -> Self {
        self.public_url = Some(base.into());
        self
    }

    /// Does not count calls against the rate budgets. For load tests: the platform always counts.
    pub fn without_rate_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Suspends an integration for ten minutes of the sandbox clock once ten of its calls within a minute were answered
    /// 429, as the platform can (contract section 3.6). Its calls are then answered 429 with the rest of that time in
    /// `Retry-After`; nothing is revoked. Off unless asked for, so that a test of the budgets can go on.
    pub fn suspend_repeat_offenders(mut self) -> Self {
        self.suspends = true;
        self
    }

    /// Draws tokens, codes and ids from this seed instead of from the operating system: the same calls in the same order
    /// get the same ids, and so again after a reset. For tests, and for sandboxes in memory only.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.entropy_seed = Some(seed);
        self
    }

    /// Takes this for the real time, instead of the machine's clock: for simulations.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::simulated(now);
        self
    }

    /// Prepares a sandbox that listens nowhere, delivers no webhooks and runs by itself in no way: requests are handed
    /// to [`Sandbox::answer`]. For simulations, which bring a network and a [`clock`](Self::clock) of their own.
    ///
    /// # Errors
    /// When the data file or the configuration cannot be used. Each error says what to do.
    pub async fn detached(self) -> Result<Sandbox, StartError> {
        let address = self.address;
        Sandbox::prepare(self, address).await
    }

    /// Starts the sandbox. It serves when this returns.
    ///
    /// # Errors
    /// When the address, the data file or the configuration cannot be used. Each error says what to do.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        Sandbox::run(self).await
    }

    /// Where the state begins, and the state itself.
    pub(super) fn seed(&self) -> Result<(Seed, State), StartError> {
        let Some(path) = &self.seed_file else {
            return Ok((Seed::BuiltIn, Seed::BuiltIn.state()));
        };
        let bad = |detail: String| StartError::Seed {
            path: path.clone(),
            detail,
        };
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let state = seed::import::parse(&text).map_err(bad)?;
        Ok((Seed::File(text), state))
    }

    /// Where its random values come from.
    pub(super) fn entropy(&self) -> Result<Entropy, StartError> {
        match self.entropy_seed {
            None => Ok(Entropy::default()),
            // Begun anew at a restart, the sequence would give out ids that the file knows already.
            Some(seed) if self.data.is_some() => Err(StartError::Configuration {
                what: "the seed",
                value: seed.to_string(),
                reason: "a data file outlives the sequence of a seed; leave one of the two out",
            }),
            Some(seed) => Ok(Entropy::seeded(seed)),
        }
    }

    /// Where clients reach a sandbox that listens on `address`.
    pub(super) fn base(&self, address: SocketAddr) -> Result<String, StartError> {
        let Some(base) = &self.public_url else {
            return Ok(format!("http://{address}"));
        };
        let usable = Url::parse(base).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none()
        });
        if usable {
            return Ok(base.trim_end_matches('/').to_owned());
        }
        let reason = "write scheme, host and port, and nothing else, as in http://sandbox:4010";
        Err(StartError::Configuration {
            what: "the public URL",
            value: base.clone(),
            reason,
        })
    }

    /// The integrations that this start registers.
    pub(super) fn integrations(&self, organizations: &[&str]) -> Result<Vec<Integration>, StartError> {
        for uri in &self.redirect_uris {
            if let Some(reason) = rules::redirect_objection(uri) {
                return Err(StartError::Configuration {
                    what: "the redirect URI",
                    value: uri.clone(),
                    reason,
                });
            }
        }
        if let Some(url) = &self.webhook_url
            && let Some(reason) = rules::webhook_objection(url, self.remote_webhooks)
        {
            return Err(StartError::Configuration {
                what: "the webhook URL",
                value: url.clone(),
                reason,
            });
        }
        let mut integrations = match &self.manifest {
            None => vec![Integration::example(Vec::new(), None)],
            Some(Manifest::Text(text)) => self.read("the manifest", text, organizations)?,
            Some(Manifest::File(path)) => {
                let text = std::fs::read_to_string(path).map_err(|source| StartError::ManifestFile {
                    path: path.clone(),
                    source,
                })?;
                self.read(&path.display().to_string(), &text, organizations)?
            }
        };
        if let Some(first) = integrations.first_mut() {
            first.redirect_uris.extend(self.redirect_uris.iter().cloned());
            if let Some(url) = &self.webhook_url {
                first.webhook_url = Some(url.clone());
            }
        }
        Ok(integrations)
    }

    fn read(&self, name: &str, text: &str, organizations: &[&str]) -> Result<Vec<Integration>, StartError> {
        manifest::parse(text, organizations, self.remote_webhooks).map_err(|error| StartError::Manifest {
            name: name.to_owned(),
            line: error.line,
            column: error.column,
            message: error.message,
        })
    }
}
