//! What the people behind the platform can do.

use crate::platform::commands::program::{self, ActivityChange};
use crate::platform::commands::review::{self, ReviewDecision};
use crate::platform::commands::{CommandError, lifecycle, webhooks};
use crate::platform::context::Context;
use crate::platform::state::State;

/// An action of an organizer, a participant, a developer or Revento. It has the effects and sends the webhooks that the
/// contract describes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// The organizer approves the application with this id.
    Approve(String),
    /// The organizer rejects the application with this id.
    Reject(String),
    /// The organizer requests a revision of the application with this id.
    RequestRevision(String),
    /// The participant withdraws the application with this id. No webhook is sent.
    Cancel(String),
    /// The approved participant with this id registers.
    Register(String),
    /// A user applies to an event.
    Submit {
        /// The event.
        event_id: String,
        /// The user; if `None`, the next user who has not applied yet.
        user_id: Option<String>,
    },
    /// The number of signups of an activity changes.
    SetSignups {
        /// The activity.
        activity_id: String,
        /// The new number.
        signups: u32,
    },
    /// The organizer publishes the event with this id.
    PublishEvent(String),
    /// The organizer unpublishes the event with this id. No token ends.
    UnpublishEvent(String),
    /// The organizer archives the event with this id: its tokens end.
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
    /// The organization with this id loses its formal status: its connections end.
    LoseFormalStatus(String),
    /// The owner unpublishes the integration with this client id: its connections end.
    UnpublishIntegration(String),
    /// Revento suspends the integration with this client id: everything ends at once.
    SuspendIntegration(String),
    /// The owner publishes the integration with this client id again, or Revento reinstates it.
    PublishIntegration(String),
    /// The developer replays the delivery with this id: one attempt, beside its schedule.
    Replay(String),
}

impl Action {
    pub(super) fn perform(&self, state: &mut State, context: Context<'_>) -> Result<(), CommandError> {
        let mut review =
            |id: &str, decision: ReviewDecision| review::review(state, context, id, decision).map(drop);
        match self {
            Self::Approve(id) => review(id, ReviewDecision::Approve),
            Self::Reject(id) => review(id, ReviewDecision::Reject),
            Self::RequestRevision(id) => review(id, ReviewDecision::RequestRevision),
            Self::Cancel(id) => review::cancel(state, context, id).map(drop),
            Self::Register(id) => review::register(state, context, id).map(drop),
            Self::Submit { event_id, user_id } => {
                let fields = serde_json::Map::new();
                review::submit(state, context, event_id, user_id.as_deref(), fields).map(drop)
            }
            Self::SetSignups { activity_id, signups } => {
                let change = ActivityChange {
                    signups: Some(*signups),
                    ..ActivityChange::default()
                };
                program::change_activity(state, context, activity_id, change).map(drop)
            }
            Self::PublishEvent(id) => program::publish(state, context, id, true),
            Self::UnpublishEvent(id) => program::publish(state, context, id, false),
            Self::ArchiveEvent(id) => lifecycle::archive_event(state, context, id),
            Self::RevokeConnection { client_id, event_id } => {
                lifecycle::revoke_connection(state, context, client_id, event_id)
            }
            Self::RevokeUser { client_id, user_id } => {
                lifecycle::revoke_user(state, context, client_id, user_id)
            }
            Self::LoseFormalStatus(id) => lifecycle::lose_formal_status(state, context, id),
            Self::UnpublishIntegration(id) => lifecycle::unpublish_integration(state, context, id),
            Self::SuspendIntegration(id) => lifecycle::suspend_integration(state, context, id),
            Self::PublishIntegration(id) => lifecycle::publish_integration(state, context, id),
            Self::Replay(id) => webhooks::replay(state, context, id),
        }
    }
}
