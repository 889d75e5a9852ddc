//! Armed faults: which, where, how often and how likely. They live in memory, and `reset` disarms them.

use serde::{Deserialize, Serialize};

use super::kinds::{Area, Kind};
use crate::decisions::MOST_FAULTS;

/// How a fault is armed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) fault: Kind,
    /// Only at this endpoint: `participants`, `refresh`, …
    pub(crate) endpoint: Option<String>,
    /// Only for this event.
    pub(crate) event_id: Option<String>,
    /// Only for this integration.
    pub(crate) client_id: Option<String>,
    /// Only for webhooks of this type.
    pub(crate) event_type: Option<String>,
    /// How often it strikes; once when left out, without end when null.
    #[serde(default = "once")]
    pub(crate) times: Option<u32>,
    /// How many fitting occasions pass before it strikes.
    #[serde(default)]
    pub(crate) after: u32,
    /// How likely it strikes at a fitting occasion, from 0 to 1.
    #[serde(default = "certain")]
    pub(crate) probability: f64,
    /// Makes the same sequence of chances each time.
    #[serde(default)]
    pub(crate) seed: u64,
    pub(crate) delay_ms: Option<u64>,
    pub(crate) seconds: Option<i64>,
    pub(crate) text: Option<String>,
    pub(crate) times_sent: Option<u32>,
}

/// What a fault's description names in brackets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tuning {
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

/// Where something is about to happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion<'a> {
    pub(crate) endpoint: &'a str,
    pub(crate) event_id: Option<&'a str>,
    pub(crate) client_id: &'a str,
    pub(crate) event_type: Option<&'a str>,
}

/// A fault that strikes now.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    pub(crate) kind: Kind,
    pub(crate) tuning: Tuning,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Armed {
    pub(crate) id: u64,
    #[serde(flatten)]
    pub(crate) order: Order,
    pub(crate) struck: u32,
    #[serde(skip)]
    chance: u64,
}

/// All armed faults, in the order in which they were armed.
#[derive(Debug, Default)]
pub(crate) struct Book {
    armed: Vec<Armed>,
    last_id: u64,
}

impl Book {
    /// The number of the armed fault; `None` when too many are armed. Those that are used up make room.
    pub(crate) fn arm(&mut self, order: Order) -> Option<u64> {
        if self.armed.len() >= MOST_FAULTS {
            self.armed.retain(|armed| armed.order.times != Some(0));
        }
        if self.armed.len() >= MOST_FAULTS {
            return None;
        }
        self.last_id += 1;
        let chance = order.seed;
        self.armed.push(Armed {
            id: self.last_id,
            order,
            struck: 0,
            chance,
        });
        Some(self.last_id)
    }

    /// Disarms one; false when there is none.
    pub(crate) fn disarm(&mut self, id: u64) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.id != id);
        self.armed.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn list(&self) -> &[Armed] {
        &self.armed
    }

    /// The fault that strikes at this occasion, if any: the first that fits.
    pub(crate) fn draw(&mut self, areas: &[Area], occasion: Occasion<'_>) -> Option<Strike> {
        let fits =
            |armed: &&mut Armed| areas.contains(&armed.order.fault.area()) && armed.order.fits(occasion);
        for armed in self.armed.iter_mut().filter(fits) {
            if armed.order.times == Some(0) {
                continue;
            }
            if armed.order.after > 0 {
                armed.order.after -= 1;
                continue;
            }
            if armed.draw_chance() >= armed.order.probability {
                continue;
            }
            armed.order.times = armed.order.times.map(|times| times - 1);
            armed.struck = armed.struck.saturating_add(1);
            return Some(armed.order.strike());
        }
        None
    }
}

impl Order {
    fn strike(&self) -> Strike {
        let tuning = Tuning {
            delay_ms: self.delay_ms,
            seconds: self.seconds,
            text: self.text.clone(),
            times_sent: self.times_sent,
        };
        Strike {
            kind: self.fault,
            tuning,
        }
    }

    fn fits(&self, occasion: Occasion<'_>) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let endpoint = match self.endpoint.as_deref() {
            Some("token") => matches!(occasion.endpoint, "exchange" | "refresh" | "token"),
            Some(wanted) => wanted == occasion.endpoint,
            None => true,
        };
        endpoint
            && same(&self.event_id, occasion.event_id)
            && same(&self.client_id, Some(occasion.client_id))
            && same(&self.event_type, occasion.event_type)
    }
}

impl Armed {
    /// The next number from 0 to 1 of this fault's own sequence (splitmix64).
    fn draw_chance(&mut self) -> f64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.chance;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: serde_json::Value) -> Order {
        serde_json::from_value(json).unwrap()
    }

    fn at(endpoint: &str) -> Occasion<'_> {
        Occasion {
            endpoint,
            event_id: Some("evt_1"),
            client_id: "int_1",
            event_type: None,
        }
    }

    #[test]
    fn a_fault_strikes_where_and_as_often_as_it_was_told() {
        let mut book = Book::default();
        book.arm(order(serde_json::json!({ "fault": "server_error", "endpoint": "participants", "times": 2, "after": 1 })));
        assert!(book.draw(&[Area::Answer], at("event")).is_none());
        let struck = (0..5).map(|_| book.draw(&[Area::Answer], at("participants")).is_some());
        assert_eq!(struck.collect::<Vec<_>>(), [false, true, true, false, false]);
    }

    #[test]
    fn faults_that_are_used_up_make_room_and_no_others() {
        let mut book = Book::default();
        for _ in 0..MOST_FAULTS {
            assert!(
                book.arm(order(serde_json::json!({ "fault": "server_error" })))
                    .is_some()
            );
        }
        let another = || order(serde_json::json!({ "fault": "server_error", "times": null }));
        assert_eq!(book.arm(another()), None);
        assert!(book.draw(&[Area::Answer], at("event")).is_some());
        assert!(book.arm(another()).is_some());
        assert_eq!(book.arm(another()), None);
    }

    #[test]
    fn p14_the_same_seed_makes_the_same_chances() {
        let run = |seed: u64| {
            let mut book = Book::default();
            book.arm(order(
                serde_json::json!({ "fault": "server_error", "times": null, "probability": 0.3, "seed": seed }),
            ));
            (0..1000)
                .map(|_| book.draw(&[Area::Answer], at("event")).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let struck = run(7).into_iter().filter(|struck| *struck).count();
        assert!((250..350).contains(&struck), "{struck}");
    }
}
