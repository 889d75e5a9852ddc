//! Mistakes with data at rest and logs.

use super::Mistake;

pub(super) const ALL: &[Mistake] = &[
    ("storage-access-tokens", "stores access tokens in base64"),
    ("storage-refresh-tokens", "stores refresh tokens in base64"),
    (
        "storage-secrets",
        "keeps its settings in the database, with the secrets",
    ),
    ("storage-log-secrets", "logs the token of each call"),
    ("storage-log-codes", "logs the query of the callback"),
    ("storage-log-request-ids", "logs calls without their request ids"),
    ("storage-log-delivery-ids", "logs webhooks without their ids"),
    (
        "storage-log-personal-data",
        "logs the participants that it has read",
    ),
];
