//! A peer that takes the request and says nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::Answer;
use crate::Transport;

/// Takes every request and never answers. For what bounds the time *around* a transport: a deadline,
/// a cancelled stream, a shutdown. Transports themselves have a time limit, so this is no model of one.
#[derive(Debug, Default)]
pub struct NeverAnswers {
    taken: AtomicUsize,
}

impl NeverAnswers {
    /// A transport that never answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many requests were taken so far.
    pub fn requests(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for NeverAnswers {
    async fn send(&self, _: http::Request<Bytes>) -> Answer {
        self.taken.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}
