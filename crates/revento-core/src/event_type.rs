//! The types of webhooks (contract §4.3).

use crate::text_enum::text_enum;

text_enum! {
    /// The type of a webhook.
    EventType {
        /// A participant applied to an event.
        ApplicationSubmitted = "application.submitted",
        /// A review approved an application.
        ApplicationApproved = "application.approved",
        /// A review rejected an application.
        ApplicationRejected = "application.rejected",
        /// A review asked for changes to an application.
        ApplicationRevisionRequested = "application.revision_requested",
        /// A participant's status became `registered`.
        ParticipantRegistered = "participant.registered",
        /// A participant's profile changed.
        ParticipantProfileUpdated = "participant.profile_updated",
        /// An activity of the program changed.
        ActivityUpdated = "activity.updated",
        /// An activity filled up or has room again. The platform debounces it.
        ActivityCapacityStateChanged = "activity.capacity_state_changed",
        /// The event was published.
        EventPublished = "event.published",
        /// The event was unpublished. No token ends (contract §2.6).
        EventUnpublished = "event.unpublished",
        /// A participant revoked the integration's access.
        UserRevokedAccess = "user.revoked_access",
        /// A connection has ended. Delete its cached data by the deadline.
        DataDeletionRequired = "data.deletion_required",
        /// The platform suspended the integration. All its tokens have ended.
        IntegrationSuspended = "integration.suspended",
    }
}
