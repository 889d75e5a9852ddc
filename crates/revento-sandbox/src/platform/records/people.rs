//! Users and their applications to events.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::decisions;
use crate::primitives::time::Time;

/// A human with a Revento account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) email: String,
    pub(crate) updated_at: Time,
}

impl User {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

/// The status of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApplicationStatus {
    Pending,
    Approved,
    Rejected,
    RevisionRequested,
    Cancelled,
}

impl ApplicationStatus {
    pub(crate) const ALL: [Self; 5] = [
        Self::Pending,
        Self::Approved,
        Self::Rejected,
        Self::RevisionRequested,
        Self::Cancelled,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::RevisionRequested => "revision_requested",
            Self::Cancelled => decisions::CANCELLED,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// The most recent review of an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Review {
    pub(crate) action: String,
    pub(crate) reviewer_id: String,
    pub(crate) at: Time,
}

/// A user at an event: the application, and the registration if there is one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Participant {
    pub(crate) id: String,
    pub(crate) application_id: String,
    pub(crate) event_id: String,
    pub(crate) user_id: String,
    /// What the participant does at the event.
    #[serde(default = "default_role")]
    pub(crate) role: String,
    pub(crate) status: ApplicationStatus,
    pub(crate) custom_form_fields: Map<String, Value>,
    pub(crate) submitted_at: Time,
    pub(crate) registered_at: Option<Time>,
    pub(crate) last_review: Option<Review>,
    pub(crate) updated_at: Time,
}

impl Participant {
    /// The participant's own status, besides that of the application: `registered`, `cancelled` or `applied`.
    pub(crate) fn own_status(&self) -> &'static str {
        if self.registered_at.is_some() {
            "registered"
        } else if self.status == ApplicationStatus::Cancelled {
            decisions::CANCELLED
        } else {
            decisions::NOT_REGISTERED
        }
    }
}

/// The role of a participant for whom none is named.
pub(crate) fn default_role() -> String {
    decisions::DEFAULT_ROLE.to_owned()
}
