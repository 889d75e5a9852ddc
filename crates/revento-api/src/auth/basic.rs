//! HTTP Basic with the client id and secret.

use std::sync::Arc;

use base64::Engine as _;
use revento_oauth::Integration;
use zeroize::Zeroizing;

use crate::url::encoded;

/// The client id and secret of the integration.
#[derive(Debug)]
pub(crate) struct BasicCredential(Arc<Integration>);

impl BasicCredential {
    pub(crate) fn new(integration: Arc<Integration>) -> Self {
        Self(integration)
    }

    /// RFC 7617 (contract §3.2), with both parts encoded as RFC 6749 §2.3.1 requires.
    pub(super) fn header(&self) -> Result<String, &'static str> {
        let secret = self
            .0
            .client_secret()
            .ok_or("the list of installations needs the client secret, and this client is public")?;
        let (id, secret) = (
            encoded(self.0.client_id().as_str()),
            Zeroizing::new(encoded(secret.expose())),
        );
        let pair = Zeroizing::new(format!("{id}:{}", *secret));
        let pair = base64::prelude::BASE64_STANDARD.encode(pair.as_bytes());
        Ok(format!("Basic {pair}"))
    }
}
