//! The state that an inbox shares with its runners.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicI64},
};

use revento_core::Envelope;
use revento_store::{Clock, InboxStore, Sealer};
use tokio::{sync::Notify, time::Instant};

use crate::{Policy, accept_limit::AcceptLimit, lease_schedule::LeaseSchedule};

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn InboxStore>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    /// Wakes a runner of this process when a delivery was queued.
    pub(crate) queued: Notify,
    /// What is being accepted.
    pub(crate) accepting: AcceptLimit,
    /// When a runner or [`Inbox::drain`](crate::Inbox::drain) cleans up again, in Unix microseconds.
    pub(crate) cleanup_at: AtomicI64,
    /// `None` for no order.
    pub(crate) ordering_key: Option<fn(&Envelope) -> String>,
}

impl Shared {
    /// The schedule of a runner that begins.
    pub(crate) fn lease_schedule(&self) -> LeaseSchedule {
        LeaseSchedule::new(self.policy.slots(), self.ordering_key.is_some(), Instant::now())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("store", &self.store)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
