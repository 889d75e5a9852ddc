//! What the listener prints for each attempt.

use std::time::SystemTime;

use revento::{Timestamp, types::text::printable};
use serde_json::json;

use super::{connection::Attempt, forwarder::Outcome};
use crate::terminal;

/// An attempt with its outcome.
pub(super) struct Report {
    at: Timestamp,
    attempt: Attempt,
    outcome: Outcome,
    /// Why the sandbox does not know the outcome, if it does not.
    unheard: Option<anyhow::Error>,
}

impl Report {
    pub(super) fn new(attempt: Attempt, outcome: Outcome, unheard: Option<anyhow::Error>) -> Self {
        Self {
            at: SystemTime::UNIX_EPOCH
                .elapsed()
                .map_or(Timestamp::UNIX_EPOCH, |since| {
                    Timestamp::UNIX_EPOCH.saturating_add(since)
                }),
            attempt,
            outcome,
            unheard,
        }
    }

    /// Prints one line; false if nobody reads it.
    pub(super) fn print(&self, as_json: bool) -> bool {
        terminal::print_line(&if as_json { self.json() } else { self.text() });
        !terminal::is_closed()
    }

    fn text(&self) -> String {
        let time: String = self.at.to_string().chars().skip(11).take(8).collect();
        let again = match self.attempt.attempt {
            0 | 1 => String::new(),
            number => format!("  attempt {number}"),
        };
        let status = match self.outcome.status {
            Some(status) if self.outcome.error.is_none() => status.to_string(),
            _ => "failed".to_owned(),
        };
        format!(
            "{time}  {status:6} {:>5} ms  {:34}  {}{again}{}",
            self.outcome.took.as_millis(),
            printable(&self.attempt.event_type).to_string(),
            printable(&self.attempt.delivery_id),
            self.remark()
        )
    }

    /// Why the attempt failed.
    fn remark(&self) -> String {
        if let Some(error) = &self.unheard {
            return format!("  {error:#}; it makes the attempt again");
        }
        match (&self.outcome.error, &self.outcome.location) {
            (Some(error), _) => format!("  {}", printable(error)),
            (None, Some(location)) => format!(
                "  redirects to {}; redirects are not followed",
                printable(location)
            ),
            (None, None) if !self.outcome.is_success() => "  only a 2xx is success".to_owned(),
            (None, None) => String::new(),
        }
    }

    fn json(&self) -> String {
        json!({
            "at": self.at.to_string(),
            "delivery_id": self.attempt.delivery_id,
            "type": self.attempt.event_type,
            "event_id": self.attempt.event_id,
            "attempt": self.attempt.attempt,
            "headers": self.attempt.headers,
            "body": self.attempt.body,
            "status": self.outcome.status,
            "location": self.outcome.location,
            "error": self.outcome.error,
            "duration_ms": u64::try_from(self.outcome.took.as_millis()).unwrap_or(u64::MAX),
        })
        .to_string()
    }
}
