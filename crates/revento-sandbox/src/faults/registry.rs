//! The registry of armed faults. It lives in memory, and a reset disarms every fault.

use serde::{Deserialize, Serialize};

use super::kinds::{FaultArea, FaultKind};
use crate::decisions::MAX_ARMED_FAULTS;
use crate::primitives::whole_number;

/// Which fault to arm, where it triggers, how often and how likely.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultSpec {
    pub(crate) fault: FaultKind,
    /// Triggers only at this endpoint: `participants`, `refresh`, …
    pub(crate) endpoint: Option<String>,
    /// Triggers only for this event.
    pub(crate) event_id: Option<String>,
    /// Triggers only for this integration.
    pub(crate) client_id: Option<String>,
    /// Triggers only for webhooks of this type.
    pub(crate) event_type: Option<String>,
    /// How often it triggers; once if absent, without limit if null.
    #[serde(default = "once", deserialize_with = "whole_number::optional")]
    pub(crate) times: Option<u32>,
    /// How many matching points to skip first.
    #[serde(default, deserialize_with = "whole_number::required")]
    pub(crate) after: u32,
    /// The probability that it triggers at a matching point, from 0 to 1.
    #[serde(default = "certain")]
    pub(crate) probability: f64,
    /// The seed of the sequence of random numbers.
    #[serde(default, deserialize_with = "whole_number::required")]
    pub(crate) seed: u64,
    #[serde(default, deserialize_with = "whole_number::optional")]
    pub(crate) delay_ms: Option<u64>,
    #[serde(default, deserialize_with = "whole_number::optional")]
    pub(crate) seconds: Option<i64>,
    pub(crate) text: Option<String>,
    #[serde(default, deserialize_with = "whole_number::optional")]
    pub(crate) times_sent: Option<u32>,
}

/// The parameters that the descriptions of faults name.
#[derive(Debug, Clone, Default)]
pub(crate) struct FaultParameters {
    pub(crate) delay_ms: Option<u64>,
    pub(crate) seconds: Option<i64>,
    pub(crate) text: Option<String>,
    pub(crate) times_sent: Option<u32>,
}

fn once() -> Option<u32> {
    Some(1)
}

fn certain() -> f64 {
    1.0
}

/// A point at which a fault can trigger: a call or an attempt of a delivery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InjectionPoint<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) event_id: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) event_type: Option<&'a str>,
}

/// A fault that triggers now.
#[derive(Debug, Clone)]
pub(crate) struct TriggeredFault {
    pub(crate) kind: FaultKind,
    pub(crate) parameters: FaultParameters,
}

/// An armed fault.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ArmedFault {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) spec: FaultSpec,
    /// How often it has triggered.
    pub(crate) triggered: u32,
    /// The state of its random numbers.
    #[serde(skip)]
    random: u64,
}

/// All armed faults, in the order in which they were armed.
#[derive(Debug, Default)]
pub(crate) struct FaultRegistry {
    armed: Vec<ArmedFault>,
    last_id: u64,
}

impl FaultRegistry {
    /// Arms a fault and returns its number; `None` if too many are armed. Faults that are used up do not count.
    pub(crate) fn arm(&mut self, spec: FaultSpec) -> Option<u64> {
        if self.armed.len() >= MAX_ARMED_FAULTS {
            self.armed.retain(|armed| armed.spec.times != Some(0));
        }
        if self.armed.len() >= MAX_ARMED_FAULTS {
            return None;
        }
        self.last_id += 1;
        let random = spec.seed;
        self.armed.push(ArmedFault {
            id: self.last_id,
            spec,
            triggered: 0,
            random,
        });
        Some(self.last_id)
    }

