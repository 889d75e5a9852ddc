//! The client: what everything else hangs on.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use revento_core::{ClientId, Connection, ConnectionKey, EventId, RequestId, Scopes, Timestamp, UserId};
use revento_oauth::{
    AuthorizationRequest, ConfigError, Integration, StartedAuthorization, authorize, refresh::Timing,
};
use revento_store::{Clock, Entropy, EntropyError, OsEntropy, Sealer, StoreError, SystemClock, TokenStore};
use revento_transport::Transport;
use url::Url;

use crate::{
    Retry, Timer,
    background::Backlog,
    kept::Kept,
    notices::Notices,
    pacing::{Pacer, Pacing},
    read::{EventClient, Installations, UserClient},
    request::{Reader, Who},
    session::Session,
    timer::TokioTimer,
    vault::Vault,
};

/// An integration's access to the platform. Clones are handles to one client.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What all sessions of a client share.
pub(crate) struct Shared {
    pub(crate) integration: Integration,
    pub(crate) api_base: String,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) timing: Timing,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) pacer: Pacer,
    pub(crate) notices: Notices,
    pub(crate) backlog: Backlog,
    retry: Retry,
    pub(crate) on_scopes_changed: Option<OnScopesChanged>,
    sessions: Mutex<Kept<Session>>,
}

/// Configures a [`Client`].
pub struct ClientBuilder {
    integration: Integration,
    api_base: String,
    transport: Arc<dyn Transport>,
    store: Arc<dyn TokenStore>,
    sealer: Arc<dyn Sealer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    timing: Timing,
    timer: Arc<dyn Timer>,
    pacing: Pacing,
    retry: Retry,
    on_scopes_changed: Option<OnScopesChanged>,
}

pub(crate) type OnScopesChanged = Box<dyn Fn(&ScopesChanged) + Send + Sync>;

/// A refresh was answered with other scopes than the connection had: an organizer has taken some back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScopesChanged {
    /// The connection, with the scopes that it has now.
    pub connection: Connection,
    /// The scopes that it had.
    pub before: Scopes,
}

impl ScopesChanged {
    /// What it has no more: ask for consent again where it is needed.
    pub fn lost(&self) -> Scopes {
        self.before.missing_from(&self.connection.scopes)
    }
}

impl ClientBuilder {
    /// Replaces the operating system's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Replaces the operating system's random numbers.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Replaces the durations that refreshing goes by.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Replaces the way calls are paced; unless told they keep the contract's budgets in this process alone.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Replaces the way reads are repeated; each client made of this one can have its own.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Replaces Tokio's timer for the waits of reads, for simulations. The clock has to move along with it.
    pub fn timer(mut self, timer: Arc<dyn Timer>) -> Self {
        self.timer = timer;
        self
    }

    /// Called when the answer to a refresh names other scopes than before, after the new pair is stored.
    /// It must not block.
    pub fn on_scopes_changed(mut self, call: impl Fn(&ScopesChanged) + Send + Sync + 'static) -> Self {
        self.on_scopes_changed = Some(Box::new(call));
        self
    }

    /// Builds the client. Starts nothing and calls nobody.
    ///
    /// # Errors
    /// When the API base is not an absolute URL.
    pub fn build(self) -> Result<Client, ConfigError> {
        let what = "the API base URL";
        let usable = Url::parse(&self.api_base)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !usable {
            return Err(ConfigError::NotAUrl {
                what,
                value: self.api_base,
            });
        }
        let shared = Shared {
            integration: self.integration,
            api_base: self.api_base.trim_end_matches('/').into(),
            transport: self.transport,
            vault: Vault::new(self.store, self.sealer),
            clock: self.clock,
            entropy: self.entropy,
            timing: self.timing,
            timer: self.timer,
            pacer: Pacer::new(self.pacing),
            notices: Notices::default(),
            retry: self.retry,
            backlog: Backlog::default(),
            on_scopes_changed: self.on_scopes_changed,
            sessions: Mutex::default(),
        };
        Ok(Client {
            shared: Arc::new(shared),
        })
    }
}

impl Client {
    /// Configures a client. `api_base` is where the read API is, such as
    /// `https://api.revento.example/api/v1`.
    pub fn builder(
        integration: Integration,
        api_base: impl Into<String>,
        transport: Arc<dyn Transport>,
        store: Arc<dyn TokenStore>,
        sealer: Arc<dyn Sealer>,
    ) -> ClientBuilder {
        ClientBuilder {
            integration,
            api_base: api_base.into(),
            transport,
            store,
            sealer,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            timing: Timing::default(),
            timer: Arc::new(TokioTimer),
            pacing: Pacing::default(),
            retry: Retry::default(),
            on_scopes_changed: None,
        }
    }

