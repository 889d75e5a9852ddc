//! The client: a handle that gives out connections, endpoints and workers.

use std::{fmt, sync::Arc};

use futures_core::stream::BoxStream;
use revento_core::{ClientId, Connection, ConnectionKey, Envelope, EventId, Timestamp, UserId};
use revento_oauth::{AuthorizationRequest, CodeGrant, Integration, StartedAuthorization};
use revento_store::{EntropyError, StoreError};

use crate::{
    auth::{BasicCredential, Credential},
    connections::Connections,
    endpoints::{ConnectionReader, EventClient, Installations, Reader, UserClient},
    error::{ApplyWebhookError, ConnectError},
    executor::{Executor, Retry},
    http::advisories::Advisories,
    idle_map::MemoryUse,
    limiter::Limiter,
    runtime::Runtime,
    sealed_tokens::SealedTokenStore,
    session::Sessions,
    tasks::TaskQueue,
    workers::{Background, RefreshIdle},
};

/// An integration's access to the platform. Clones are handles to one client.
///
/// | to | call |
/// |---|---|
/// | make one, when the program starts | [`builder`](Self::builder) |
/// | keep its tokens alive | [`background`](Self::background): spawn it once |
/// | connect an event | [`begin_authorization`](Self::begin_authorization), then [`finish_authorization`](Self::finish_authorization) |
/// | read an event, or what a participant may see | [`event`](Self::event), [`user`](Self::user) |
/// | see what is connected | [`connection`](Self::connection), [`connections`](Self::connections) |
/// | learn from a webhook that a connection has ended | [`apply_webhook`](Self::apply_webhook) |
///
/// The adapters for web frameworks have pages that connect an event: `AuthorizationRoutes` in axum, for one.
#[derive(Clone)]
pub struct Client(Arc<Parts>);

/// The parts that a client gives out.
pub(crate) struct Parts {
    pub(crate) integration: Arc<Integration>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) executor: Arc<Executor>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) advisories: Arc<Advisories>,
    pub(crate) tokens: SealedTokenStore,
    pub(crate) tasks: TaskQueue,
    pub(crate) runtime: Runtime,
    pub(crate) retry: Retry,
}

impl Client {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The integration of this client.
    pub fn integration(&self) -> &Integration {
        &self.0.integration
    }

    /// The time by the client's clock.
    pub fn now(&self) -> Timestamp {
        self.0.runtime.now()
    }

    // ---- connections ----

    /// Begins an authorization: returns where to send the browser, and what to keep for its return.
    ///
    /// # Errors
    /// When the operating system has no random numbers.
    pub fn begin_authorization(
        &self,
        request: &AuthorizationRequest,
    ) -> Result<StartedAuthorization, EntropyError> {
        self.0.connections.begin(request)
    }

    /// Exchanges a code and stores the connection, over an older one of the same key if there is one.
    /// The connection's `scopes` are the granted ones; they can be fewer than the requested ones. Its `reason` is
    /// [`NoRefreshToken`](revento_core::StatusReason::NoRefreshToken) if the platform issued no refresh token: it can be used until
    /// `access_expires_at`, and needs consent then.
    ///
    /// The platform issues tokens even if the caller goes away meanwhile: then the
    /// [background worker](Self::background) stores them.
    ///
    /// # Errors
    /// When the platform refused or did not answer, or when the store failed.
    pub async fn finish_authorization(&self, grant: CodeGrant) -> Result<Connection, ConnectError> {
        self.0.connections.finish(grant).await
    }

