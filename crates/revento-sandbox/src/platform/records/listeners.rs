//! Listeners: programs that take the webhooks of an integration instead of its registered URL.

use serde::{Deserialize, Serialize};

use crate::primitives::time::Time;

/// How long webhooks wait for a listener that is away, in seconds of real time. After that the registered URL gets them again.
const KEPT_S: i64 = 600;

/// The listener of an integration, such as `revento listen`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Listener {
    pub(crate) client_id: String,
    /// The listener's own id, by which it comes back after it was away.
    pub(crate) id: String,
    /// Where it forwards webhooks to, for people who read the delivery log.
    pub(crate) forwards_to: String,
    /// The types that it takes; all, if empty.
    pub(crate) event_types: Vec<String>,
    /// Since when it is away, in real time; `None` while it is connected.
    pub(crate) away_since: Option<Time>,
}

impl Listener {
    /// Whether webhooks of this type are for the listener, connected or away.
    pub(crate) fn takes(&self, event_type: &str, real_now: Time) -> bool {
        let is_wanted = self.event_types.is_empty() || self.event_types.iter().any(|name| name == event_type);
        is_wanted && !self.is_gone(real_now)
    }

    /// Whether it has been away for so long that it is not expected back.
    pub(crate) fn is_gone(&self, real_now: Time) -> bool {
        let until = |since: Time| since.plus_seconds(KEPT_S);
        self.away_since.is_some_and(|since| real_now >= until(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l5_webhooks_wait_ten_minutes_for_a_listener() {
        let at = Time::from_seconds;
        let mut listener = Listener {
            client_id: "int".to_owned(),
            id: "1".to_owned(),
            forwards_to: String::new(),
            event_types: vec!["event.published".to_owned()],
            away_since: None,
        };
        assert!(listener.takes("event.published", at(9_999)));
        assert!(!listener.takes("event.unpublished", at(0)));
        listener.away_since = Some(at(1_000));
        assert!(listener.takes("event.published", at(1_599)));
        assert!(!listener.takes("event.published", at(1_600)) && listener.is_gone(at(1_600)));
        listener.event_types.clear();
        assert!(listener.takes("event.unpublished", at(1_000)));
    }
}
