//! A participant's application to an event.

use super::FormFields;
use crate::{ApplicationId, EventId, ParticipantId, Timestamp, UserId, record::record, text_enum::text_enum};

text_enum! {
    /// Where an application stands.
    ApplicationStatus {
        /// Waits for a review.
        Pending = "pending",
        /// The review let the participant in.
        Approved = "approved",
        /// The review turned the participant down.
        Rejected = "rejected",
        /// The review asked for changes.
        RevisionRequested = "revision_requested",
        /// The participant took it back. There is no webhook for it: it shows on the next read.
        Cancelled = "cancelled",
    }
}

record! {
    /// An application as the webhooks and `GET /me/application` show it (contract §4.3).
    #[derive(Debug, Clone, PartialEq)]
    Application {
        required {
            /// Its id.
            pub id: ApplicationId,
            /// Where it stands.
            pub status: ApplicationStatus,
        }
        optional {
            /// Whose it is, within the event.
            pub participant_id: Option<ParticipantId>,
            /// Whose it is, on the platform.
            pub user_id: Option<UserId>,
            /// The event it is for.
            pub event_id: Option<EventId>,
            /// The answers to the organizer's own form.
            pub custom_form_fields: FormFields,
            /// When it was approved; always there in `application.approved`.
            pub approved_at: Option<Timestamp>,
            /// Who approved it; always there in `application.approved`.
            pub approver_id: Option<UserId>,
            /// When it was rejected; always there in `application.rejected`.
            pub rejected_at: Option<Timestamp>,
        }
    }
}
