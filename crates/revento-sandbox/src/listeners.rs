//! The listeners that are connected now: each attempt is handed to one, which answers it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot};

/// The request of an attempt, for a listener to forward.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) delivery_id: String,
    pub(crate) event_type: String,
    pub(crate) event_id: Option<String>,
    /// Which attempt of the delivery it is, from 1.
    pub(crate) attempt: u32,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Whether to write header names in title case.
    pub(crate) title_case: bool,
}

/// What the receiver behind a listener answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Why there is no answer, or only a part of it.
    pub(crate) error: Option<String>,
}

/// The requests that a listener gets, with the numbers by which it answers.
pub(crate) type Requests = mpsc::UnboundedReceiver<(u64, Handed)>;

/// A connection of a listener. A listener that connects again has another one.
#[derive(Debug)]
struct Line {
    generation: u64,
    listener_id: String,
    requests: mpsc::UnboundedSender<(u64, Handed)>,
    /// The attempts that wait for an answer. Dropping them tells the dispatcher that none comes.
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

#[derive(Debug, Default)]
struct Lines {
    of_integrations: HashMap<String, Line>,
    last_number: u64,
}

/// The connected listeners, one for each integration at most.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Mutex<Lines>);

impl Listeners {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects a listener. The same listener replaces its old connection. `None` if another listener is connected.
    pub(crate) fn connect(&self, client_id: &str, listener_id: &str) -> Option<(u64, Requests)> {
        let mut lines = self.lines();
        let present = lines.of_integrations.get(client_id);
        if present.is_some_and(|line| line.listener_id != listener_id && !line.requests.is_closed()) {
            return None;
        }
        let (sender, requests) = mpsc::unbounded_channel();
        let generation = lines.next_number();
        let line = Line {
            generation,
            listener_id: listener_id.to_owned(),
            requests: sender,
            waiting: HashMap::new(),
        };
        lines.of_integrations.insert(client_id.to_owned(), line);
        Some((generation, requests))
    }

    /// Ends a connection, unless a newer one has replaced it; false in that case.
    pub(crate) fn disconnect(&self, client_id: &str, generation: u64) -> bool {
        let mut lines = self.lines();
        let is_current = lines
            .of_integrations
            .get(client_id)
            .is_some_and(|line| line.generation == generation);
        if is_current {
            lines.of_integrations.remove(client_id);
        }
        is_current
    }

    /// Ends the connection of an integration's listener, if there is one.
    pub(crate) fn hang_up(&self, client_id: &str) {
        self.lines().of_integrations.remove(client_id);
    }

    /// Hands a request to the integration's listener. `None` if it is not connected.
    pub(crate) fn hand_over(&self, client_id: &str, request: Handed) -> Option<oneshot::Receiver<Answer>> {
        let mut lines = self.lines();
        let number = lines.next_number();
        let line = lines.of_integrations.get_mut(client_id)?;
        line.requests.send((number, request)).ok()?;
        // The dispatcher has given these up.
        line.waiting.retain(|_, waiting| !waiting.is_closed());
        let (sender, answer) = oneshot::channel();
        line.waiting.insert(number, sender);
        Some(answer)
    }

    /// Takes a listener's answer; false if no attempt waits for it.
    pub(crate) fn answer(&self, listener_id: &str, number: u64, answer: Answer) -> bool {
        let mut lines = self.lines();
        let waiting = lines
            .of_integrations
            .values_mut()
            .find(|line| line.listener_id == listener_id)
            .and_then(|line| line.waiting.remove(&number));
        waiting.is_some_and(|waiting| waiting.send(answer).is_ok())
    }
}

impl Lines {
    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}
