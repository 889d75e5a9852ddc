//! An activity of an event's program.

use super::MinAge;
use crate::{ActivityId, EventId, LocationId, ThreadId, Timestamp, record::record, text_enum::text_enum};

text_enum! {
    /// The status of an activity.
    ActivityStatus {
        /// The activity takes place as planned.
        Scheduled = "scheduled",
        /// The activity is cancelled.
        Cancelled = "cancelled",
    }
}

text_enum! {
    /// Whether an activity has room.
    CapacityState {
        /// There is room.
        Open = "open",
        /// There is little room left.
        AlmostFull = "almost_full",
        /// There is no room.
        Full = "full",
    }
}

record! {
    /// An item of `GET /events/{id}/activities`, and the data of `activity.updated` (contract §3.4).
    #[derive(Debug, Clone, PartialEq)]
    Activity {
        required {
            /// The activity's id.
            pub id: ActivityId = "act_001",
            /// The activity's status.
            pub status: ActivityStatus = ActivityStatus::Scheduled,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The thread that the activity belongs to.
            pub thread_id: Option<ThreadId> = "thr_001",
            /// Where the activity takes place.
            pub location_id: Option<LocationId> = "loc_001",
            /// The title.
            pub title: Option<String> = "Opening",
            /// The description.
            pub description: Option<String>,
            /// The minimum age of participants.
            pub min_age: Option<MinAge>,
            /// When the activity starts.
            pub starts_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_780_905_600),
            /// When the activity ends.
            pub ends_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_780_909_200),
            /// How many participants can sign up.
            pub capacity: Option<u64> = 40_u64,
            /// How many participants have signed up.
            pub signups: Option<u64> = 12_u64,
            /// Whether there is room.
            pub capacity_state: Option<CapacityState> = CapacityState::Open,
        }
    }
}

record! {
    /// The data of `activity.capacity_state_changed`. The contract names no field, so all are
    /// optional.
    #[derive(Debug, Clone, PartialEq)]
    ActivityCapacity {
        required {}
        optional {
            /// The activity.
            pub activity_id: Option<ActivityId> = "act_001",
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// How many participants can sign up.
            pub capacity: Option<u64> = 40_u64,
            /// How many participants have signed up.
            pub signups: Option<u64> = 12_u64,
            /// Whether there is room now.
            pub capacity_state: Option<CapacityState> = CapacityState::Open,
        }
    }
}