    /// Disarms one fault; false if it is not armed.
    pub(crate) fn disarm(&mut self, id: u64) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.id != id);
        self.armed.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn list(&self) -> &[ArmedFault] {
        &self.armed
    }

    /// The first fault that triggers at this point, if any.
    pub(crate) fn trigger(
        &mut self,
        areas: &[FaultArea],
        point: InjectionPoint<'_>,
    ) -> Option<TriggeredFault> {
        let matches =
            |armed: &&mut ArmedFault| areas.contains(&armed.spec.fault.area()) && armed.spec.matches(point);
        for armed in self.armed.iter_mut().filter(matches) {
            if armed.spec.times == Some(0) {
                continue;
            }
            if armed.spec.after > 0 {
                armed.spec.after -= 1;
                continue;
            }
            if armed.next_random() >= armed.spec.probability {
                continue;
            }
            armed.spec.times = armed.spec.times.map(|times| times - 1);
            armed.triggered = armed.triggered.saturating_add(1);
            return Some(armed.spec.triggered_fault());
        }
        None
    }
}

impl FaultSpec {
    fn triggered_fault(&self) -> TriggeredFault {
        let parameters = FaultParameters {
            delay_ms: self.delay_ms,
            seconds: self.seconds,
            text: self.text.clone(),
            times_sent: self.times_sent,
        };
        TriggeredFault {
            kind: self.fault,
            parameters,
        }
    }

    fn matches(&self, point: InjectionPoint<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let endpoint = match self.endpoint.as_deref() {
            Some("token") => matches!(point.endpoint, "exchange" | "refresh" | "token"),
            Some(wanted) => wanted == point.endpoint,
            None => true,
        };
        endpoint
            && same(&self.event_id, point.event_id)
            && same(&self.client_id, Some(point.client_id))
            && same(&self.event_type, point.event_type)
    }
}

impl ArmedFault {
    /// The next number from 0 to 1 of this fault's own sequence (splitmix64).
    fn next_random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: serde_json::Value) -> FaultSpec {
        serde_json::from_value(json).unwrap()
    }

    fn at(endpoint: &str) -> InjectionPoint<'_> {
        InjectionPoint {
            endpoint,
            event_id: Some("evt_1"),
            client_id: "int_1",
            event_type: None,
        }
    }

    #[test]
    fn a_fault_triggers_where_and_as_often_as_its_spec_says() {
        let mut registry = FaultRegistry::default();
        registry.arm(spec(serde_json::json!({ "fault": "server_error", "endpoint": "participants", "times": 2, "after": 1 })));
        assert!(registry.trigger(&[FaultArea::Answer], at("event")).is_none());
        let triggered = (0..5).map(|_| {
            registry
                .trigger(&[FaultArea::Answer], at("participants"))
                .is_some()
        });
        assert_eq!(triggered.collect::<Vec<_>>(), [false, true, true, false, false]);
    }

    #[test]
    fn faults_that_are_used_up_make_room_and_no_others() {
        let mut registry = FaultRegistry::default();
        for _ in 0..MAX_ARMED_FAULTS {
            assert!(
                registry
                    .arm(spec(serde_json::json!({ "fault": "server_error" })))
                    .is_some()
            );
        }
        let another = || spec(serde_json::json!({ "fault": "server_error", "times": null }));
        assert_eq!(registry.arm(another()), None);
        assert!(registry.trigger(&[FaultArea::Answer], at("event")).is_some());
        assert!(registry.arm(another()).is_some());
        assert_eq!(registry.arm(another()), None);
    }

    #[test]
    fn p14_the_same_seed_triggers_at_the_same_points() {
        let run = |seed: u64| {
            let mut registry = FaultRegistry::default();
            registry.arm(spec(
                serde_json::json!({ "fault": "server_error", "times": null, "probability": 0.3, "seed": seed }),
            ));
            (0..1000)
                .map(|_| registry.trigger(&[FaultArea::Answer], at("event")).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let triggered = run(7).into_iter().filter(|triggered| *triggered).count();
        assert!((250..350).contains(&triggered), "{triggered}");
    }
}
