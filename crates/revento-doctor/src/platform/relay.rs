//! The way of the sandbox's webhooks to the integration: through the doctor.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::exchange::Exchange;
use crate::integration::{Outgoing, header_list, send};

/// What the relay does with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum RelayMode {
    /// Passes it on, and the answer back.
    #[default]
    Pass,
    /// Keeps it, and acknowledges it to the sandbox: the integration does not see it.
    Capture,
}

/// A delivery of the sandbox.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// The exchange with the integration, if it was passed on.
    pub(crate) exchange: Option<Exchange>,
}

#[derive(Debug, Default)]
pub(crate) struct Relay {
    target: Option<url::Url>,
    mode: Mutex<RelayMode>,
    delivered: Mutex<Vec<Arc<Delivered>>>,
}

impl Relay {
    pub(super) fn to(target: Option<url::Url>) -> Self {
        Self {
            target,
            ..Self::default()
        }
    }

    pub(crate) fn set_mode(&self, mode: RelayMode) {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Everything that the sandbox delivered so far.
    pub(crate) fn delivered(&self) -> Vec<Arc<Delivered>> {
        self.delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) async fn take(&self, headers: &HeaderMap, body: Bytes) -> StatusCode {
        let mode = *self.mode.lock().unwrap_or_else(PoisonError::into_inner);
        let kept: Vec<(String, String)> = header_list(headers)
            .into_iter()
            .filter(|(name, _)| name == "content-type" || name.starts_with("x-revento-"))
            .collect();
        let mut exchange = None;
        let mut status = StatusCode::NO_CONTENT;
        if let (RelayMode::Pass, Some(url)) = (mode, &self.target) {
            let outgoing = Outgoing::post(url.clone(), &kept, body.to_vec());
            let sent = send(outgoing).await;
            status = sent
                .status
                .and_then(|status| StatusCode::from_u16(status).ok())
                .unwrap_or(StatusCode::BAD_GATEWAY);
            exchange = Some(sent);
        }
        let delivered = Delivered {
            headers: kept,
            body,
            exchange,
        };
        self.delivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::new(delivered));
        status
    }
}
