//! What the humans behind the platform can do.

use crate::platform::acts::program::{self, ActivityChange};
use crate::platform::acts::review::{self, Decision};
use crate::platform::acts::{Refused, Scene, emit, lifecycle};
use crate::platform::state::State;

/// Something that an organizer, a participant, a developer or Revento does. Each has the cascade and the webhooks
/// that the contract gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// The organizer approves an application.
    Approve(String),
    /// The organizer rejects an application.
    Reject(String),
    /// The organizer asks for a revision of an application.
    RequestRevision(String),
    /// The participant withdraws an application. No webhook tells of it.
    Cancel(String),
    /// An approved participant takes the place.
    Register(String),
    /// A user applies to an event.
    Submit {
        /// The event.
        event_id: String,
        /// Who applies; the next user who has not yet, when left out.
        user_id: Option<String>,
    },
    /// Signups of an activity change.
    SetSignups {
        /// The activity.
        activity_id: String,
        /// How many there are now.
        signups: u32,
    },
    /// The organizer publishes an event.
    PublishEvent(String),
    /// The organizer takes an event back. Nothing ends.
    UnpublishEvent(String),
    /// The organizer archives an event: its tokens end.
    ArchiveEvent(String),
    /// The organizer revokes a connection.
    RevokeConnection {
        /// The integration.
        client_id: String,
        /// The event.
        event_id: String,
    },
    /// A participant revokes an integration's access.
    RevokeUser {
        /// The integration.
        client_id: String,
        /// The user.
        user_id: String,
    },
    /// An organization loses its formal status: its connections end.
    LoseFormalStatus(String),
    /// The owner unpublishes an integration: its connections end.
    UnpublishIntegration(String),
    /// Revento suspends an integration: everything ends at once.
    SuspendIntegration(String),
    /// The owner publishes an integration again, or Revento reinstates it.
    PublishIntegration(String),
    /// The developer has a delivery sent again.
    Replay(String),
}

impl Act {
    pub(super) fn perform(&self, state: &mut State, scene: Scene<'_>) -> Result<(), Refused> {
        match self {
            Self::Approve(id) => review::review(state, scene, id, Decision::Approve).map(drop),
            Self::Reject(id) => review::review(state, scene, id, Decision::Reject).map(drop),
            Self::RequestRevision(id) => {
                review::review(state, scene, id, Decision::RequestRevision).map(drop)
            }
            Self::Cancel(id) => review::cancel(state, scene, id).map(drop),
            Self::Register(id) => review::register(state, scene, id).map(drop),
            Self::Submit { event_id, user_id } => {
                let fields = serde_json::Map::new();
                review::submit(state, scene, event_id, user_id.as_deref(), fields).map(drop)
            }
            Self::SetSignups { activity_id, signups } => {
                let change = ActivityChange {
                    signups: Some(*signups),
                    ..ActivityChange::default()
                };
                program::change_activity(state, scene, activity_id, change).map(drop)
            }
            Self::PublishEvent(id) => program::publish(state, scene, id, true),
            Self::UnpublishEvent(id) => program::publish(state, scene, id, false),
            Self::ArchiveEvent(id) => lifecycle::archive_event(state, scene, id),
            Self::RevokeConnection { client_id, event_id } => {
                lifecycle::revoke_connection(state, scene, client_id, event_id)
            }
            Self::RevokeUser { client_id, user_id } => {
                lifecycle::revoke_user(state, scene, client_id, user_id)
            }
            Self::LoseFormalStatus(id) => lifecycle::lose_formal_status(state, scene, id),
            Self::UnpublishIntegration(id) => lifecycle::unpublish_integration(state, scene, id),
            Self::SuspendIntegration(id) => lifecycle::suspend_integration(state, scene, id),
            Self::PublishIntegration(id) => lifecycle::publish_integration(state, scene, id),
            Self::Replay(id) => emit::replay(state, scene, id),
        }
    }
}
