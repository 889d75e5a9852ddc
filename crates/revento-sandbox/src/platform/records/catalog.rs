//! Organizations and their events.

use serde::{Deserialize, Serialize};

use crate::primitives::time::Time;

/// A legal entity. Only a formal organization, one with a tax identifier, can authorize integrations.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tax_id: Option<String>,
    /// The human who acts for the organization on consent pages and in reviews.
    pub(crate) organizer_id: String,
    pub(crate) organizer_name: String,
}

impl Organization {
    pub(crate) fn is_formal(&self) -> bool {
        self.tax_id.is_some()
    }
}

/// Whether an event is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PublishStatus {
    Published,
    Unpublished,
    Archived,
}

impl PublishStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unpublished => "unpublished",
            Self::Archived => "archived",
        }
    }
}

/// An event. The ids of its participants, activities and so on contain its `slug`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) organization_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) publish_status: PublishStatus,
    pub(crate) min_age: String,
    pub(crate) timezone: String,
    pub(crate) starts_at: Time,
    pub(crate) ends_at: Time,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}
