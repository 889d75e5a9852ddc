//! An event.

use crate::{EventId, OrganizationId, Timestamp, record::record, text_enum::text_enum};

text_enum! {
    /// Whether an event is public. Unpublishing ends no token (contract §2.6).
    PublishStatus {
        /// Not public yet.
        Draft = "draft",
        /// Public.
        Published = "published",
        /// No longer public.
        Unpublished = "unpublished",
        /// Archived. The tokens of the event have ended.
        Archived = "archived",
    }
}

record! {
    /// The answer of `GET /events/{id}`, and the data of `event.published` and `event.unpublished`.
    #[derive(Debug, Clone, PartialEq)]
    Event {
        required {
            /// The event's id.
            pub id: EventId = "evt_abc123",
            /// Whether the event is public.
            pub publish_status: PublishStatus = PublishStatus::Published,
        }
        optional {
            /// The organization that runs the event.
            pub organization_id: Option<OrganizationId> = "org_xyz789",
            /// The event's name.
            pub name: Option<String> = "Systems Day",
            /// The minimum age of participants.
            pub min_age: Option<MinAge> = MinAge::All,
            /// When the event starts.
            pub starts_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_780_905_600),
            /// When the event ends.
            pub ends_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_780_941_600),
        }
    }
}

text_enum! {
    /// The minimum age of participants. A value never starts with a digit (contract §3.4).
    MinAge {
        /// No minimum age.
        All = "age_all",
        /// 18 years.
        Adults = "age_18_plus",
    }
}
