//! A participant of an event.

use super::{ApplicationStatus, FormFields};
use crate::{ApplicationId, EventId, ParticipantId, Timestamp, UserId, record::record, text_enum::text_enum};

text_enum! {
    /// The decision of the most recent review (contract §3.4).
    ReviewAction {
        /// The application was approved.
        Approved = "approved",
        /// The application was rejected.
        Rejected = "rejected",
        /// The reviewer asked for changes.
        RevisionRequested = "revision_requested",
    }
}

text_enum! {
    /// The status of a participant, which is not that of their application (contract §3.4).
    ParticipantStatus {
        /// The participant is registered.
        Registered = "registered",
    }
}

record! {
    /// An item of `GET /events/{id}/participants`, and the data of the `participant.*` webhooks (contract §3.4, §4.3).
    #[derive(Debug, Clone, PartialEq)]
    Participant {
        required {
            /// The participant's id.
            pub id: ParticipantId = "ptp_001",
            /// The status of the participant's application.
            pub application_status: ApplicationStatus = ApplicationStatus::Approved,
        }
        optional {
            /// The participant's own status, beside that of the application.
            pub status: Option<ParticipantStatus> = ParticipantStatus::Registered,
            /// What the participant does at the event. The contract names no values.
            pub role: Option<String> = "attendee",
            /// The participant's account on the platform.
            pub user_id: Option<UserId> = "usr_def456",
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The participant's application.
            pub application_id: Option<ApplicationId> = "app_xyz",
            /// The participant's name.
            pub name: Option<String> = "Ada Lovelace",
            /// The participant's email address.
            pub email: Option<String> = "ada@example.com",
            /// When the application was last reviewed.
            pub last_reviewed_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_778_336_551),
            /// Who reviewed the application last.
            pub last_reviewer_id: Option<UserId> = "usr_org_123",
            /// What the last review decided.
            pub last_review_action: Option<ReviewAction> = ReviewAction::Approved,
            /// When the participant's status became `registered`.
            pub registered_at: Option<Timestamp>,
            /// The answers to the organizer's own form.
            pub custom_form_fields: FormFields,
        }
    }
}
