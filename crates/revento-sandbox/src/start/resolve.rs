//! What the settings mean: the seed, addresses and integrations, with the files that the settings name.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use url::Url;

use super::builder::{Manifest, SandboxBuilder};
use super::error::StartError;
use crate::platform::config::Integration;
use crate::platform::hosts::AllowedHosts;
use crate::platform::seed::Seed;
use crate::platform::state::State;
use crate::platform::{manifest, rules, seed};
use crate::primitives::entropy::Entropy;
use crate::primitives::machine;
use crate::primitives::text;

impl SandboxBuilder {
    /// The seed, and the state that it describes.
    pub(super) fn seed(&self) -> Result<(Seed, State), StartError> {
        let Some(path) = &self.seed_file else {
            return Ok((Seed::BuiltIn, Seed::BuiltIn.state()));
        };
        let json = read_text(path).map_err(|source| StartError::SeedFile {
            path: path.clone(),
            source,
        })?;
        let state = seed::import::parse(&json).map_err(|detail| StartError::Seed {
            path: path.clone(),
            detail: text::line(&detail).into_owned(),
        })?;
        Ok((Seed::File(json), state))
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

    /// The base URL under which clients reach a sandbox that listens on `address`, and its path without a slash at the end.
    pub(super) fn base(&self, address: SocketAddr) -> Result<(String, String), StartError> {
        let Some(base) = &self.public_url else {
            return Ok((format!("http://{address}"), String::new()));
        };
        let usable = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
                && !url.path().contains("//")
        };
        let url = Url::parse(base).ok().filter(usable).ok_or_else(|| StartError::Configuration {
            what: "the public URL",
            value: base.clone(),
            reason: "write only scheme, host, port and path, such as http://sandbox:4010 or https://dev.example/revento",
        })?;
        let path = url.path().trim_end_matches('/').to_owned();
        Ok((format!("{}{path}", url.origin().ascii_serialization()), path))
    }

    /// The names under which a sandbox that listens on `address` may be called.
    pub(super) fn hosts(&self, address: SocketAddr) -> Result<AllowedHosts, StartError> {
        let mut hosts = AllowedHosts::of_machine(&machine::hostname());
        hosts.add(&address.ip().to_string());
        let public = self.public_url.as_deref().and_then(|base| Url::parse(base).ok());
        if let Some(host) = public.as_ref().and_then(Url::host_str) {
            hosts.add(host);
        }
        for name in &self.allowed_hosts {
            if !hosts.add(name) {
                return Err(StartError::Configuration {
                    what: "the allowed host",
                    value: name.clone(),
                    reason: "write a host name or an address, such as sandbox.internal",
                });
            }
        }
        Ok(hosts)
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
        if let Some(url) = &self.connect_url
            && let Some(reason) = rules::connect_objection(url)
        {
            return Err(StartError::Configuration {
                what: "the connect URL",
                value: url.clone(),
                reason,
            });
        }
        let mut integrations = match &self.manifest {
            None => vec![Integration::example(self.environment, Vec::new(), None)],
            Some(Manifest::Text(text)) => self.read("the manifest", text, organizations)?,
            Some(Manifest::File(path)) => {
                let text = read_text(path).map_err(|source| StartError::ManifestFile {
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
            if let Some(url) = &self.connect_url {
                first.connect_url = Some(url.clone());
            }
        }
        Ok(integrations)
    }

    fn read(&self, name: &str, text: &str, organizations: &[&str]) -> Result<Vec<Integration>, StartError> {
        let start = manifest::Start {
            organizations,
            remote_webhooks: self.allow_remote_webhooks,
            environment: self.environment,
        };
        manifest::parse(without_bom(text), start).map_err(|error| StartError::Manifest {
            name: name.to_owned(),
            line: error.line,
            column: error.column,
            message: error.message,
        })
    }
}

/// A file as text, without a byte order mark.
fn read_text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path).map(|text| without_bom(&text).to_owned())
}

/// Some editors write a byte order mark at the start of a file. It is not part of the text.
fn without_bom(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
