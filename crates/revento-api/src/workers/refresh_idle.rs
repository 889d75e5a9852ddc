//! Refreshes connections that nobody uses (invariant T7, contract §2.4).

use std::{
    collections::HashMap,
    fmt,
    pin::{Pin, pin},
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::{Either, select};
use revento_core::{ClientId, Connection, ConnectionKey, Timestamp, error::chain};
use revento_oauth::refresh::RefreshReason;
use revento_store::{RecordPages, StoreError, Stored};

use crate::{runtime::Runtime, sealed_tokens::SealedTokenStore, session::Sessions};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// The days before the end of a consent on which the callback is called.
const NOTICE_DAYS: [u8; 3] = [1, 7, 30];
/// Connections whose refresh token expires within this time are refreshed.
const AHEAD: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The connections that one question to the store asks for.
const PAGE: usize = 256;

/// Refreshes connections that nobody uses, before their 90 days are over, and reports consents that end soon. See
/// [`Client::refresh_idle`](crate::Client::refresh_idle).
///
/// By default it looks every six hours, refreshes connections whose refresh token expires within 30 days, and refreshes
/// one connection every two seconds.
#[must_use = "it does nothing until it runs"]
pub struct RefreshIdle {
    client_id: ClientId,
    tokens: SealedTokenStore,
    sessions: Weak<Sessions>,
    runtime: Runtime,
    every: Duration,
    pause: Duration,
    on_consent_ending: Option<OnConsentEnding>,
}

type OnConsentEnding = Box<dyn Fn(&ConsentEnding) + Send + Sync>;

/// A consent ends soon. No refresh prolongs it: the organizer or participant has to consent again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsentEnding {
    /// The connection.
    pub connection: Connection,
    /// Which notice this is: 30, 7 or 1 days before the end.
    pub days: u8,
}

impl RefreshIdle {
    pub(crate) fn new(
        client_id: ClientId,
        tokens: SealedTokenStore,
        sessions: &Arc<Sessions>,
        runtime: Runtime,
    ) -> Self {
        Self {
            client_id,
            tokens,
            sessions: Arc::downgrade(sessions),
            runtime,
            every: 6 * DAY / 24,
            pause: Duration::from_secs(2),
            on_consent_ending: None,
        }
    }

    /// How often to look, every six hours by default.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval;
        self
    }

    /// The pause between two refreshes, two seconds by default. It limits the rate, so that many connections that
    /// became due together are not refreshed at once.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Called once for each connection whose consent ends in less than 30, 7 and 1 days, and again after a restart of
    /// the process. The callback must not block.
    pub fn on_consent_ending(mut self, callback: impl Fn(&ConsentEnding) + Send + Sync + 'static) -> Self {
        self.on_consent_ending = Some(Box::new(callback));
        self
    }

    /// Runs until `stop` resolves or the last handle of the client is dropped; a refresh that is under way is finished
    /// first. One worker for each replica is enough; several replicas may run one each.
    ///
    /// The worker waits for each refresh, so it needs no [`Background`](crate::Background). What fails is tried again at
    /// the next look.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut notified = HashMap::new();
        loop {
            match self.look(&mut notified, stop.as_mut()).await {
                Ok(Look::Ended) => return,
                Ok(Look::Complete) => {}
                Err(error) => tracing::warn!(
                    error = %chain(&error),
                    "the store cannot list the connections that are due; the next look tries again"
                ),
            }
            // Replicas that started together drift apart.
            let pause = self.every.saturating_add(self.runtime.jitter(self.every / 10));
            if self.is_stopped_while(pause, stop.as_mut()).await {
                return;
            }
        }
    }

    /// One look at all connections that are due.
    async fn look(
        &self,
        notified: &mut HashMap<ConnectionKey, Notice>,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Look, StoreError> {
        let before = self.runtime.now().saturating_add(AHEAD);
        let mut pages = RecordPages::due(self.tokens.store(), self.client_id.clone(), before).page_size(PAGE);
        loop {
            let Some(sessions) = self.sessions.upgrade() else {
                return Ok(Look::Ended);
            };
            let Some(page) = pages.next().await? else {
                return Ok(Look::Complete);
            };
            for Stored { record, .. } in page {
                let connection = record.connection;
                self.notify(notified, &connection);
                // A refresh cannot extend a token beyond the end of the consent.
                if connection.refresh_expires_at < connection.consent_expires_at {
                    refresh(&sessions, connection).await;
                    let pause = self.pause.saturating_add(self.runtime.jitter(self.pause));
                    if self.is_stopped_while(pause, stop.as_mut()).await {
                        return Ok(Look::Ended);
                    }
                }
            }
        }
    }

    /// Waits, and says whether `stop` has resolved meanwhile.
    async fn is_stopped_while(&self, pause: Duration, stop: Pin<&mut impl Future<Output = ()>>) -> bool {
        matches!(select(stop, self.runtime.sleep(pause)).await, Either::Left(_))
    }

    fn notify(&self, notified: &mut HashMap<ConnectionKey, Notice>, connection: &Connection) {
        let left = connection.consent_expires_at.saturating_since(self.runtime.now());
        let Some(days) = NOTICE_DAYS
            .into_iter()
            .find(|days| left <= u32::from(*days) * DAY)
        else {
            return;
        };
        let notice = Notice {
            consent_expires_at: connection.consent_expires_at,
            days,
        };
        if notified.insert(connection.key.clone(), notice) == Some(notice) {
            return;
        }
        tracing::warn!(connection = %connection.key, days, consent_expires_at = %connection.consent_expires_at,
            "a consent ends soon: offer to connect again");
        if let Some(callback) = &self.on_consent_ending {
            callback(&ConsentEnding {
                connection: connection.clone(),
                days,
            });
        }
    }
}

/// How a look ended.
enum Look {
    Complete,
    /// The worker has to end.
    Ended,
}

/// A notice that was given.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Notice {
    consent_expires_at: Timestamp,
    days: u8,
}

async fn refresh(sessions: &Sessions, connection: Connection) {
    let session = sessions.session(&connection.key);
    if let Err(error) = session.refresh(RefreshReason::TokenRequested).await {
        tracing::warn!(connection = %connection.key, error = %chain(&error), "an idle connection cannot be refreshed");
    }
}

impl fmt::Debug for RefreshIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshIdle")
            .field("every", &self.every)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}
