//! What a check finds.

use std::borrow::Cow;

use serde_json::{Value, json};

/// A finding, and what to do.
pub(super) struct Finding {
    /// Names the finding for scripts, and never changes.
    pub(super) id: &'static str,
    pub(super) what: Cow<'static, str>,
    /// A finding that counts nothing is none.
    pub(super) count: usize,
    pub(super) remedy: &'static str,
}

impl Finding {
    pub(super) fn as_json(&self) -> Value {
        json!({ "id": self.id, "finding": self.what, "count": self.count, "remedy": self.remedy })
    }

    pub(super) fn as_text(&self) -> String {
        format!("{} {}\n  {}", self.count, self.what, self.remedy)
    }
}
