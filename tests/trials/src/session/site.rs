//! A sandbox, a clock that a measurement moves, and a connected client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use revento_api::Client;
use revento_core::{Scopes, Timestamp};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_sandbox::{ConsentDecision, Sandbox};
use revento_store::{Clock, SystemClock, TokenStore};
use revento_transport_reqwest::ReqwestTransport;

use crate::ledger::key_ring;

const CALLBACK: &str = "http://localhost:3000/callback";

pub(super) struct Site {
    pub(super) sandbox: Sandbox,
    pub(super) http: ReqwestTransport,
    pub(super) event: String,
}

/// The machine's clock, and what a measurement adds to it.
#[derive(Debug, Default)]
pub(super) struct Hands(AtomicI64);

impl Hands {
    pub(super) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(by, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(Ordering::Relaxed);
        Timestamp::from_unix_micros(SystemClock.now().unix_micros() + ahead)
    }
}

impl Site {
    pub(super) async fn new() -> Result<Self> {
        let sandbox = Sandbox::builder()
            .redirect_uri(CALLBACK)
            .without_rate_limits()
            .start()
            .await?;
        let event = sandbox.info().events.first().context("no events")?.clone();
        Ok(Self {
            http: ReqwestTransport::new()?,
            sandbox,
            event,
        })
    }

    pub(super) fn integration(&self) -> Result<Integration> {
        let info = self.sandbox.info();
        let integration = Integration::new(
            Endpoints::sandbox(&info.auth_base)?,
            info.client_id.as_str(),
            CALLBACK,
        )?;
        Ok(integration.with_secret(info.client_secret.as_str()))
    }

    /// A client on this store, connected.
    pub(super) async fn client(&self, store: Arc<dyn TokenStore>, clock: Arc<dyn Clock>) -> Result<Client> {
        let http = Arc::new(self.http.clone());
        let client = Client::builder(self.integration()?)
            .transport(http)
            .store(store)
            .sealer(key_ring())
            .clock(clock)
            .build()?;
        let begun = client.begin_authorization(&self.request())?;
        let home = self
            .sandbox
            .authorize(&begun.url, ConsentDecision::Authorize)
            .await?;
        let (_, query) = home.split_once('?').context("no query")?;
        client
            .finish_authorization(begun.pending.callback(query, client.now())?)
            .await?;
        Ok(client)
    }

    pub(super) fn request(&self) -> AuthorizationRequest {
        AuthorizationRequest {
            event_id: self.event.as_str().into(),
            scopes: Scopes::parse("event.read participants.read"),
        }
    }
}
