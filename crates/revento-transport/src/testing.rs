//! Test doubles, by when to use them.
//!
//! - [`Scripted`]: a unit test that knows each answer beforehand. For anything larger prefer the
//!   sandbox, which answers as the platform does.

use std::{collections::VecDeque, fmt, sync::Mutex};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Transport, TransportError};

type Answer = Result<http::Response<Bytes>, TransportError>;

/// Gives the scripted answers one by one and remembers the requests. When the script has run out,
/// a request is refused as never sent.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_has_run_out_refuses() {
        let scripted = Scripted::new([Ok(http::Response::new(Bytes::from_static(b"once")))]);
        let call = || futures_executor(scripted.send(http::Request::new(Bytes::new())));
        assert_eq!(call().unwrap().into_body(), "once");
        assert!(!call().unwrap_err().may_have_arrived());
        assert_eq!(scripted.take_requests().len(), 2);
    }

    /// The doubles never wait, so polling once is enough.
    fn futures_executor<T>(future: impl Future<Output = T>) -> T {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::pin!(future).poll(&mut context) {
            std::task::Poll::Ready(value) => value,
            std::task::Poll::Pending => panic!("a scripted answer is ready at once"),
        }
    }
}
