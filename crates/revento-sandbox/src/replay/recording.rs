//! The file format: lines of JSON, the first of which names the format and its version.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::ReplayError;

const FORMAT: &str = "revento-recording";
const VERSION: u64 = 1;
/// The largest recording that is read.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The first line of a recording.
#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u64,
}

/// A webhook in a recording. It has no signature: a replay signs it with the secret of the receiver.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedWebhook {
    /// The delivery id.
    pub delivery_id: String,
    /// The event type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The event that the webhook is about, if any.
    #[serde(default)]
    pub event_id: Option<String>,
    /// When the platform created it.
    #[serde(default)]
    pub created_at: Option<String>,
    /// The body, byte for byte.
    pub body: String,
}

impl RecordedWebhook {
    /// A webhook with a body that is sent byte for byte.
    pub fn new(
        delivery_id: impl Into<String>,
        event_type: impl Into<String>,
        body: impl Into<String>,
    ) -> Self {
        Self {
            delivery_id: delivery_id.into(),
            event_type: event_type.into(),
            event_id: None,
            created_at: None,
            body: body.into(),
        }
    }
}

/// Shows no body: it can hold personal data.
impl fmt::Debug for RecordedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedWebhook")
            .field("delivery_id", &self.delivery_id)
            .field("event_type", &self.event_type)
            .field("event_id", &self.event_id)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

/// Recorded webhooks, in the order in which they are replayed.
///
/// `to_string()` and `parse()` write and read the file format: lines of JSON. The first line is
/// `{"format":"revento-recording","version":1}`, each other is a webhook with `delivery_id`, `type`, `event_id`, `created_at` and
/// `body`. A reader ignores members that it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recording {
    /// The webhooks.
    pub webhooks: Vec<RecordedWebhook>,
}

impl Recording {
    /// A recording of these webhooks.
    pub fn new(webhooks: Vec<RecordedWebhook>) -> Self {
        Self { webhooks }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If the file cannot be read, or is no recording.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReplayError> {
        let path = path.as_ref();
        let read = || {
            let mut text = String::new();
            let file = File::open(path)?;
            file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
            Ok(text)
        };
        let text = read().map_err(|source| ReplayError::File {
            path: path.to_owned(),
            source,
        })?;
        if u64::try_from(text.len()).is_ok_and(|length| length > MAX_BYTES) {
            return Err(format(1, "the file is larger than 256 MiB".to_owned()));
        }
        text.parse()
    }
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = Head {
            format: FORMAT.to_owned(),
            version: VERSION,
        };
        writeln!(f, "{}", serde_json::to_string(&head).map_err(|_| fmt::Error)?)?;
        for webhook in &self.webhooks {
            writeln!(f, "{}", serde_json::to_string(webhook).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

impl FromStr for Recording {
    type Err = ReplayError;

    fn from_str(text: &str) -> Result<Self, ReplayError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let (_, first) = lines.next().unwrap_or((1, ""));
        let head: Option<Head> = serde_json::from_str(first.trim_start_matches('\u{feff}')).ok();
        let head = head.filter(|head| head.format == FORMAT).ok_or_else(|| {
            format(
                1,
                format!(r#"a recording begins with {{"format":"{FORMAT}","version":{VERSION}}}"#),
            )
        })?;
        if head.version == 0 || head.version > VERSION {
            return Err(ReplayError::Version {
                version: head.version,
                supported: VERSION,
            });
        }
        let webhooks = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| webhook(line).map_err(|message| format(number, message)))
            .collect::<Result<_, _>>()?;
        Ok(Self { webhooks })
    }
}

fn format(line: usize, message: String) -> ReplayError {
    ReplayError::Format { line, message }
}

fn webhook(line: &str) -> Result<RecordedWebhook, String> {
    let parsed: RecordedWebhook = serde_json::from_str(line).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            "it is no webhook with delivery_id, type and body, which are texts".to_owned()
        }
        _ => format!("it is no JSON (column {})", error.column()),
    })?;
    for (name, text) in [("delivery_id", &parsed.delivery_id), ("type", &parsed.event_type)] {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("its {name} cannot be the value of a header"));
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_kind::SandboxErrorKind;
    use proptest::prelude::*;

    const HEAD: &str = "{\"format\":\"revento-recording\",\"version\":1}\n";

    #[test]
    fn the_format_is_stable() {
        let mut delivery = RecordedWebhook::new("1a0c", "event.published", "{\"a\":\"\u{2028}\\n\"}");
        delivery.event_id = Some("evt_1".to_owned());
        let text = Recording::new(vec![delivery.clone()]).to_string();
        assert_eq!(
            text,
            format!(
                "{HEAD}{}\n",
                "{\"delivery_id\":\"1a0c\",\"type\":\"event.published\",\"event_id\":\"evt_1\",\"created_at\":null,\
                 \"body\":\"{\\\"a\\\":\\\"\u{2028}\\\\n\\\"}\"}"
            )
        );
        assert_eq!(text.parse::<Recording>().unwrap().webhooks, [delivery]);
        let later = format!(
            "\u{feff}{HEAD}\r\n{{\"delivery_id\":\"1\",\"type\":\"t\",\"body\":\"\",\"new\":[1]}}\r\n\n"
        );
        assert_eq!(later.parse::<Recording>().unwrap().webhooks.len(), 1);
    }

    #[test]
    fn what_is_no_recording_is_named_by_its_line_and_never_quoted() {
        for (text, says) in [
            (String::new(), "line 1"),
            ("{\"secret\":1}".to_owned(), "revento-recording"),
            (
                "{\"format\":\"revento-recording\",\"version\":2}".to_owned(),
                "version 2",
            ),
            (format!("{HEAD}{{\"secret\":1}}"), "line 2"),
            (format!("{HEAD}\nsecret"), "line 3"),
            (
                format!("{HEAD}{{\"delivery_id\":\"a\\nsecret: b\",\"type\":\"t\",\"body\":\"\"}}"),
                "delivery_id",
            ),
            (
                format!("{HEAD}{{\"delivery_id\":\"a\",\"type\":\"secret é\",\"body\":\"\"}}"),
                "its type",
            ),
        ] {
            let error = text.parse::<Recording>().unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
            assert_eq!(
                (error.kind(), error.is_transient(), error.may_have_taken_effect()),
                (SandboxErrorKind::Usage, false, false)
            );
        }
    }

    proptest! {
        #[test]
        fn every_recording_is_read_as_it_was_written(bodies in proptest::collection::vec(".*", 0..5)) {
            let deliveries = bodies.into_iter().map(|body| RecordedWebhook::new("id", "type", body)).collect();
            let recording = Recording::new(deliveries);
            prop_assert_eq!(recording.to_string().parse::<Recording>().unwrap(), recording);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".*") {
            let _ = text.parse::<Recording>();
            let _ = format!("{HEAD}{text}").parse::<Recording>();
        }
    }
}
