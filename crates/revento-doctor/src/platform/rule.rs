//! What the doctor does to calls on their way to the sandbox and back.

use std::sync::{Arc, Mutex, PoisonError};

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tokio::sync::watch;

use super::call::Endpoint;

/// What happens to a call.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// The sandbox is not asked: this is the answer.
    Answer(Response<Bytes>),
    /// The sandbox answers pages of at most this many rows.
    SmallPages(u32),
    /// The answer's JSON is changed. An answer without JSON stays as it is.
    Edit(fn(&mut Value)),
    /// The sandbox is not asked: a page without rows, whose cursor leads to the rows that the call asks for. Only for a call with a
    /// cursor.
    EmptyPage,
    /// The next cursor of the answer gets characters that have to be encoded in a URL. It stays valid.
    OddCursor,
    /// The call waits this long before the sandbox sees it.
    Delay(Duration),
    /// The call waits for the gate before the sandbox sees it.
    WaitBefore(Gate),
    /// The answer waits for the gate.
    WaitAfter(Gate),
    /// The sandbox answers, but the connection is closed instead.
    LoseAnswer,
}

/// A gate that calls wait at.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<watch::Sender<GateState>>);

#[derive(Debug, Clone, Copy, Default)]
struct GateState {
    open: bool,
    reached: bool,
}

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(GateState::default())))
    }

    pub(crate) fn open(&self) {
        self.0.send_modify(|state| state.open = true);
    }

    /// Waits until a call has come to the gate.
    pub(crate) async fn reached(&self) {
        let _ = self.0.subscribe().wait_for(|state| state.reached).await;
    }

    pub(super) async fn passed(&self) {
        self.0.send_modify(|state| state.reached = true);
        let _ = self.0.subscribe().wait_for(|state| state.open).await;
    }
}

#[derive(Debug)]
struct Rule {
    id: u64,
    endpoint: Endpoint,
    /// Applies to the calls of this event only.
    event_id: Option<String>,
    /// How many calls pass before it applies.
    skip: u32,
    /// How often it still applies; `None` without limit.
    times: Option<u32>,
    effect: Effect,
}

/// The rules in force, the oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules(Arc<Mutex<(u64, Vec<Rule>)>>);

/// Keeps a rule in force until it is dropped.
#[derive(Debug)]
#[must_use = "the rule ends when this is dropped"]
pub(crate) struct RuleGuard {
    rules: Rules,
    id: u64,
}

impl Rules {
    pub(super) fn add(
        &self,
        endpoint: Endpoint,
        event_id: Option<&str>,
        skip: u32,
        times: Option<u32>,
        effect: Effect,
    ) -> RuleGuard {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let id = inner.0;
        inner.1.push(Rule {
            id,
            endpoint,
            event_id: event_id.map(str::to_owned),
            skip,
            times,
            effect,
        });
        RuleGuard {
            rules: self.clone(),
            id,
        }
    }

    /// The effects on a call. Uses up rules that apply a limited number of times.
    pub(super) fn apply(&self, endpoint: Endpoint, event_id: Option<&str>) -> Vec<Effect> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut effects = Vec::new();
        for rule in inner.1.iter_mut().filter(|rule| {
            rule.endpoint == endpoint && (rule.event_id.is_none() || rule.event_id.as_deref() == event_id)
        }) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.times {
                None => effects.push(rule.effect.clone()),
                Some(0) => {}
                Some(times) => {
                    *times -= 1;
                    effects.push(rule.effect.clone());
                }
            }
        }
        effects
    }
}

impl Drop for RuleGuard {
    fn drop(&mut self) {
        let mut inner = self.rules.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1.retain(|rule| rule.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_skips_calls_and_leaves_other_events_alone() {
        let rules = Rules::default();
        let guard = rules.add(
            Endpoint::Participants,
            Some("evt_1"),
            1,
            Some(1),
            Effect::LoseAnswer,
        );
        let applied = |event| rules.apply(Endpoint::Participants, event).len();
        assert_eq!(applied(Some("evt_2")), 0);
        assert_eq!(applied(Some("evt_1")), 0, "the first call passes");
        assert_eq!(applied(None), 0);
        assert_eq!(applied(Some("evt_1")), 1);
        assert_eq!(applied(Some("evt_1")), 0, "the rule is used up");
        drop(guard);
        let _all = rules.add(Endpoint::Participants, None, 0, None, Effect::LoseAnswer);
        assert_eq!(applied(Some("evt_2")), 1);
        assert_eq!(rules.apply(Endpoint::Refresh, Some("evt_2")).len(), 0);
    }
}
