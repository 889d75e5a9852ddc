//! Work that must go on when the caller who began it has gone away.

use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use revento_oauth::refresh::RefreshReason;
use tokio::sync::mpsc;

use crate::{
    Client, SessionError,
    client::Shared,
    session::{Flight, Session},
};

/// How long to wait before an unsaved pair is tried again.
const SAVE_AGAIN: Duration = Duration::from_secs(2);

/// Runs that the background is to see through.
pub(crate) struct Backlog {
    sender: mpsc::UnboundedSender<Job>,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<Job>>>,
    driven: AtomicBool,
}

enum Job {
    Refresh { session: Weak<Session>, flight: Flight },
    Other(BoxFuture<'static, ()>),
}

impl Job {
    fn is_finished(&self) -> bool {
        match self {
            // A pair that could not be stored is still to be.
            Self::Refresh { flight, .. } => {
                let end = flight.peek();
                end.is_some_and(|end| !matches!(end, Err(SessionError::Unsaved { .. })))
            }
            Self::Other(_) => false,
        }
    }
}

impl Default for Backlog {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
            driven: AtomicBool::new(false),
        }
    }
}

impl Backlog {
    pub(crate) fn add(&self, session: &Arc<Session>, flight: &Flight) {
        self.push(Job::Refresh {
            session: Arc::downgrade(session),
            flight: flight.clone(),
        });
    }

    fn push(&self, job: Job) {
        self.forget_finished();
        // Without a background, or after its end, whoever waits for the run drives it.
        let _ = self.sender.send(job);
    }

    /// A background may never come, and what others have seen through must not pile up for it.
    fn forget_finished(&self) {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = &mut *receiver else { return };
        for _ in 0..waiting.len() {
            if let Ok(job) = waiting.try_recv()
                && !job.is_finished()
            {
                let _ = self.sender.send(job);
            }
        }
    }

    /// Whether a background is running: then what is added is driven without anybody waiting for it.
    pub(crate) fn is_driven(&self) -> bool {
        self.driven.load(Ordering::Relaxed)
    }

    /// The same for work that leaves nothing behind to be tried again.
    pub(crate) fn see_through(&self, work: BoxFuture<'static, ()>) {
        self.push(Job::Other(work));
    }
}

impl Client {
    /// Sees refreshes through when their callers have gone away, and stores new tokens as soon as a
    /// store that had failed is back. Spawn it once per client; it ends when the last handle is gone.
    ///
    /// Without it a refresh stands still while nobody waits for its result, which is safe, but brings
    /// the connection into doubt when its claim runs out meanwhile.
    pub fn background(&self) -> impl Future<Output = ()> + Send + 'static {
        let client = Arc::downgrade(&self.shared);
        let receiver = self
            .shared
            .backlog
            .receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        async move {
            let Some(mut receiver) = receiver else { return };
            let _driving = Driving::begin(client.clone());
            let mut running = FuturesUnordered::new();
            loop {
                tokio::select! {
                    job = receiver.recv() => match job {
                        Some(job) => running.push(see_through(job)),
                        None => break,
                    },
                    Some(unsaved) = running.next() => {
                        let session: Option<Arc<Session>> = unsaved;
                        if let (Some(session), Some(client)) = (session, client.upgrade()) {
                            let _joined_by_the_backlog = session.flight(&client, RefreshReason::TokenRequested);
                        }
                    }
                }
            }
        }
    }
}

/// Says that a background is running, until it is dropped.
struct Driving(Weak<Shared>);

impl Driving {
    fn begin(client: Weak<Shared>) -> Self {
        let driving = Self(client);
        driving.set(true);
        driving
    }

    fn set(&self, driven: bool) {
        if let Some(client) = self.0.upgrade() {
            client.backlog.driven.store(driven, Ordering::Relaxed);
        }
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Drives a run; gives its session back, after a pause, when there is a pair left to store.
async fn see_through(job: Job) -> Option<Arc<Session>> {
    match job {
        Job::Refresh { session, flight } => match flight.await {
            Err(SessionError::Unsaved { .. }) => {
                tokio::time::sleep(SAVE_AGAIN).await;
                session.upgrade()
            }
            _ => None,
        },
        Job::Other(work) => {
            work.await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn refresh(outcome: Option<SessionError>) -> Job {
        let flight = async move {
            match outcome {
                Some(error) => Err(error),
                None => std::future::pending().await,
            }
        };
        let flight = flight.boxed().shared();
        let _ = flight.clone().now_or_never();
        Job::Refresh {
            session: Weak::new(),
            flight,
        }
    }

    #[test]
    fn a18_finished_refreshes_do_not_pile_up_where_no_background_runs() {
        let backlog = Backlog::default();
        backlog.push(refresh(None));
        let trouble = "the disk is full".into();
        backlog.push(refresh(Some(SessionError::Unsaved { trouble })));
        for _ in 0..100 {
            backlog.push(refresh(Some(SessionError::NotConnected)));
        }
        let waiting = backlog.receiver.lock().unwrap();
        // One that is under way, one whose tokens are still to be stored, and the last one.
        assert_eq!(waiting.as_ref().unwrap().len(), 3);
    }
}
