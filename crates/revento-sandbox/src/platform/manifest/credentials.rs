//! The secrets of an integration: those of its manifest, or derived ones.

use toml::Spanned;

use super::{Client, Entry, Mistake};
use crate::platform::config::Environment;
use crate::platform::rules;
use crate::primitives::digest;
use crate::primitives::secret::Secret;

/// The secrets of an integration.
pub(super) struct Credentials {
    /// `None` for a public client.
    pub(super) client_secret: Option<Secret>,
    /// `None` without declared webhook types (contract §1).
    pub(super) webhook_secret: Option<Secret>,
}

pub(super) fn read(
    entry: &Entry,
    no_webhooks: bool,
    environment: Environment,
) -> Result<Credentials, Mistake> {
    let client_secret = match (&entry.client_secret, entry.client) {
        (Some(given), Client::Public) => {
            let text = "a public client has no secret; remove client_secret or the line client = \"public\"";
            return Err(at(given, text));
        }
        (Some(given), Client::Confidential) if given.get_ref().trim().is_empty() => {
            return Err(at(given, "client_secret is empty; remove it, and one is derived"));
        }
        (Some(given), Client::Confidential) => Some(Secret::new(given.get_ref())),
        (None, Client::Confidential) => Some(derived(entry, environment, "client", "sk")),
        (None, Client::Public) => None,
    };
    let webhook_secret = match &entry.webhook_secret {
        Some(given) if no_webhooks => {
            let text = "no webhook type is declared, so there is nothing to sign; remove webhook_secret";
            return Err(at(given, text));
        }
        Some(given) => match rules::webhook_secret_objection(given.get_ref()) {
            Some(objection) => {
                return Err(at(given, &format!("this webhook secret is refused: {objection}")));
            }
            None => Some(Secret::new(given.get_ref())),
        },
        None if no_webhooks => None,
        None => Some(derived(entry, environment, "webhook", "whsec")),
    };
    Ok(Credentials {
        client_secret,
        webhook_secret,
    })
}

fn at(value: &Spanned<String>, text: &str) -> Mistake {
    Mistake(value.span().start, text.to_owned())
}

/// A secret that is the same at every start, and another one for each integration and environment.
fn derived(entry: &Entry, environment: Environment, purpose: &str, prefix: &str) -> Secret {
    let environment = environment.as_str();
    let client_id = entry.client_id.get_ref();
    let digest = digest::fingerprint(&format!("{environment} {purpose} {client_id}"));
    let random = digest.get(..40).unwrap_or_default();
    Secret::new(format!("{prefix}_{environment}_{random}"))
}
