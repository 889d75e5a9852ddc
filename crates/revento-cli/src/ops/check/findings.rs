//! What a check finds.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::terminal;

/// A finding, and what to do.
pub(super) struct Finding {
    /// Names the finding for scripts, and never changes.
    pub(super) id: &'static str,
    /// What was counted, one and many of it; `None` if it is found or not.
    pub(super) of: Option<(&'static str, &'static str)>,
    /// What is the matter with it.
    pub(super) what: Cow<'static, str>,
    /// How many of them. A finding that counts nothing is none.
    pub(super) count: usize,
    pub(super) remedy: &'static str,
}

impl Finding {
    pub(super) fn as_json(&self) -> Value {
        json!({ "id": self.id, "finding": self.finding(), "count": self.count, "remedy": self.remedy })
    }

    pub(super) fn as_text(&self) -> String {
        format!("{}\n  {}", self.finding(), self.remedy)
    }

    fn finding(&self) -> String {
        match self.of {
            Some((one, many)) => format!("{} {}", terminal::counted(self.count, one, many), self.what),
            None => self.what.to_string(),
        }
    }
}
