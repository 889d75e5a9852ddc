//! What can be triggered: the action that sends each type of webhook.

/// An action on existing objects of the sandbox, named by the webhook that it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Submitted,
    Approved,
    Rejected,
    RevisionRequested,
    Registered,
    ProfileUpdated,
    ActivityUpdated,
    CapacityStateChanged,
    Published,
    Unpublished,
    RevokedAccess,
    DeletionRequired,
    Suspended,
}

/// The settings that set an answer to the form.
const FORM: &[&str] = &["data.custom_form_fields.…"];

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Submitted,
        Self::Approved,
        Self::Rejected,
        Self::RevisionRequested,
        Self::Registered,
        Self::ProfileUpdated,
        Self::ActivityUpdated,
        Self::CapacityStateChanged,
        Self::Published,
        Self::Unpublished,
        Self::RevokedAccess,
        Self::DeletionRequired,
        Self::Suspended,
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The type of the webhook.
    pub(crate) const fn name(self) -> &'static str {
        self.facts().0
    }

    /// What happens.
    pub(crate) const fn description(self) -> &'static str {
        self.facts().1
    }

    /// The paths that `--set` can set.
    pub(crate) const fn settable(self) -> &'static [&'static str] {
        self.facts().2
    }

    const fn facts(self) -> (&'static str, &'static str, &'static [&'static str]) {
        match self {
            Self::Submitted => (
                "application.submitted",
                "the next user applies to the event",
                FORM,
            ),
            Self::Approved => (
                "application.approved",
                "the organizer approves a pending application, or a new one",
                FORM,
            ),
            Self::Rejected => (
                "application.rejected",
                "the organizer rejects a pending application, or a new one",
                FORM,
            ),
            Self::RevisionRequested => (
                "application.revision_requested",
                "the organizer asks for a revision of an application",
                FORM,
            ),
            Self::Registered => (
                "participant.registered",
                "an approved participant registers",
                FORM,
            ),
            Self::ProfileUpdated => (
                "participant.profile_updated",
                "an applicant changes their name",
                &["data.given_name", "data.family_name"],
            ),
            Self::ActivityUpdated => (
                "activity.updated",
                "the organizer changes an activity",
                &["data.title", "data.status", "data.location_id", "data.capacity"],
            ),
            Self::CapacityStateChanged => (
                "activity.capacity_state_changed",
                "an activity becomes full, or open again; the webhook follows ten seconds later",
                &["data.signups"],
            ),
            Self::Published => (
                "event.published",
                "the organizer publishes the event (unpublishes it before, if need be)",
                &[],
            ),
            Self::Unpublished => (
                "event.unpublished",
                "the organizer unpublishes the event (publishes it before, if need be)",
                &[],
            ),
            Self::RevokedAccess => (
                "user.revoked_access",
                "a participant signs in, and revokes the access again",
                &[],
            ),
            Self::DeletionRequired => (
                "data.deletion_required",
                "the organizer revokes the connection to the event",
                &[],
            ),
            Self::Suspended => (
                "integration.suspended",
                "Revento suspends the integration: all its connections end",
                &[],
            ),
        }
    }
}
