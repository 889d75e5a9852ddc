//! The platform, the store and the clock in memory.

pub(crate) mod engines;
pub(crate) mod live;
mod platform;
pub(crate) mod relay;
mod store;

pub(crate) use platform::{Plan, Platform};
pub(crate) use store::FaultyStore;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use revento_api::{Client, ClientBuilder, EventClient, Pacing};
use revento_core::{Connection, Scopes, Timestamp};
use revento_oauth::{AuthorizationRequest, CodeGrant, Endpoints, Integration, refresh::Timing};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, TokenStore};
use revento_transport::Transport;

pub(crate) const EVENT: &str = "evt_1";

/// A clock that only the test moves.
#[derive(Debug, Default)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

/// One integration, connected, with as many replicas as a test wants.
pub(crate) struct World {
    pub(crate) platform: Arc<Platform>,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn connected() -> Self {
        let platform = Arc::new(Platform::default());
        let store = Arc::new(FaultyStore::default());
        let clock = Arc::new(ManualClock::default());
        clock.advance(Duration::from_secs(1_778_336_551));
        let client = replica(&platform, &store, &clock);
        connect(&client).await;
        Self {
            platform,
            store,
            clock,
            client,
        }
    }

    /// Another replica on the same store.
    pub(crate) fn replica(&self) -> Client {
        replica(&self.platform, &self.store, &self.clock)
    }

    /// Another replica, with other settings.
    pub(crate) fn configured(&self, how: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        how(builder(&self.platform, &self.store, &self.clock))
            .build()
            .unwrap()
    }

    pub(crate) fn event(&self) -> EventClient {
        self.client.event(EVENT)
    }

    pub(crate) async fn token(&self) -> Result<String, revento_api::SessionError> {
        let token = self.event().access_token().await?;
        Ok(token.expose().to_owned())
    }

    /// Moves the clock: an access token that was issued just now has this much time left.
    pub(crate) fn until_before_the_end(&self, left: Duration) {
        self.clock.advance(Duration::from_secs(3600) - left);
    }

    pub(crate) async fn stored(&self) -> Connection {
        self.client.connection(EVENT).await.unwrap().unwrap()
    }
}

fn replica(platform: &Arc<Platform>, store: &Arc<FaultyStore>, clock: &Arc<ManualClock>) -> Client {
    builder(platform, store, clock).build().unwrap()
}

fn builder(platform: &Arc<Platform>, store: &Arc<FaultyStore>, clock: &Arc<ManualClock>) -> ClientBuilder {
    let integration = Integration::new(
        Endpoints::new("https://auth.test", "https://api.test/api/v1").unwrap(),
        "client",
        "https://app.test/callback",
    )
    .unwrap();
    let transport: Arc<dyn Transport> = Arc::<Platform>::clone(platform);
    let store: Arc<dyn TokenStore> = Arc::<FaultyStore>::clone(store);
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(clock);
    // The test's clock does not move while the client waits for this pause.
    let timing = Timing::default().doubt_pause(Duration::ZERO);
    Client::builder(integration)
        .transport(transport)
        .store(store)
        .sealer(sealer)
        .clock(clock)
        // These tests are about tokens.
        .pacing(Pacing::off())
        .timing(timing)
}

pub(crate) async fn connect(client: &Client) {
    client.finish_authorization(consent(client)).await.unwrap();
}

/// The code that an organizer brings back from the consent page.
pub(crate) fn consent(client: &Client) -> CodeGrant {
    let request = AuthorizationRequest {
        event_id: EVENT.into(),
        scopes: Scopes::parse("event.read participants.read"),
    };
    let begun = client.begin_authorization(&request).unwrap();
    let url = url::Url::parse(&begun.url).unwrap();
    let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
    begun
        .pending
        .callback(&format!("code=abc&state={state}"), client.now())
        .unwrap()
}
