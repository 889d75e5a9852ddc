//! The state that an inbox shares with its runners.

use std::{fmt, sync::Arc};

use revento_core::Envelope;
use revento_store::{Clock, InboxStore, Sealer};
use tokio::sync::Notify;

use crate::Policy;

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn InboxStore>,
    pub(crate) sealer: Arc<dyn Sealer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    /// Wakes a runner of this process when a delivery was queued.
    pub(crate) queued: Notify,
    pub(crate) ordering_key: fn(&Envelope) -> String,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("store", &self.store)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
