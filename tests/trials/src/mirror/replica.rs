//! Replicas: two processes that share the stores, and that crash.

use std::{pin::pin, sync::Arc, task::Poll};

use anyhow::{Context as _, Result};
use futures_util::future::poll_fn;
use revento_api::{Client, Pacing};
use revento_core::Scopes;
use revento_mirror::Mirror;
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_sandbox::ConsentDecision;
use revento_store::memory::{MemoryBudgets, MemoryTokens};

use super::{
    platform::{CALLBACK, EVENT, Platform},
    store::ShakyStore,
    time::VirtualTime,
};
use crate::ledger::key_ring;

/// What replicas share.
pub(super) struct Shared {
    pub(super) platform: Arc<Platform>,
    pub(super) time: VirtualTime,
    pub(super) tokens: Arc<MemoryTokens>,
    pub(super) budgets: Arc<MemoryBudgets>,
    pub(super) store: Arc<ShakyStore>,
}

impl Shared {
    /// A process that has just started.
    pub(super) fn replica(&self) -> Result<(Client, Mirror)> {
        let info = self.platform.sandbox.info();
        let endpoints = Endpoints::sandbox(&info.auth_base)?.allow_insecure_http();
        let integration = Integration::new(endpoints, info.client_id.as_str(), CALLBACK)?
            .with_secret(info.client_secret.as_str());
        let client = Client::builder(integration)
            .transport(Arc::clone(&self.platform))
            .store(Arc::clone(&self.tokens))
            .sealer(key_ring())
            .clock(self.time.clone())
            .timer(self.time.clone())
            .pacing(Pacing::default().shared(Arc::clone(&self.budgets)))
            .build()?;
        let mirror = Mirror::builder(client.clone(), Arc::clone(&self.store)).build();
        Ok((client, mirror))
    }

    /// The organizer consents.
    pub(super) async fn connect(&self, client: &Client) -> Result<()> {
        let request = AuthorizationRequest {
            event_id: EVENT.into(),
            scopes: Scopes::parse("event.read participants.read program.read"),
        };
        let begun = client.begin_authorization(&request)?;
        let url = self
            .platform
            .sandbox
            .authorize(&begun.url, ConsentDecision::Authorize)
            .await?;
        let (_, query) = url.split_once('?').context("no query")?;
        client
            .finish_authorization(begun.pending.callback(query, client.now())?)
            .await?;
        Ok(())
    }
}

/// Lets a process work until it is done, or until it crashes after so many turns.
pub(super) async fn until_crash<T>(work: impl Future<Output = T>, turns: Option<u64>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = turns;
    poll_fn(|context| {
        if let Some(left) = &mut left {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => return Poll::Ready(None),
            }
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}
