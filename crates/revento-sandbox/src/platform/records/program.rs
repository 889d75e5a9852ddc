//! The program of an event: threads, activities, locations, waves and webview pages.

use serde::{Deserialize, Serialize};

use crate::primitives::time::Time;

/// A thread of activities through the days of an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) position: u32,
}

/// An activity of the program.
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

impl Activity {
    /// `open`, `almost_full` (from 90 % of the capacity on) or `full`.
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

/// A room, with its floor, building and venue.
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

/// A registration wave: a period in which users can apply.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wave {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) name: String,
    pub(crate) opens_at: Time,
    pub(crate) closes_at: Time,
    pub(crate) capacity: u32,
}

/// A pending `activity.capacity_state_changed`: it is sent when signups have not changed for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CapacityNotice {
    pub(crate) activity_id: String,
    /// The capacity state that integrations know.
    pub(crate) announced: String,
    pub(crate) due_at: Time,
}

/// A page in an event's navigation that shows an integration's URL in a frame (contract §5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WebviewPage {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) visibility: String,
    pub(crate) requires_auth: bool,
}
