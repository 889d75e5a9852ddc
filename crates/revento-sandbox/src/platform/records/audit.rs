//! The audit log.

use serde::{Deserialize, Serialize};

use crate::primitives::time::Time;

/// An entry of the audit log. It names token families and generations, never a token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AuditEntry {
    /// A number with leading zeros, so that keys sort by time.
    pub(crate) id: String,
    pub(crate) at: Time,
    pub(crate) client_id: String,
    pub(crate) action: String,
    pub(crate) family_id: Option<String>,
    pub(crate) generation: Option<u32>,
    pub(crate) event_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) detail: String,
}
