//! An event.

use crate::{EventId, OrganizationId, Timestamp, record::record, text_enum::text_enum};

text_enum! {
    /// Whether the public can see an event. Unpublishing ends no token (contract §2.6).
    PublishStatus {
        /// Not yet public.
        Draft = "draft",
        /// Public.
        Published = "published",
        /// No longer public.
        Unpublished = "unpublished",
        /// Over and put away; its tokens have ended.
        Archived = "archived",
    }
}

record! {
    /// `GET /events/{id}`, and the data of `event.published` and `event.unpublished`.
    #[derive(Debug, Clone, PartialEq)]
    Event {
        required {
            /// Its id.
            pub id: EventId,
            /// Whether the public can see it.
            pub publish_status: PublishStatus,
        }
        optional {
            /// Who runs it.
            pub organization_id: Option<OrganizationId>,
            /// Its title.
            pub name: Option<String>,
            /// From which age on one may take part.
            pub min_age: Option<MinAge>,
            /// When it starts.
            pub starts_at: Option<Timestamp>,
            /// When it ends.
            pub ends_at: Option<Timestamp>,
        }
    }
}

text_enum! {
    /// From which age on one may take part. A value never starts with a digit (contract §3.4).
    MinAge {
        /// Any age.
        All = "age_all",
        /// From 18 years on.
        Adults = "age_18_plus",
    }
}
