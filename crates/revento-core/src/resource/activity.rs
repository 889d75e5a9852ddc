//! An entry of an event's program.

use super::MinAge;
use crate::{ActivityId, EventId, LocationId, ThreadId, Timestamp, record::record, text_enum::text_enum};

text_enum! {
    /// Where an activity stands.
    ActivityStatus {
        /// Planned.
        Scheduled = "scheduled",
        /// Called off.
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
        /// There is none.
        Full = "full",
    }
}

record! {
    /// An entry of `GET /events/{id}/activities`, and the data of `activity.updated` (contract §3.4).
    #[derive(Debug, Clone, PartialEq)]
    Activity {
        required {
            /// Its id.
            pub id: ActivityId,
            /// Where it stands.
            pub status: ActivityStatus,
        }
        optional {
            /// The event.
            pub event_id: Option<EventId>,
            /// The thread that it belongs to.
            pub thread_id: Option<ThreadId>,
            /// Where it takes place.
            pub location_id: Option<LocationId>,
            /// Its title.
            pub title: Option<String>,
            /// What it is about.
            pub description: Option<String>,
            /// From which age on one may take part.
            pub min_age: Option<MinAge>,
            /// When it starts.
            pub starts_at: Option<Timestamp>,
            /// When it ends.
            pub ends_at: Option<Timestamp>,
            /// For how many it has room.
            pub capacity: Option<u64>,
            /// How many have signed up.
            pub signups: Option<u64>,
            /// Whether it has room.
            pub capacity_state: Option<CapacityState>,
        }
    }
}

record! {
    /// The data of `activity.capacity_state_changed`. The contract names no field of it, so all are
    /// optional.
    #[derive(Debug, Clone, PartialEq)]
    ActivityCapacity {
        required {}
        optional {
            /// The activity.
            pub activity_id: Option<ActivityId>,
            /// The event.
            pub event_id: Option<EventId>,
            /// For how many it has room.
            pub capacity: Option<u64>,
            /// How many have signed up.
            pub signups: Option<u64>,
            /// Whether it has room now.
            pub capacity_state: Option<CapacityState>,
        }
    }
}
