//! The cookie that a pending authorization travels in: sealed, one per flow.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use revento_oauth::{Integration, PendingAuthorization, authorize};
use revento_store::{SealError, Sealed, Sealer};
use zeroize::Zeroizing;

/// In the place of a flow's id, which is never so short.
const AGAIN: &str = "again";

/// Where the cookie is valid. `__Host-` binds it to this very host over TLS; a browser refuses the
/// prefix over plain http, which is only for development on one's own machine.
#[derive(Debug, Clone)]
pub(crate) struct FlowCookies {
    secure: bool,
    /// The whole flow happens inside the platform's frame.
    pub(crate) framed: bool,
}

impl FlowCookies {
    pub(crate) fn new(integration: &Integration) -> Self {
        Self {
            secure: integration.redirect_uri().starts_with("https://"),
            framed: false,
        }
    }

    /// The `Set-Cookie` that keeps a pending authorization.
    pub(crate) async fn keep(
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

    /// The pending authorization of the flow that `state` belongs to, if this browser has it.
    pub(crate) async fn find(
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

    /// The `Set-Cookie` that ends a flow, whatever came of it.
    pub(crate) fn end(&self, state: &str) -> Result<HeaderValue, SealError> {
        self.set(&authorize::flow_id(state), String::new(), 0)
    }

    /// The `Set-Cookie` that remembers that a flow was begun again.
    pub(crate) fn again(&self) -> Result<HeaderValue, SealError> {
        let lifetime = i64::try_from(authorize::PENDING_LIFETIME.as_secs()).unwrap_or(i64::MAX);
        self.set(AGAIN, "1".into(), lifetime)
    }

    /// Whether a flow of this browser was begun again lately.
    pub(crate) fn is_again(&self, headers: &HeaderMap) -> bool {
        let name = self.name(AGAIN);
        cookies(headers).any(|cookie| cookie.name() == name)
    }

    fn set(&self, flow_id: &str, value: String, max_age: i64) -> Result<HeaderValue, SealError> {
        let cookie = Cookie::build((self.name(flow_id), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .partitioned(self.framed)
            // Strict would keep the cookie back on the way home from the platform.
            .same_site(if self.framed {
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

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers
        .get_all(COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lines.flat_map(Cookie::split_parse).filter_map(Result::ok)
}

/// What binds a sealed cookie to its flow, and keeps it apart from all else that the sealer seals.
fn context(flow_id: &str) -> String {
    format!("revento/flow-cookie/{flow_id}")
}
