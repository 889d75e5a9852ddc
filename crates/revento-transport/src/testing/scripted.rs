//! A transport with prepared responses.

use std::{collections::VecDeque, fmt, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use super::TransportResult;
use crate::{Transport, TransportError};

/// Returns the prepared responses one by one and keeps the requests. After the last one, a request fails as never
/// sent.
#[derive(Default)]
pub struct Scripted {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<TransportResult>,
    requests: Vec<http::Request<Bytes>>,
}

impl Scripted {
    /// A transport that returns `answers` in this order.
    pub fn new(answers: impl IntoIterator<Item = TransportResult>) -> Self {
        Self {
            state: Mutex::new(State {
                answers: answers.into_iter().collect(),
                requests: Vec::new(),
            }),
        }
    }

    /// Removes and returns the requests so far, in order. They contain credentials, as real requests do.
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
    async fn send(&self, request: http::Request<Bytes>) -> TransportResult {
        let mut state = self.lock();
        state.requests.push(request);
        state
            .answers
            .pop_front()
            .unwrap_or_else(|| Err(TransportError::never_sent("the script has no further response")))
    }
}
