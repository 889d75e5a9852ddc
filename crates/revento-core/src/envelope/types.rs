//! The types of webhooks.

use crate::text_enum::text_enum;

text_enum! {
    /// The type of a webhook.
    EventType {
        /// A participant applied.
        ApplicationSubmitted = "application.submitted",
        /// A review let an applicant in.
        ApplicationApproved = "application.approved",
        /// A review turned an applicant down.
        ApplicationRejected = "application.rejected",
        /// A review asked an applicant for changes.
        ApplicationRevisionRequested = "application.revision_requested",
        /// A participant became registered.
        ParticipantRegistered = "participant.registered",
        /// A participant's profile changed.
        ParticipantProfileUpdated = "participant.profile_updated",
        /// The program changed.
        ActivityUpdated = "activity.updated",
        /// An activity filled up or has room again; debounced by the platform.
        ActivityCapacityStateChanged = "activity.capacity_state_changed",
        /// The event went public.
        EventPublished = "event.published",
        /// The event is no longer public. No token ends (contract §2.6).
        EventUnpublished = "event.unpublished",
        /// A participant took their access back.
        UserRevokedAccess = "user.revoked_access",
        /// A connection has ended: delete what was cached by the deadline.
        DataDeletionRequired = "data.deletion_required",
        /// The platform suspended the integration: everything has ended.
        IntegrationSuspended = "integration.suspended",
    }
}
