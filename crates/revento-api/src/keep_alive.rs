//! Keeping idle connections alive (invariant T7, contract §2.4).

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use revento_core::{Connection, ConnectionKey, Timestamp};
use revento_oauth::refresh::RefreshReason;
use revento_store::StoreError;

use crate::{Client, client::Shared, words::in_words};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Days before the end of a consent at which its owner is told.
const NOTICES: [u8; 3] = [1, 7, 30];

/// How a [`Client::keep_alive`] goes about it. The defaults fit the contract.
pub struct KeepAlive {
    every: Duration,
    ahead: Duration,
    pause: Duration,
    page: usize,
    on_ending: Option<OnEnding>,
}

type OnEnding = Box<dyn Fn(&ConsentEnding) + Send + Sync>;

/// A consent is close to its end. No refresh prolongs it: the organizer or participant has to consent again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentEnding {
    /// The connection.
    pub connection: Connection,
    /// The notice that this is: 30, 7 or 1 days before the end.
    pub days: u8,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            every: 6 * DAY / 24,
            ahead: 30 * DAY,
            pause: Duration::from_secs(2),
            page: 256,
            on_ending: None,
        }
    }
}

impl KeepAlive {
    /// The defaults: look every six hours, refresh what has less than 30 of its 90 days left, one every two seconds.
    pub fn new() -> Self {
        Self::default()
    }

    /// How often to look.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// The pause between two refreshes. It is what bounds the rate, so that months of idleness do not
    /// end in a storm.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Called for every consent that ends in less than 30, 7 and 1 days, once for each notice; once
    /// more after a restart of the process. It must not block.
    pub fn on_ending(mut self, call: impl Fn(&ConsentEnding) + Send + Sync + 'static) -> Self {
        self.on_ending = Some(Box::new(call));
        self
    }
}

impl Client {
    /// Refreshes connections that nobody uses before their 90 days are over, and tells of consents that
    /// end. Spawn it once; of several replicas each may. It ends when the last handle of the client is gone
    /// and the look that is under way is over.
    ///
    /// It finds what is due by the store's index, and it waits for each refresh, so it needs no
    /// [`Client::background`]. What fails is tried again at the next look.
    pub fn keep_alive(&self, how: KeepAlive) -> impl Future<Output = ()> + Send + 'static {
        let client = Arc::downgrade(&self.shared);
        async move {
            let mut told = HashMap::new();
            loop {
                let pause = {
                    let Some(shared) = client.upgrade() else { return };
                    let client = Client { shared };
                    if let Err(error) = look(&client, &how, &mut told).await {
                        tracing::warn!(
                            error = in_words(&error),
                            "connections that are due could not be looked up"
                        );
                    }
                    // Replicas that started together part.
                    how.every.saturating_add(client.shared.share_of(how.every / 10))
                };
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// One look at everything that is due.
async fn look(
    client: &Client,
    how: &KeepAlive,
    told: &mut HashMap<ConnectionKey, (Timestamp, u8)>,
) -> Result<(), StoreError> {
    let shared = &client.shared;
    let before = shared.clock.now().saturating_add(how.ahead);
    let mut limit = how.page;
    loop {
        let due = shared.vault.store().due(before, limit).await?;
        let complete = due.len() < limit;
        let mut moved = false;
        for stored in due {
            let connection = stored.record.connection;
            if connection.key.client_id != *shared.integration.client_id() {
                continue;
            }
            notify(shared, how, told, &connection);
            // What the end of the consent has cut short gets no longer by a refresh.
            if connection.refresh_expires_at < connection.consent_expires_at {
                moved |= refresh(client, connection).await;
                let jitter = shared.share_of(how.pause);
                tokio::time::sleep(how.pause.saturating_add(jitter)).await;
            }
        }
        if complete {
            return Ok(());
        }
        // What stays due stands before what is due later.
        if !moved {
            limit = limit.saturating_mul(2);
        }
    }
}

/// Whether it is not due any more.
async fn refresh(client: &Client, connection: Connection) -> bool {
    let session = client.session(&connection.key);
    let before = connection.generation;
    match session
        .flight(&client.shared, RefreshReason::TokenRequested)
        .await
    {
        Ok(live) => live.generation != before,
        Err(error) => {
            tracing::warn!(connection = %connection.key, %error, "an idle connection could not be refreshed");
            error.is_ended()
        }
    }
}

fn notify(
    shared: &Shared,
    how: &KeepAlive,
    told: &mut HashMap<ConnectionKey, (Timestamp, u8)>,
    connection: &Connection,
) {
    let left = connection.consent_expires_at.saturating_since(shared.clock.now());
    let Some(days) = NOTICES.into_iter().find(|days| left <= u32::from(*days) * DAY) else {
        return;
    };
    let notice = (connection.consent_expires_at, days);
    if told.insert(connection.key.clone(), notice) == Some(notice) {
        return;
    }
    tracing::warn!(connection = %connection.key, days, consent_expires_at = %connection.consent_expires_at,
        "a consent ends soon: offer to connect again");
    if let Some(call) = &how.on_ending {
        call(&ConsentEnding {
            connection: connection.clone(),
            days,
        });
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive")
            .field("every", &self.every)
            .field("ahead", &self.ahead)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}
