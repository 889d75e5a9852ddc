//! Secrets that were rotated, and how an integration stands with the platform.

use serde::{Deserialize, Serialize};

use super::row;
use crate::machine::secret::Secret;
use crate::machine::time::Time;

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretKind {
    /// Proves the integration at the token endpoint.
    Client,
    /// Signs webhooks.
    Webhook,
}

/// A secret of an integration that has rotated at least once. Until then the registered secret is the only one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Ends in a number that grows with each rotation.
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) kind: SecretKind,
    #[serde(with = "crate::machine::secret::stored")]
    pub(crate) secret: Secret,
    pub(crate) created_at: Time,
    /// When a newer one has taken its place.
    pub(crate) retires_at: Option<Time>,
}
row!(Credential, "credentials", id);

/// Whether an integration may be authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Listing {
    Published,
    Unpublished,
    Suspended,
}

impl Listing {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unpublished => "unpublished",
            Self::Suspended => "suspended",
        }
    }
}

/// How an integration stands; without a row it is published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) client_id: String,
    pub(crate) listing: Listing,
    pub(crate) since: Time,
}
row!(Standing, "standings", client_id);
