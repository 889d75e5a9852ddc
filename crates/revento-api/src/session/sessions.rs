//! One session for each connection in use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use revento_core::ConnectionKey;

use super::{connection_session::Session, refresher::Refresher};
use crate::{
    idle_map::{IdleMap, MemoryUse},
    tasks::TaskQueue,
};

/// All sessions of a client.
pub(crate) struct Sessions {
    map: Mutex<IdleMap<Session>>,
    refresher: Arc<Refresher>,
    tasks: TaskQueue,
}

impl Sessions {
    pub(crate) fn new(refresher: Refresher, tasks: TaskQueue) -> Self {
        Self {
            map: Mutex::default(),
            refresher: Arc::new(refresher),
            tasks,
        }
    }

    /// The session of a connection; a new one where there is none.
    pub(crate) fn session(&self, key: &ConnectionKey) -> Arc<Session> {
        let now = self.refresher.runtime.now();
        let make = || Session::new(key.clone(), Arc::clone(&self.refresher), self.tasks.clone());
        self.lock()
            .get_or_insert(key, |session| session.is_idle(now), make)
    }

    /// Drops the cached token of a connection: the store knows a newer state.
    pub(crate) fn drop_cached(&self, key: &ConnectionKey) {
        let session = self.lock().get(key);
        if let Some(session) = session {
            session.drop_cached();
        }
    }

    pub(crate) fn memory(&self) -> MemoryUse {
        self.lock().memory(Session::size_in_memory)
    }

    fn lock(&self) -> MutexGuard<'_, IdleMap<Session>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