    /// Waits until this process has stored another connection, counted from this call: for workers that look for new connections.
    /// What other processes store does not count.
    pub fn connected(&self) -> impl Future<Output = ()> + Send + '_ {
        self.0.connections.connected()
    }

    /// What the store knows of an organizer's connection. Makes no call to the platform.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn connection(&self, event_id: impl Into<EventId>) -> Result<Option<Connection>, StoreError> {
        let key = ConnectionKey::installation(self.client_id(), event_id.into());
        self.0.connections.load(&key).await
    }

    /// What the store knows of a participant's connection. Makes no call to the platform.
    ///
    /// # Errors
    /// When the store failed.
    pub async fn user_connection(
        &self,
        event_id: impl Into<EventId>,
        user_id: impl Into<UserId>,
    ) -> Result<Option<Connection>, StoreError> {
        let key = ConnectionKey::user(self.client_id(), event_id.into(), user_id.into());
        self.0.connections.load(&key).await
    }

    /// Every connection that the store knows, in the order of their keys, as a stream that keeps one page in memory. The
    /// stream ends after its first error.
    ///
    /// ```
    /// # use futures_util::TryStreamExt;
    /// # async fn example(client: revento_api::Client) -> Result<(), revento_store::StoreError> {
    /// let mut connections = client.connections();
    /// while let Some(connection) = connections.try_next().await? {
    ///     println!("{} is {}", connection.key, connection.status);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn connections(&self) -> BoxStream<'static, Result<Connection, StoreError>> {
        self.0.connections.list()
    }

    /// Applies a webhook to the connections that it names. Webhooks that end no connection change nothing. Needs no
    /// valid token. The same webhooks may be applied any number of times and in any order.
    ///
    /// # Errors
    /// When the store failed; call again. When the webhook ends connections and its data cannot be read; then somebody has to look
    /// at it. In a handler of the inbox, `?` does both: it asks for another attempt, or for the delivery to be buried.
    pub async fn apply_webhook(&self, envelope: &Envelope) -> Result<(), ApplyWebhookError> {
        self.0.connections.apply_webhook(envelope).await
    }

    /// Notes that the integration has deleted all data that it cached for a connection.
    ///
    /// # Errors
    /// When the store failed; call again.
    pub async fn confirm_deletion(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.0.connections.confirm_deletion(key).await
    }

    /// Removes a connection and its tokens from the store. The platform does not learn of it: it has no such call.
    ///
    /// # Errors
    /// When the store failed; the connection may be removed.
    pub async fn delete_connection(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.0.connections.delete(key).await
    }

    // ---- endpoints ----

    /// Reads an event over the organizer's connection.
    pub fn event(&self, event_id: impl Into<EventId>) -> EventClient {
        let key = ConnectionKey::installation(self.client_id(), event_id.into());
        EventClient::new(self.reader(&key))
    }

    /// Reads what a signed-in participant may see.
    pub fn user(&self, event_id: impl Into<EventId>, user_id: impl Into<UserId>) -> UserClient {
        let key = ConnectionKey::user(self.client_id(), event_id.into(), user_id.into());
        UserClient::new(self.reader(&key))
    }

    /// `GET /developer/integrations/{id}/installations`: every connection of this integration that the platform knows,
    /// authenticated by client id and secret. Public clients have no secret, and so no such list.
    ///
    /// The contract's rate budgets belong to tokens (§3.6), and this list uses none: these reads are not paced. They
    /// are repeated after a 429 as [`Retry`] says, as after a 5xx.
    pub fn installations(&self) -> Installations {
        let credential = BasicCredential::new(Arc::clone(&self.0.integration));
        let credential = Credential::Basic(Arc::new(credential));
        let reader = Reader::new(Arc::clone(&self.0.executor), credential, self.0.retry);
        Installations::new(reader, self.client_id())
    }

    // ---- workers ----

    /// The worker that finishes refreshes and code exchanges when their callers have gone away, that stores new tokens as
    /// soon as a store that had failed works again, and that refreshes connections that nobody uses, as
    /// [`refresh_idle`](Self::refresh_idle) does. Run one for each client:
    ///
    /// ```no_run
    /// # async fn example(client: revento_api::Client, stop: impl Future<Output = ()> + Send + 'static) {
    /// tokio::spawn(client.background().run(stop));
    /// # }
    /// ```
    ///
    /// Without it a refresh stands still while nobody waits for its result. That is safe, but the connection is in doubt
    /// when its claim expires meanwhile. A connection that nobody reads ends after 90 days.
    pub fn background(&self) -> Background {
        Background::new(&self.0.tasks, self.refresh_idle())
    }

    /// The worker that refreshes connections that nobody uses, before their 90 days are over.
    /// [`background`](Self::background) includes it. Run it by itself in a program that runs on a schedule, or pass it to
    /// [`Background::with_refresh_idle`] with settings of your own.
    pub fn refresh_idle(&self) -> RefreshIdle {
        RefreshIdle::new(
            self.client_id(),
            self.0.tokens.clone(),
            &self.0.sessions,
            self.0.runtime.clone(),
        )
    }

    // ---- measurements ----

    /// By how many seconds the platform's clock is ahead of this machine's, negative when it is behind, by the
    /// platform's last answer; `None` before the first. Exact to a second or two.
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.0.advisories.clock_skew_seconds()
    }

    /// The memory that the budgets of tokens take. Budgets that were idle for an hour are evicted.
    pub fn pacing_memory(&self) -> MemoryUse {
        self.0.limiter.memory()
    }

    /// The memory that cached access tokens take. Sessions that were idle for an hour are evicted; the store keeps the
    /// connections.
    pub fn session_memory(&self) -> MemoryUse {
        self.0.sessions.memory()
    }

    fn reader(&self, key: &ConnectionKey) -> ConnectionReader {
        let executor = Arc::clone(&self.0.executor);
        ConnectionReader::new(executor, self.0.sessions.session(key), self.0.retry)
    }

    fn client_id(&self) -> ClientId {
        self.0.integration.client_id().clone()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("integration", &self.0.integration)
            .finish_non_exhaustive()
    }
}
