//! The cookies of the flows. Each pending authorization travels in a sealed cookie of its own.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue};
use revento_core::Timestamp;
use revento_oauth::{Integration, PendingAuthorization, authorize};
use revento_seal::KeyRing;
use revento_store::SealError;

use crate::{
    browser::{cookies, is_https},
    sealed_cookies::SealedCookies,
};

/// How many flows a browser can have at a time. Servers limit the size of all headers together.
const MOST_FLOWS: usize = 4;
/// How many cookies one response removes at most, so that its headers stay small. The next response removes the others.
const MOST_REMOVALS: usize = 16;
/// The most bytes of a `Set-Cookie` that every browser takes (RFC 6265 §6.1).
const LONGEST: usize = 4096;
/// Marks a restarted flow, in place of a flow's id. An id is never as short.
const RESTARTED: &str = "again";

/// Writes and finds the cookies.
///
/// The prefix `__Host-` binds a cookie to this host over TLS. A browser refuses the prefix over plain HTTP, which is for
/// development only.
#[derive(Debug, Clone)]
pub(super) struct FlowCookies {
    sealed: SealedCookies,
    integration: Integration,
    is_https: bool,
    /// Whether the whole flow happens inside the platform's frame.
    pub(super) partitioned: bool,
}

/// Why a flow has no cookie.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetCookieError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the event's id and the scopes are too long for a cookie of 4 KiB")]
    TooLong,
}

impl FlowCookies {
    pub(super) fn new(keys: &KeyRing, integration: &Integration) -> Self {
        Self {
            sealed: SealedCookies::new(keys, integration),
            integration: integration.clone(),
            is_https: is_https(integration.redirect_uri()),
            partitioned: false,
        }
    }

    /// The `Set-Cookie` that holds a pending authorization.
    pub(super) async fn set_pending(
        &self,
        pending: &PendingAuthorization,
    ) -> Result<HeaderValue, SetCookieError> {
        let flow_id = pending.flow_id();
        let value = self.sealed.seal(&purpose(&flow_id), &pending.to_bytes()).await?;
        self.set(&flow_id, &value, lifetime())
            .ok_or(SetCookieError::TooLong)
    }

    /// The pending authorization of the flow with this `state`, if the browser sent its cookie.
    pub(super) async fn find_pending(
        &self,
        headers: &HeaderMap,
        state: &str,
    ) -> Option<PendingAuthorization> {
        let flow_id = authorize::flow_id(state);
        let name = self.name(&flow_id);
        for value in cookies::named(headers, &name) {
            if let Some(pending) = self.open(&flow_id, value).await {
                return Some(pending);
            }
        }
        None
    }

    /// The `Set-Cookie`s that make room for one more flow: they remove what is no flow any more, and the oldest flows.
    pub(super) async fn make_room(&self, headers: &HeaderMap, now: Timestamp) -> Vec<HeaderValue> {
        let prefix = self.name("");
        let mut flows: Vec<(Timestamp, &str)> = Vec::new();
        for (name, value) in cookies::all(headers) {
            let flow_id = name.strip_prefix(&prefix).filter(|id| is_flow_id(id));
            let Some(flow_id) = flow_id else { continue };
            let pending = self.open(flow_id, value).await;
            let end = pending.map_or(Timestamp::UNIX_EPOCH, |pending| pending.expires_at());
            flows.push((end, flow_id));
        }
        // The latest first. One that has two cookies has its best one in front.
        flows.sort_unstable_by(|one, other| other.cmp(one));
        let mut kept: Vec<&str> = Vec::new();
        let mut removed: Vec<&str> = Vec::new();
        for (end, flow_id) in flows {
            if kept.contains(&flow_id) || removed.contains(&flow_id) {
                continue;
            }
            let is_kept = now < end && kept.len() < MOST_FLOWS - 1;
            if is_kept {
                kept.push(flow_id)
            } else {
                removed.push(flow_id)
            }
        }
        let removals = removed.iter().take(MOST_REMOVALS);
        removals.filter_map(|flow_id| self.set(flow_id, "", 0)).collect()
    }

    /// The `Set-Cookie` that removes the cookie of a flow.
    pub(super) fn clear(&self, state: &str) -> Option<HeaderValue> {
        self.set(&authorize::flow_id(state), "", 0)
    }

    /// The `Set-Cookie` that marks a restarted flow.
    pub(super) fn set_restarted(&self) -> Option<HeaderValue> {
        self.set(RESTARTED, "1", lifetime())
    }

    /// Whether the browser restarted a flow within the lifetime of a flow.
    pub(super) fn was_restarted(&self, headers: &HeaderMap) -> bool {
        cookies::named(headers, &self.name(RESTARTED)).next().is_some()
    }

    async fn open(&self, flow_id: &str, value: &str) -> Option<PendingAuthorization> {
        let plain = self.sealed.open(&purpose(flow_id), value).await?;
        PendingAuthorization::from_bytes(&plain, &self.integration)
    }

    fn set(&self, flow_id: &str, value: &str, max_age: i64) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(flow_id), value))
            .path("/")
            .http_only(true)
            .secure(self.is_secure())
            .partitioned(self.partitioned)
            // With `Strict` the browser would not send the cookie on the redirect from the platform.
            .same_site(if self.partitioned {
                SameSite::None
            } else {
                SameSite::Lax
            })
            .max_age(cookie::time::Duration::seconds(max_age))
            .to_string();
        (cookie.len() <= LONGEST)
            .then(|| HeaderValue::try_from(cookie).ok())
            .flatten()
    }

    /// Browsers take a partitioned cookie with `Secure` only. They treat localhost as secure.
    fn is_secure(&self) -> bool {
        self.is_https || self.partitioned
    }

    fn name(&self, flow_id: &str) -> String {
        let prefix = if self.is_secure() { "__Host-" } else { "" };
        format!("{prefix}revento-flow-{}-{flow_id}", self.sealed.tag())
    }
}

fn lifetime() -> i64 {
    i64::try_from(authorize::PENDING_LIFETIME.as_secs()).unwrap_or(i64::MAX)
}

/// Whether the end of a cookie's name can be a flow's id. The name comes from the browser and goes into a response.
fn is_flow_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    text != RESTARTED && text.len() <= 32 && text.bytes().all(is_allowed)
}

/// Binds a sealed cookie to its flow, and separates it from the cookies of sessions.
fn purpose(flow_id: &str) -> String {
    format!("flow/{flow_id}")
}
