//! A participant's application to an event.

use super::FormFields;
use crate::{ApplicationId, EventId, ParticipantId, Timestamp, UserId, record::record, text_enum::text_enum};

text_enum! {
    /// The status of an application (contract §3.4).
    ApplicationStatus {
        /// The application waits for a review.
        Pending = "pending",
        /// A review approved the application.
        Approved = "approved",
        /// A review rejected the application.
        Rejected = "rejected",
        /// A review asked for changes.
        RevisionRequested = "revision_requested",
        /// The participant cancelled. There is no webhook for it: the next read shows it.
        Cancelled = "cancelled",
    }
}

record! {
    /// The data of the `application.*` webhooks, and the answer of `GET /me/application` (contract §4.3).
    #[derive(Debug, Clone, PartialEq)]
    Application {
        required {
            /// The application's id.
            pub id: ApplicationId = "app_xyz",
            /// The application's status.
            pub status: ApplicationStatus = ApplicationStatus::Approved,
        }
        optional {
            /// The participant who applies.
            pub participant_id: Option<ParticipantId> = "ptp_001",
            /// The participant's account on the platform.
            pub user_id: Option<UserId> = "usr_def456",
            /// The event.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The answers to the organizer's own form.
            pub custom_form_fields: FormFields,
            /// When the application was approved. `application.approved` always has it.
            pub approved_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_778_336_551),
            /// Who approved the application. `application.approved` always has it.
            pub approver_id: Option<UserId> = "usr_org_123",
            /// When the application was rejected. `application.rejected` always has it.
            pub rejected_at: Option<Timestamp>,
        }
    }
}
