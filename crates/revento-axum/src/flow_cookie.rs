//! The cookies of the flows. Each pending authorization travels in a sealed cookie of its own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue};
use revento_oauth::{Integration, PendingAuthorization, authorize};
use revento_store::{SealError, Sealed, Sealer};
use zeroize::Zeroizing;

use crate::browser::cookies;

/// Marks a restarted flow, in place of a flow's id. An id is never as short.
const RESTARTED: &str = "again";

/// Writes and finds the cookies.
///
/// The prefix `__Host-` binds a cookie to this host over TLS. A browser refuses the prefix over plain HTTP, which is for
/// development only.
#[derive(Debug, Clone)]
pub(crate) struct FlowCookies {
    secure: bool,
    /// Whether the whole flow happens inside the platform's frame.
    pub(crate) partitioned: bool,
}

impl FlowCookies {
    pub(crate) fn new(integration: &Integration) -> Self {
        Self {
            secure: integration.redirect_uri().starts_with("https://"),
            partitioned: false,
        }
    }

    /// The `Set-Cookie` that holds a pending authorization.
    pub(crate) async fn set_pending(
        &self,
        sealer: &dyn Sealer,
        pending: &PendingAuthorization,
    ) -> Result<HeaderValue, SealError> {
        let flow_id = pending.flow_id();
        let plain = Zeroizing::new(serde_json::to_vec(pending).map_err(|_| SealError::Unreadable)?);
        let sealed = sealer.seal(&context(&flow_id), &plain).await?;
        let lifetime = i64::try_from(authorize::PENDING_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        self.set(
            &flow_id,
            BASE64_URL_SAFE_NO_PAD.encode(sealed.as_bytes()),
            lifetime,
        )
    }

    /// The pending authorization of the flow with this `state`, if the browser sent its cookie.
    pub(crate) async fn find_pending(
        &self,
        sealer: &dyn Sealer,
        headers: &HeaderMap,
        state: &str,
    ) -> Option<PendingAuthorization> {
        let flow_id = authorize::flow_id(state);
        let name = self.name(&flow_id);
        let value = cookies(headers)
            .find(|cookie| cookie.name() == name)?
            .value()
            .to_owned();
        let sealed = Sealed::from_bytes(BASE64_URL_SAFE_NO_PAD.decode(value).ok()?);
        let opened = sealer.open(&context(&flow_id), &sealed).await.ok()?;
        serde_json::from_slice(&opened.plaintext).ok()
    }

    /// The `Set-Cookie` that removes the cookie of a flow.
    pub(crate) fn clear(&self, state: &str) -> Result<HeaderValue, SealError> {
        self.set(&authorize::flow_id(state), String::new(), 0)
    }

    /// The `Set-Cookie` that marks a restarted flow.
    pub(crate) fn set_restarted(&self) -> Result<HeaderValue, SealError> {
        let lifetime = i64::try_from(authorize::PENDING_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        self.set(RESTARTED, "1".into(), lifetime)
    }

    /// Whether the browser restarted a flow within the lifetime of a flow.
    pub(crate) fn was_restarted(&self, headers: &HeaderMap) -> bool {
        let name = self.name(RESTARTED);
        cookies(headers).any(|cookie| cookie.name() == name)
    }

    fn set(&self, flow_id: &str, value: String, max_age: i64) -> Result<HeaderValue, SealError> {
        let cookie = Cookie::build((self.name(flow_id), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .partitioned(self.partitioned)
            // With `Strict` the browser would not send the cookie on the redirect from the platform.
            .same_site(if self.partitioned {
                SameSite::None
            } else {
                SameSite::Lax
            })
            .max_age(cookie::time::Duration::seconds(max_age));
        HeaderValue::try_from(cookie.to_string()).map_err(|_| SealError::Unreadable)
    }

    fn name(&self, flow_id: &str) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}revento-flow-{flow_id}")
    }
}

/// The sealing context: binds a sealed cookie to its flow, and separates it from everything else that the sealer seals.
fn context(flow_id: &str) -> String {
    format!("revento/flow-cookie/{flow_id}")
}
