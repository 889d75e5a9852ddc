//! A connected integration with as many replicas of a mirror as a test wants.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use revento_api::{Client, Pacing, Retry};
use revento_core::{Envelope, Scopes, Timestamp};
use revento_mirror::{
    Applied, Mirror, MirrorBuilder, MirrorError, ResourceKind,
    memory::MemoryMirror,
    store::{MirrorStore, RowQuery},
};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, memory::MemoryTokens};
use serde_json::Value;

use crate::platform::{Cursors, EVENT, Platform};

/// A clock that only the test moves.
#[derive(Debug, Default)]
pub(crate) struct ManualClock(AtomicI64);

impl ManualClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(
            i64::try_from(by.as_micros()).expect("a short time"),
            Ordering::SeqCst,
        );
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) platform: Arc<Platform>,
    pub(crate) store: Arc<dyn MirrorStore>,
    pub(crate) client: Client,
    pub(crate) mirror: Mirror,
}

impl World {
    pub(crate) async fn connected() -> Self {
        Self::with(Cursors::LastId, 3, Arc::new(MemoryMirror::new())).await
    }

    pub(crate) async fn with(cursors: Cursors, page_size: usize, store: Arc<dyn MirrorStore>) -> Self {
        let world = Self::unconnected(cursors, page_size, store);
        world.connect().await;
        world
    }

    pub(crate) fn unconnected(cursors: Cursors, page_size: usize, store: Arc<dyn MirrorStore>) -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.advance(Duration::from_millis(1_778_336_551_250));
        let platform = Platform::new(Arc::clone(&clock), cursors, page_size);
        let integration = Integration::new(
            Endpoints::new("https://auth.test", "https://api.test/api/v1").expect("endpoints"),
            "client",
            "https://app.test/callback",
        )
        .expect("an integration");
        let client = Client::builder(integration)
            .transport(Arc::clone(&platform))
            .store(MemoryTokens::new())
            .sealer(KeyRing::new(SealingKey::from_bytes([7; 32])))
            .clock(Arc::clone(&clock))
            .pacing(Pacing::off())
            .retry(Retry::never())
            .build()
            .expect("a client");
        let mirror = Mirror::builder(client.clone(), Arc::clone(&store)).build();
        Self {
            clock,
            platform,
            store,
            client,
            mirror,
        }
    }

    /// Another replica.
    pub(crate) fn replica(&self, how: impl FnOnce(MirrorBuilder) -> MirrorBuilder) -> Mirror {
        how(Mirror::builder(self.client.clone(), Arc::clone(&self.store))).build()
    }

    /// The organizer consents.
    pub(crate) async fn connect(&self) {
        let request = AuthorizationRequest {
            event_id: EVENT.into(),
            scopes: Scopes::parse("event.read participants.read program.read"),
        };
        let begun = self.client.begin_authorization(&request).expect("random numbers");
        let url = url::Url::parse(&begun.url).expect("a URL");
        let (_, state) = url
            .query_pairs()
            .find(|(name, _)| name == "state")
            .expect("a state");
        let grant = begun
            .pending
            .callback(&format!("code=abc&state={state}"), self.client.now())
            .expect("a grant");
        self.client
            .finish_authorization(grant)
            .await
            .expect("a connection");
    }

    pub(crate) async fn advance(&self) -> Result<Timestamp, MirrorError> {
        self.mirror.advance(&EVENT.into()).await
    }

    /// Lets time pass until a read that begins now is complete and confirmed.
    pub(crate) async fn reconcile(&self) {
        let begin = self.clock.now();
        for _ in 0..2000 {
            self.mirror
                .advance(&EVENT.into())
                .await
                .expect("the mirror advances");
            let status = self
                .mirror
                .status(EVENT)
                .await
                .expect("a status")
                .expect("a mirror");
            let is_done = matches!(status.phase, revento_mirror::Phase::InSync { next_read_at } if next_read_at > self.clock.now());
            if is_done && status.last_read.is_some_and(|read| read.began_at > begin) {
                return;
            }
            self.clock.advance(Duration::from_secs(1800));
        }
        panic!("the reconciliation does not end");
    }

    pub(crate) async fn apply(&self, envelope: &Envelope) -> Applied {
        self.mirror.apply(envelope).await.expect("the webhook is applied")
    }

    /// Delivers all webhooks that wait.
    pub(crate) async fn deliver_all(&self) {
        while let Some(webhook) = self.platform.take_webhook(0) {
            self.apply(&webhook).await;
        }
    }

    /// The rows of the mirror, by id.
    pub(crate) async fn rows(&self, kind: ResourceKind) -> BTreeMap<String, Value> {
        let query = RowQuery {
            event_id: EVENT.into(),
            kind,
            conditions: Vec::new(),
            after: None,
            limit: usize::MAX,
        };
        let rows = self.store.rows(&query).await.expect("rows");
        let value = |json: &str| serde_json::from_str(json).expect("JSON");
        rows.into_iter()
            .map(|stored| (stored.row.id.to_string(), value(&stored.row.json)))
            .collect()
    }

    /// Fails unless the mirror is equal to the platform.
    pub(crate) async fn assert_equal(&self) {
        for (list, kind) in [
            ("participants", ResourceKind::Participant),
            ("activities", ResourceKind::Activity),
        ] {
            assert_eq!(self.rows(kind).await, self.platform.rows(list), "{list}");
        }
    }
}