    /// The integration that this client speaks for.
    pub fn integration(&self) -> &Integration {
        &self.shared.integration
    }

    /// The time by the client's clock.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Begins an authorization: where to send the browser, and what to keep for its return.
    ///
    /// # Errors
    /// When the operating system has no random numbers.
    pub fn begin(&self, request: &AuthorizationRequest) -> Result<StartedAuthorization, EntropyError> {
        let mut random = zeroize::Zeroizing::new([0; 64]);
        self.shared.entropy.fill(&mut *random)?;
        Ok(authorize::begin(
            &self.shared.integration,
            request,
            &random,
            self.shared.clock.now(),
        ))
    }

    /// Reads an event over the organizer's connection.
    pub fn event(&self, event_id: impl Into<EventId>) -> EventClient {
        let key = ConnectionKey::installation(self.client_id(), event_id.into());
        EventClient::new(self.reader(Who::Connection(self.session(&key))), key)
    }

    /// Reads what a signed-in participant may see.
    pub fn user(&self, event_id: impl Into<EventId>, user_id: impl Into<UserId>) -> UserClient {
        let key = ConnectionKey::user(self.client_id(), event_id.into(), user_id.into());
        UserClient::new(self.reader(Who::Connection(self.session(&key))), key)
    }

    /// What the store knows of an organizer's connection. Makes no call to the platform.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn connection(&self, event_id: impl Into<EventId>) -> Result<Option<Connection>, StoreError> {
        let key = ConnectionKey::installation(self.client_id(), event_id.into());
        let stored = self.shared.vault.store().load(&key).await?;
        Ok(stored.map(|stored| stored.record.connection))
    }

    /// Every connection that the store knows, in any order.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let stored = self
            .shared
            .vault
            .store()
            .of_client(self.shared.integration.client_id())
            .await?;
        Ok(stored
            .into_iter()
            .map(|stored| stored.record.connection)
            .collect())
    }

    /// `GET /developer/integrations/{id}/installations`: every connection that the platform knows of this integration,
    /// under its client id and secret. Public clients have no secret, and so no such list.
    ///
    /// The contract's rate budgets are each token's (§3.6), and no token is used here: these reads are not paced. A 429 is
    /// waited for and repeated as [`Retry`] says, like a 5xx.
    pub fn installations(&self) -> Installations {
        Installations::new(self.reader(Who::Integration))
    }

    /// By how many seconds the platform's clock is ahead of this machine's, negative when it is behind, by its last
    /// answer; `None` before the first. Exact to a second or two.
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.shared.notices.skew()
    }

    /// How many tokens' budgets are remembered, and how many bytes that takes. Those that were idle for an hour are
    /// forgotten.
    pub fn pacing_weight(&self) -> (usize, usize) {
        self.shared.pacer.weight()
    }

    /// How many connections' access tokens are at hand, and how many bytes that takes. Those that were idle for
    /// an hour are forgotten; the store keeps the connections.
    pub fn session_weight(&self) -> (usize, usize) {
        let sessions = self.sessions();
        let bytes = sessions.values().map(|session| session.size_in_memory()).sum();
        (sessions.len(), bytes)
    }

    fn reader(&self, who: Who) -> Reader {
        Reader {
            client: self.clone(),
            who,
            retry: self.shared.retry,
            delivery_id: None,
        }
    }

    pub(crate) fn session(&self, key: &ConnectionKey) -> Arc<Session> {
        let now = self.now();
        let make = || Session::new(key.clone(), &self.shared);
        self.sessions()
            .get_or_insert(key, |session| session.is_idle(now), make)
    }

    fn sessions(&self) -> MutexGuard<'_, Kept<Session>> {
        self.shared
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn client_id(&self) -> ClientId {
        self.shared.integration.client_id().clone()
    }
}

impl Shared {
    /// A fresh id for one request (contract §3.1).
    pub(crate) fn request_id(&self) -> RequestId {
        let mut random = [0; 16];
        // An id without randomness still names the request, only not uniquely.
        let _ = self.entropy.fill(&mut random);
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        RequestId::new(id.to_string())
    }

    /// A random share of a duration, for jitter.
    pub(crate) fn share_of(&self, whole: std::time::Duration) -> std::time::Duration {
        whole.mul_f64(f64::from(self.random()) / f64::from(u32::MAX))
    }

    /// A random number where nothing bad comes of none.
    pub(crate) fn random(&self) -> u32 {
        let mut random = [0; 4];
        let _ = self.entropy.fill(&mut random);
        u32::from_le_bytes(random)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("integration", &self.shared.integration)
            .field("api_base", &self.shared.api_base)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("integration", &self.integration)
            .field("api_base", &self.api_base)
            .finish_non_exhaustive()
    }
}
