//! A transport that never answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::TransportResult;
use crate::Transport;

/// Takes every request and never answers. Use it to test a deadline, a cancellation or a shutdown *around* a
/// transport. Real transports have a timeout and do return.
#[derive(Debug, Default)]
pub struct NeverAnswers {
    requests: AtomicUsize,
}

impl NeverAnswers {
    /// A transport that never answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of requests so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for NeverAnswers {
    async fn send(&self, _: http::Request<Bytes>) -> TransportResult {
        self.requests.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}
