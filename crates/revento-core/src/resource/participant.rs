//! A participant of an event.

use super::{ApplicationStatus, FormFields};
use crate::{ApplicationId, EventId, ParticipantId, Timestamp, UserId, record::record, text_enum::text_enum};

text_enum! {
    /// What the most recent review decided.
    ReviewAction {
        /// Let in.
        Approved = "approved",
        /// Turned down.
        Rejected = "rejected",
        /// Asked for changes.
        RevisionRequested = "revision_requested",
    }
}

record! {
    /// An entry of `GET /events/{id}/participants`, and the data of the `participant.*` webhooks
    /// (contract §3.4, §4.3).
    #[derive(Debug, Clone, PartialEq)]
    Participant {
        required {
            /// Its id.
            pub id: ParticipantId,
            /// Where the application stands.
            pub application_status: ApplicationStatus,
        }
        optional {
            /// The human on the platform.
            pub user_id: Option<UserId>,
            /// The event.
            pub event_id: Option<EventId>,
            /// The application behind it.
            pub application_id: Option<ApplicationId>,
            /// The human's name.
            pub name: Option<String>,
            /// The human's address.
            pub email: Option<String>,
            /// When it was last reviewed.
            pub last_reviewed_at: Option<Timestamp>,
            /// Who reviewed it last.
            pub last_reviewer_id: Option<UserId>,
            /// What that review decided.
            pub last_review_action: Option<ReviewAction>,
            /// When the participant became registered.
            pub registered_at: Option<Timestamp>,
            /// The answers to the organizer's own form.
            pub custom_form_fields: FormFields,
        }
    }
}
