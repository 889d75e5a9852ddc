//! Rotated secrets, and the status of integrations.

use serde::{Deserialize, Serialize};

use crate::primitives::secret::Secret;
use crate::primitives::time::Time;

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretKind {
    /// Authenticates the integration at the token endpoint.
    Client,
    /// Signs webhooks.
    Webhook,
}

/// A secret of an integration whose secret was rotated. Before the first rotation there is no row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    /// Ends in a number that grows with each rotation.
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) kind: SecretKind,
    #[serde(with = "crate::primitives::secret::stored")]
    pub(crate) secret: Secret,
    pub(crate) created_at: Time,
    /// When the secret becomes invalid, after a newer one was made.
    pub(crate) retires_at: Option<Time>,
}

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

/// The status of an integration. Without a row, it is published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IntegrationStatus {
    pub(crate) client_id: String,
    pub(crate) listing: Listing,
    pub(crate) since: Time,
}
