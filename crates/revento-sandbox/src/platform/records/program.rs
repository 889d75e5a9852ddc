//! What happens at an event, when and where.

use serde::{Deserialize, Serialize};

use super::row;
use crate::machine::time::Time;

/// A line of activities through the days of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) position: u32,
}
row!(Thread, "threads", id);

/// One item of the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) thread_id: String,
    pub(crate) location_id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: String,
    pub(crate) min_age: String,
    pub(crate) starts_at: Time,
    pub(crate) ends_at: Time,
    pub(crate) capacity: u32,
    pub(crate) signups: u32,
    pub(crate) updated_at: Time,
}
row!(Activity, "activities", id);

impl Activity {
    /// `open`, `almost_full` from nine tenths on, `full`.
    pub(crate) fn capacity_state(&self) -> &'static str {
        if self.signups >= self.capacity {
            "full"
        } else if u64::from(self.signups) * 10 >= u64::from(self.capacity) * 9 {
            "almost_full"
        } else {
            "open"
        }
    }
}

/// A room, with the floor, building and venue around it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) venue: String,
    pub(crate) building: String,
    pub(crate) floor: String,
    pub(crate) capacity: u32,
}
row!(Location, "locations", id);

/// A window in which one can apply.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wave {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) opens_at: Time,
    pub(crate) closes_at: Time,
    pub(crate) capacity: u32,
}
row!(Wave, "waves", id);

/// Signups moved an activity's capacity state; integrations are told when it has been quiet for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CapacityNotice {
    pub(crate) activity_id: String,
    /// What integrations know.
    pub(crate) announced: String,
    pub(crate) due_at: Time,
}
row!(CapacityNotice, "capacity_notices", activity_id);

/// A page in an event's navigation that shows an integration's URL in a frame (contract section 5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WebviewPage {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) visibility: String,
    pub(crate) requires_auth: bool,
}
row!(WebviewPage, "webview_pages", id);
