//! Wires the client: the one place that constructs all parts.

use std::{fmt, sync::Arc};

use revento_oauth::{ConfigError, Integration, refresh::Timing};
use revento_store::{Clock, Entropy, OsEntropy, Sealer, SystemClock, TokenStore};
use revento_transport::Transport;

use crate::{
    client::{Client, Parts},
    connections::Connections,
    executor::{Executor, Retry},
    http::{HttpClient, advisories::Advisories, metrics},
    lifecycle::Lifecycle,
    limiter::{Limiter, Pacing},
    runtime::{Runtime, Timer, TokioTimer},
    sealed_tokens::SealedTokenStore,
    session::{OnScopesChanged, REPLIES, Refresher, ScopesChanged, Sessions},
    tasks::TaskQueue,
    token_endpoint::TokenEndpoint,
};

/// Configures a [`Client`]. The transport, the store and the sealer have no default.
#[must_use]
pub struct ClientBuilder {
    integration: Integration,
    transport: Option<Arc<dyn Transport>>,
    store: Option<Arc<dyn TokenStore>>,
    sealer: Option<Arc<dyn Sealer>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    timer: Arc<dyn Timer>,
    timing: Timing,
    pacing: Pacing,
    retry: Retry,
    on_scopes_changed: Option<OnScopesChanged>,
}

impl Client {
    /// Configures a client for an integration.
    pub fn builder(integration: Integration) -> ClientBuilder {
        ClientBuilder {
            integration,
            transport: None,
            store: None,
            sealer: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            timer: Arc::new(TokioTimer),
            timing: Timing::default(),
            pacing: Pacing::default(),
            retry: Retry::default(),
            on_scopes_changed: None,
        }
    }
}

impl ClientBuilder {
    /// Sends the HTTP requests. Required.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Keeps the connections and their sealed tokens. Required.
    pub fn store(mut self, store: impl TokenStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Encrypts the tokens before the store sees them. Required.
    pub fn sealer(mut self, sealer: impl Sealer + 'static) -> Self {
        self.sealer = Some(Arc::new(sealer));
        self
    }

    /// Replaces the operating system's clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Replaces the operating system's random numbers.
    pub fn entropy(mut self, entropy: impl Entropy + 'static) -> Self {
        self.entropy = Arc::new(entropy);
        self
    }

    /// Replaces Tokio's timer, for simulations: all waits and time limits of the client go by this timer. The clock has
    /// to move with it.
    pub fn timer(mut self, timer: impl Timer + 'static) -> Self {
        self.timer = Arc::new(timer);
        self
    }

    /// Replaces the durations of refreshing.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// Replaces the pacing of calls. The default keeps the contract's budgets in this process alone.
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = pacing;
        self
    }

    /// Replaces the retry policy of reads. [`EventClient::with_retry`](crate::EventClient::with_retry) replaces it for
    /// some reads.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Called when the answer to a refresh names other scopes than before, after the store has the new pair. The
    /// callback must not block.
    pub fn on_scopes_changed(mut self, callback: impl Fn(&ScopesChanged) + Send + Sync + 'static) -> Self {
        self.on_scopes_changed = Some(Box::new(callback));
        self
    }

    /// Builds the client. It starts no task and makes no call.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] when the transport, the store or the sealer is missing, [`ConfigError::Empty`] or
    /// [`ConfigError::SurroundingWhitespace`] when the client secret is not the one of the developer console.
    pub fn build(self) -> Result<Client, ConfigError> {
        self.integration.check_secret()?;
        let transport = required(self.transport, "the transport", "transport")?;
        let store = required(self.store, "the token store", "store")?;
        let sealer = required(self.sealer, "the sealer", "sealer")?;
        metrics::begin(REPLIES);

        let runtime = Runtime::new(self.clock, self.timer, self.entropy);
        let integration = Arc::new(self.integration);
        let http = HttpClient::new(transport, runtime.clone());
        let tokens = SealedTokenStore::new(store, sealer);
        let token_endpoint = Arc::new(TokenEndpoint::new(Arc::clone(&integration), http.clone()));
        let tasks = TaskQueue::default();
        let refresher = Refresher {
            tokens: tokens.clone(),
            token_endpoint: Arc::clone(&token_endpoint),
            runtime: runtime.clone(),
            timing: self.timing,
            on_scopes_changed: self.on_scopes_changed,
        };
        let sessions = Arc::new(Sessions::new(refresher, tasks.clone()));
        let lifecycle = Arc::new(Lifecycle::new(
            tokens.clone(),
            Arc::clone(&sessions),
            runtime.clone(),
        ));
        let limiter = Arc::new(Limiter::new(self.pacing, runtime.clone()));
        let advisories = Arc::new(Advisories::default());
        let executor = Executor {
            api_base: integration.endpoints().api().to_owned(),
            http,
            limiter: Arc::clone(&limiter),
            lifecycle: Arc::clone(&lifecycle),
            advisories: Arc::clone(&advisories),
            runtime: runtime.clone(),
        };
        let connections = Connections {
            integration: Arc::clone(&integration),
            tokens: tokens.clone(),
            token_endpoint,
            sessions: Arc::clone(&sessions),
            lifecycle,
            tasks: tasks.clone(),
            runtime: runtime.clone(),
            stored: tokio::sync::Notify::new(),
        };
        Ok(Client::new(Parts {
            integration,
            connections: Arc::new(connections),
            executor: Arc::new(executor),
            sessions,
            limiter,
            advisories,
            tokens,
            tasks,
            runtime,
            retry: self.retry,
        }))
    }
}

fn required<T>(part: Option<T>, what: &'static str, setter: &'static str) -> Result<T, ConfigError> {
    part.ok_or(ConfigError::Missing { what, setter })
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("integration", &self.integration)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use revento_oauth::Endpoints;

    use super::*;

    fn built_with(secret: &str) -> ConfigError {
        let integration = Integration::new(Endpoints::production(), "int_1", "https://app.example/callback");
        let integration = integration.unwrap().with_secret(secret);
        Client::builder(integration).build().unwrap_err()
    }

    #[test]
    fn a_secret_that_is_blank_or_was_copied_with_a_line_break_is_refused() {
        let what = "the client secret";
        assert_eq!(built_with(""), ConfigError::Empty { what });
        assert_eq!(built_with(" \n"), ConfigError::Empty { what });
        assert_eq!(
            built_with("secret\n"),
            ConfigError::SurroundingWhitespace { what }
        );
        assert!(matches!(built_with("secret"), ConfigError::Missing { .. })); // It is the transport that is missing.
    }
}
