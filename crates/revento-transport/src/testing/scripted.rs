//! Answers that are known beforehand.

use std::{collections::VecDeque, fmt, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use super::Answer;
use crate::{Transport, TransportError};

/// Gives the scripted answers one by one and remembers the requests. When the script has run out,
/// a request is refused as never sent. For a test that knows each answer beforehand.
#[derive(Default)]
pub struct Scripted {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    requests: Vec<http::Request<Bytes>>,
}

impl Scripted {
    /// A transport with this script.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            state: Mutex::new(State {
                answers: answers.into_iter().collect(),
                requests: Vec::new(),
            }),
        }
    }

    /// The requests that came, in order, and forgets them. They carry what a real one carries,
    /// credentials included.
    pub fn take_requests(&self) -> Vec<http::Request<Bytes>> {
        std::mem::take(&mut self.lock().requests)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Scripted")
            .field("answers_left", &state.answers.len())
            .field("requests", &state.requests.len())
            .finish()
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        let mut state = self.lock();
        state.requests.push(request);
        state
            .answers
            .pop_front()
            .unwrap_or_else(|| Err(TransportError::never_sent("the script has run out")))
    }
}
