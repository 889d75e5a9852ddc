//! Which deliveries: by status, type, event and time.

use std::{str::FromStr, time::Duration};

use anyhow::Result;
use revento::Timestamp;

use crate::platform::{duration, remote_sandbox::RemoteSandbox};

/// A point in time on the command line: so long ago, or a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Ago(Duration),
    At(Timestamp),
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(span) = duration::parse(text) {
            return Ok(Self::Ago(span));
        }
        text.parse().map(Self::At).map_err(|_| {
            "give a time such as 2026-05-09T14:22:31Z, or how long ago, such as 10m, 2h or 7d".to_owned()
        })
    }
}

impl When {
    fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => now.saturating_sub(span),
            Self::At(time) => time,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Selection {
    /// `pending`, `delivered` or `dead`.
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// An event type such as application.approved.
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// The event that the webhook is about.
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// Only deliveries that were created at this time of the sandbox's clock or later: 2026-05-09T14:00:00Z, or 10m for the last ten
    /// minutes.
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// Only deliveries that were created at this time or before.
    #[arg(long, value_name = "TIME")]
    until: Option<When>,
}

impl Selection {
    /// The names and values of the selection, as the control API takes them.
    pub(super) async fn query(&self, sandbox: &RemoteSandbox) -> Result<Vec<(&'static str, String)>> {
        let texts = [
            ("status", &self.status),
            ("type", &self.event_type),
            ("event_id", &self.event),
        ];
        let mut query: Vec<(&str, String)> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.clone()?)))
            .collect();
        let times = [("since", self.since), ("until", self.until)];
        let times: Vec<(&str, When)> = times
            .into_iter()
            .filter_map(|(name, when)| Some((name, when?)))
            .collect();
        if !times.is_empty() {
            let now = sandbox.now().await?;
            query.extend(
                times
                    .into_iter()
                    .map(|(name, when)| (name, when.resolve(now).to_string())),
            );
        }
        Ok(query)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.status.is_none()
            && self.event_type.is_none()
            && self.event.is_none()
            && self.since.is_none()
            && self.until.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_absolute_or_ago() {
        let now: Timestamp = "2026-05-09T14:00:00Z".parse().unwrap();
        for (text, time) in [
            ("10m", "2026-05-09T13:50:00Z"),
            ("2h", "2026-05-09T12:00:00Z"),
            ("2026-05-09T13:00:00Z", "2026-05-09T13:00:00Z"),
            ("2026-05-09T15:00:00+02:00", "2026-05-09T13:00:00Z"),
        ] {
            let when: When = text.parse().unwrap();
            assert_eq!(when.resolve(now).to_string(), time, "{text}");
        }
        for wrong in ["", "yesterday", "10", "2026-05-09", "-10m"] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }
}
