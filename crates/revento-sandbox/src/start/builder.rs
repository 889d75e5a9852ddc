//! The settings of a sandbox.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::SystemTime;

use url::Url;

use super::error::StartError;
use crate::platform::config::Integration;
use crate::platform::seed::Seed;
use crate::platform::state::State;
use crate::platform::{manifest, rules, seed};
use crate::primitives::clock::Clock;
use crate::primitives::entropy::Entropy;

/// The settings of a sandbox.
///
/// By default a sandbox listens on a free loopback port, keeps its state in memory, and registers the example
/// integration without redirect URI and webhook URL.
#[derive(Debug)]
#[must_use = "a builder does nothing until `start` is awaited"]
pub struct SandboxBuilder {
    pub(super) listener: Option<TcpListener>,
    pub(super) address: SocketAddr,
    pub(super) data: Option<PathBuf>,
    pub(super) allow_remote_webhooks: bool,
    pub(super) rate_limits: bool,
    pub(super) suspend_repeat_offenders: bool,
    pub(super) public_url: Option<String>,
    pub(super) clock: Clock,
    entropy_seed: Option<u64>,
    seed_file: Option<PathBuf>,
    redirect_uris: Vec<String>,
    webhook_url: Option<String>,
    manifest: Option<Manifest>,
}

/// A manifest, or its path.
#[derive(Debug)]
enum Manifest {
    Text(String),
    File(PathBuf),
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        Self {
            listener: None,
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
            manifest: None,
        }
    }
}

impl SandboxBuilder {
    /// Listens on `address`. Port 0 finds a free port, which is the default.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Listens on a listener that is already bound. [`listen`](Self::listen) is then ignored.
    pub fn listener(mut self, listener: TcpListener) -> Self {
        self.listener = Some(listener);
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

    /// Registers the integrations of a manifest (TOML) instead of the example integration. [`SandboxInfo`](crate::SandboxInfo)
    /// then describes the first of them, and `redirect_uri` and `webhook_url` add to that one.
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
    /// behind a proxy or in a container. The sandbox then answers requests for any `Host`.
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

    /// The seed, and the state that it describes.
    pub(super) fn seed(&self) -> Result<(Seed, State), StartError> {
        let Some(path) = &self.seed_file else {
            return Ok((Seed::BuiltIn, Seed::BuiltIn.state()));
        };
        let text = std::fs::read_to_string(path).map_err(|source| StartError::SeedFile {
            path: path.clone(),
            source,
        })?;
        let state = seed::import::parse(&text).map_err(|detail| StartError::Seed {
            path: path.clone(),
            detail,
        })?;
        Ok((Seed::File(text), state))
    }

    /// The source of random values.
    pub(super) fn entropy(&self) -> Result<Entropy, StartError> {
        match self.entropy_seed {
            None => Ok(Entropy::default()),
            // After a restart the sequence starts again, and would repeat ids that are in the file.
            Some(seed) if self.data.is_some() => Err(StartError::Configuration {
                what: "the seed",
                value: seed.to_string(),
                reason: "a data file outlives the sequence of a seed; leave out one of the two",
            }),
            Some(seed) => Ok(Entropy::seeded(seed)),
        }
    }

    /// The base URL under which clients reach a sandbox that listens on `address`.
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
        let reason = "write only scheme, host and port, such as http://sandbox:4010";
        Err(StartError::Configuration {
            what: "the public URL",
            value: base.clone(),
            reason,
        })
    }

    /// The integrations to register.
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
            && let Some(reason) = rules::webhook_objection(url, self.allow_remote_webhooks)
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
        manifest::parse(text, organizations, self.allow_remote_webhooks).map_err(|error| {
            StartError::Manifest {
                name: name.to_owned(),
                line: error.line,
                column: error.column,
                message: error.message,
            }
        })
    }
}
