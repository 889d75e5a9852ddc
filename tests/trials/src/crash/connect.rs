//! A client for the trial, and the initial consents.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use revento_api::{Client, Pacing};
use revento_core::{Connection, Scopes};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration, refresh::Timing};
use revento_sandbox::{ConsentDecision, Sandbox};
use revento_store::{Clock, Entropy, TokenStore};
use revento_transport::Transport;

use super::Site;
use crate::ledger::key_ring;

pub(super) const CALLBACK: &str = "http://localhost:3000/callback";

/// Shorter than the defaults where waiting would only cost time. A process whose pair could not be stored
/// tries again within two seconds, so the pause of a doubt is longer than that.
pub(super) fn timing() -> Timing {
    Timing::default()
        .claim_ttl(Duration::from_secs(6))
        .doubt_pause(Duration::from_millis(3500))
}

pub(super) fn client(
    site: &Site,
    transport: Arc<dyn Transport>,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Client> {
    let integration = Integration::new(
        Endpoints::new(&site.auth_base, &site.api_base)?,
        site.client_id.as_str(),
        CALLBACK,
    )?
    .with_secret(site.client_secret.as_str());
    Ok(Client::builder(integration)
        .transport(transport)
        .store(store)
        .sealer(key_ring())
        .clock(clock)
        .entropy(entropy)
        .pacing(Pacing::off())
        .timing(timing())
        .build()?)
}

/// One consent, by an organizer or a participant.
pub(super) async fn consent(
    client: &Client,
    sandbox: &Sandbox,
    event: &str,
    user: Option<&str>,
) -> Result<Connection> {
    let (scopes, decision) = match user {
        None => ("event.read participants.read", ConsentDecision::Authorize),
        Some(user) => ("profile.read", ConsentDecision::SignIn(user.to_owned())),
    };
    let begun = client.begin_authorization(&AuthorizationRequest {
        event_id: event.into(),
        scopes: Scopes::parse(scopes),
    })?;
    let home = sandbox.authorize(&begun.url, decision).await?;
    let (_, query) = home.split_once('?').context("no query")?;
    let grant = begun.pending.callback(query, client.now())?;
    Ok(client.finish_authorization(grant).await?)
}
