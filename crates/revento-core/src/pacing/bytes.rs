//! A budget as bytes, for a store that replicas share: a version byte, then the fields by `postcard`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Budget,
    budget::{CallInFlight, ConcurrencyCap, LONG_AGO},
    call_times::{CallTimes, Tenths},
};
use crate::limits::RateLimits;

/// The version of this layout. Raise it with each change, so that older and newer bytes give `None`.
const VERSION: u8 = 2;
/// No list of a budget is longer. Bytes that hold more are damaged.
const MAX_ITEMS: usize = 1 << 20;
/// No clocks differ by more milliseconds. Bytes that say so are damaged.
const MAX_SLACK: u64 = 1 << 20;

/// What the bytes hold.
#[derive(Serialize, Deserialize)]
struct Encoded {
    per_hour: u32,
    per_minute: u32,
    in_flight: u32,
    slack_millis: u64,
    next_id: u32,
    refusals: u8,
    closed_until: Tenths,
    corrected: Tenths,
    cap: Option<ConcurrencyCap>,
    calls: Vec<CallInFlight>,
    /// The distance of each mark from the one before it, which takes fewer bytes than the mark.
    marks: Vec<Tenths>,
}

impl Budget {
    /// Encodes the budget. Equal budgets have equal bytes. What a [detached](Self::detach) budget has to merge is left out.
    pub fn to_bytes(&self) -> Vec<u8> {
        let limits = &self.limits;
        let mut before = 0;
        let encoded = Encoded {
            per_hour: limits.per_hour,
            per_minute: limits.per_minute,
            in_flight: limits.in_flight,
            slack_millis: u64::try_from(limits.slack.as_millis()).unwrap_or(u64::MAX),
            next_id: self.next_id,
            refusals: self.refusals,
            closed_until: self.closed_until,
            corrected: self.corrected,
            cap: self.cap,
            calls: self.in_flight.clone(),
            marks: self
                .log
                .iter()
                .map(|mark| mark - std::mem::replace(&mut before, mark))
                .collect(),
        };
        let mut bytes = Vec::with_capacity(64 + 2 * self.log.len());
        bytes.push(VERSION);
        // Writing to a `Vec` cannot fail.
        postcard::to_extend(&encoded, bytes).unwrap_or_default()
    }

    /// Decodes a budget from [`to_bytes`](Self::to_bytes). `None` for damaged bytes and for those of another version:
    /// take them as a new budget.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (_, bytes) = bytes.split_first().filter(|(version, _)| **version == VERSION)?;
        let (encoded, rest) = postcard::take_from_bytes::<Encoded>(bytes).ok()?;
        let times = encoded
            .calls
            .iter()
            .flat_map(|call| [call.sent, call.ends])
            .chain(encoded.cap.map(|cap| cap.until))
            .chain([encoded.closed_until, encoded.corrected]);
        let is_sound = rest.is_empty()
            && times.into_iter().all(is_time)
            && encoded.calls.len() < MAX_ITEMS
            && encoded.marks.len() < MAX_ITEMS;
        if !is_sound {
            return None;
        }
        let slack = Duration::from_millis(encoded.slack_millis.min(MAX_SLACK));
        let mut log = CallTimes::default();
        let mut mark: Tenths = 0;
        for distance in encoded.marks {
            mark = mark.checked_add(distance).filter(|mark| is_time(*mark))?;
            log.add(mark);
        }
        Some(Self {
            limits: RateLimits::new(encoded.per_hour, encoded.per_minute, encoded.in_flight)
                .with_slack(slack),
            log,
            in_flight: encoded.calls,
            next_id: encoded.next_id,
            closed_until: encoded.closed_until,
            refusals: encoded.refusals,
            cap: encoded.cap.filter(|cap| cap.calls > 0),
            corrected: encoded.corrected,
            detached: None,
        })
    }
}

/// Whether arithmetic with this time cannot overflow.
fn is_time(time: Tenths) -> bool {
    (LONG_AGO..=-LONG_AGO).contains(&time)
}
