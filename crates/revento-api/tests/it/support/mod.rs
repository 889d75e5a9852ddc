//! A world in memory: platform, store, clock.

pub(crate) mod engines;
pub(crate) mod live;
mod platform;
pub(crate) mod relay;
mod store;

pub(crate) use platform::{Plan, Platform};
pub(crate) use store::Shaky;

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

/// A clock that only a test moves.
#[derive(Debug, Default)]
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

/// One integration, connected, with as many replicas as a test wants.
pub(crate) struct World {
    pub(crate) platform: Arc<Platform>,
    pub(crate) store: Arc<Shaky>,
    pub(crate) clock: Arc<Hands>,
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn connected() -> Self {
        let platform = Arc::new(Platform::default());
        let store = Arc::new(Shaky::default());
        let clock = Arc::new(Hands::default());
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

    /// Another process over the same store.
    pub(crate) fn replica(&self) -> Client {
        replica(&self.platform, &self.store, &self.clock)
    }

    /// The same, with something else about it.
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

    /// Moves on to this long before the end of an access token that was issued just now.
    pub(crate) fn until_before_the_end(&self, left: Duration) {
        self.clock.advance(Duration::from_secs(3600) - left);
    }

    pub(crate) async fn stored(&self) -> Connection {
        self.client.connection(EVENT).await.unwrap().unwrap()
    }
}

fn replica(platform: &Arc<Platform>, store: &Arc<Shaky>, clock: &Arc<Hands>) -> Client {
    builder(platform, store, clock).build().unwrap()
}

fn builder(platform: &Arc<Platform>, store: &Arc<Shaky>, clock: &Arc<Hands>) -> ClientBuilder {
    let integration = Integration::new(
        Endpoints::new("http://auth.test", "http://api.test/api/v1").unwrap(),
        "client",
        "http://app.test/callback",
    )
    .unwrap();
    let transport: Arc<dyn Transport> = Arc::<Platform>::clone(platform);
    let store: Arc<dyn TokenStore> = Arc::<Shaky>::clone(store);
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let clock: Arc<dyn Clock> = Arc::<Hands>::clone(clock);
    // A pause that the clock of the test makes, not the runtime's.
    let timing = Timing::default().doubt_pause(Duration::ZERO);
    Client::builder(integration)
        .transport(transport)
        .store(store)
        .sealer(sealer)
        .clock(clock)
        // These are tests of tokens.
        .pacing(Pacing::off())
        .timing(timing)
}

pub(crate) async fn connect(client: &Client) {
    client.finish_authorization(consent(client)).await.unwrap();
}

/// What an organizer brings home.
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
