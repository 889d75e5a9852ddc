//! The data of the webhooks that end connections (contract §2.6, §4.3).

use crate::{EventId, OrganizationId, Timestamp, UserId, record::record};

record! {
    /// The data of `user.revoked_access`: who revoked the integration's access.
    #[derive(Debug, Clone, PartialEq, Eq)]
    UserRevoked {
        required {
            /// The participant.
            pub user_id: UserId = "usr_def456",
        }
        optional {
            /// The event that the participant had signed in to.
            pub event_id: Option<EventId> = "evt_abc123",
        }
    }
}

record! {
    /// The data of `data.deletion_required`: by when the connection's cached data has to be deleted, and why.
    #[derive(Debug, Clone, PartialEq, Eq)]
    DeletionRequired {
        required {}
        optional {
            /// The platform's deadline. Without it, 30 days after the webhook's `occurred_at` (contract §2.6).
            pub deadline_at: Option<Timestamp> = Timestamp::from_unix_seconds(1_780_928_551),
            /// What ended the connection.
            pub reason: Option<String> = "connection_revoked",
            /// The event of the connection.
            pub event_id: Option<EventId> = "evt_abc123",
            /// The organization of the connection.
            pub organization_id: Option<OrganizationId> = "org_xyz789",
        }
    }
}

record! {
    /// The data of `integration.suspended`: why the platform suspended the integration.
    #[derive(Debug, Clone, PartialEq, Eq)]
    Suspension {
        required {}
        optional {
            /// The platform's reason.
            pub reason: Option<String> = "security",
        }
    }
}
