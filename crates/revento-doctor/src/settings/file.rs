//! `revento-doctor.toml`: mistakes in it are reported with their position and a suggestion.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Settings;
use crate::checks::check_names;
use crate::error::{Cause, DoctorError};
use crate::similar::question;
use crate::text;

/// The keys, each with a line that shows how it is written.
const KEYS: &[(&str, &str)] = &[
    ("connect-url", "connect-url = \"http://localhost:3000/connect\""),
    ("webhook-url", "webhook-url = \"http://localhost:3000/webhooks\""),
    (
        "read-url",
        "read-url = \"http://localhost:3000/participants?event_id={event_id}\"",
    ),
    ("handled-url", "handled-url = \"http://localhost:3000/handled\""),
    (
        "login-url",
        "login-url = \"http://localhost:3000/login?event_id={event_id}\"",
    ),
    ("me-url", "me-url = \"http://localhost:3000/me\""),
    ("webview-url", "webview-url = \"http://localhost:3000/webview\""),
    ("health-url", "health-url = \"http://localhost:3000/healthz\""),
    (
        "redirect-uris",
        "redirect-uris = [\"http://localhost:3000/callback\"]",
    ),
    ("start", "start = \"node server.js\""),
    ("replicas", "replicas = [\"http://localhost:3001\"]"),
    ("scan", "scan = \"data/integration.db\""),
    ("log", "log = \"integration.log\""),
    ("only", "only = [\"signature\", \"oauth\"]"),
    (
        "skip",
        "[[skip]]\nid = \"webview-frame-ancestors\"\nbecause = \"we have no page in the frame\"",
    ),
    ("listen", "listen = \"127.0.0.1:4040\""),
    ("public-url", "public-url = \"http://host.docker.internal:4040\""),
    ("seed", "seed = 7"),
    ("patience", "patience = \"10s\""),
    ("quiet-time", "quiet-time = \"400ms\""),
    ("start-timeout", "start-timeout = \"60s\""),
    ("json", "json = true"),
    ("junit", "junit = \"doctor.xml\""),
    ("sarif", "sarif = \"doctor.sarif\""),
    ("html", "html = \"doctor.html\""),
    ("badge", "badge = \"doctor.svg\""),
    ("ci", "ci = true"),
];

impl Settings {
    /// Reads the text of a `revento-doctor.toml`. The keys are the options of the command without the dashes.
    ///
    /// # Errors
    /// With line, column and a suggestion, if a key is unknown or a value is wrong.
    pub fn from_toml(source: &str) -> Result<Self, DoctorError> {
        read(source).map_err(|Mistake { at, message }| {
            let before = source.get(..at).unwrap_or(source);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|one| *one != '\n').count() + 1;
            let message = message.split('\n').map(text::line).collect::<Vec<_>>().join("\n");
            Cause::File {
                line,
                column,
                message,
            }
            .into()
        })
    }
}

/// A mistake at a byte offset.
struct Mistake {
    at: usize,
    message: String,
}

impl Mistake {
    fn new(span: &Range<usize>, message: impl Into<String>) -> Self {
        Self {
            at: span.start,
            message: message.into(),
        }
    }
}

fn read(source: &str) -> Result<Settings, Mistake> {
    let table = DeTable::parse(source).map_err(|error| syntax(&error))?;
    let table = table.get_ref();
    for key in table.keys() {
        let names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        known(key.get_ref(), &key.span(), &names, "key")?;
    }
    let settings = toml::from_str(source).map_err(|error| wrong_value(&error, table))?;
    if let Some(DeValue::Array(rows)) = value(table, "only") {
        rows.iter().try_for_each(check_exists)?;
    }
    if let Some(DeValue::Array(rows)) = value(table, "skip") {
        for row in rows.iter() {
            if let DeValue::Table(row) = row.get_ref()
                && let Some((_, id)) = row.iter().find(|(key, _)| key.get_ref() == "id")
            {
                check_exists(id)?;
            }
        }
    }
    Ok(settings)
}

fn value<'a, 'i>(table: &'a DeTable<'i>, name: &str) -> Option<&'a DeValue<'i>> {
    let mut found = table.iter().filter(|(key, _)| key.get_ref() == name);
    found.next().map(|(_, value)| value.get_ref())
}

fn syntax(error: &toml::de::Error) -> Mistake {
    let span = error.span().unwrap_or_default();
    Mistake::new(&span, error.message().trim_end())
}

/// A value that does not fit its key.
fn wrong_value(error: &toml::de::Error, table: &DeTable<'_>) -> Mistake {
    let span = error.span().unwrap_or_default();
    let key = table
        .iter()
        .find(|(key, value)| key.span().start < span.end && span.start < value.span().end.max(key.span().end))
        .map(|(key, _)| key.get_ref().as_ref());
    let example = KEYS.iter().find(|(name, _)| Some(*name) == key);
    let message = error.message().trim_end();
    Mistake::new(
        &span,
        match example {
            Some((name, example)) => format!(
                "`{name}`: {message}. For example:\n  {}",
                example.replace('\n', "\n  ")
            ),
            None => message.to_owned(),
        },
    )
}

fn check_exists(id: &Spanned<DeValue<'_>>) -> Result<(), Mistake> {
    let DeValue::String(name) = id.get_ref() else {
        return Ok(());
    };
    known(name, &id.span(), &check_names(), "check or family")
}

fn known(name: &str, span: &Range<usize>, names: &[&str], what: &str) -> Result<(), Mistake> {
    if names.contains(&name) {
        return Ok(());
    }
    let question = question(name, names.iter().copied());
    Err(Mistake::new(
        span,
        format!("there is no {what} `{name}`{question}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn mistake(source: &str) -> String {
        Settings::from_toml(source).unwrap_err().to_string()
    }

    #[test]
    fn every_key_is_read() {
        let whole: String = KEYS
            .iter()
            .filter(|(name, _)| *name != "skip")
            .map(|(_, line)| format!("{line}\n"))
            .collect();
        let whole = whole + "[[skip]]\nid = \"signature-good\"\nbecause = \"we know\"\n";
        let settings = Settings::from_toml(&whole).unwrap();
        assert_eq!(settings.connect_url.unwrap().path(), "/connect");
        assert_eq!(settings.patience, Duration::from_secs(10));
        assert_eq!(settings.listen, Some("127.0.0.1:4040".parse().unwrap()));
        assert_eq!(settings.skip.len(), 1);
        assert!(settings.json && settings.ci);
        assert_eq!(settings.seed, 7);
    }

    /// A field without a key in the list could not be set, because its key would be unknown.
    #[test]
    fn the_list_names_every_field() {
        let debug = format!("{:?}", Settings::default());
        for field in debug.trim_start_matches("Settings { ").split(", ") {
            let name = field.split(':').next().unwrap().trim().replace('_', "-");
            let name = if name == "quiet" { "quiet-time" } else { &name };
            assert!(KEYS.iter().any(|(key, _)| *key == name), "{name} of {debug}");
        }
    }

    #[test]
    fn a_mistake_has_a_position_and_a_suggestion() {
        let sources = [
            "start = \"x\"\n conect-url = 'http://localhost'",
            "zzz = 1",
            "connect-url = 3",
            "connect-url = \"localhost:3000/connect\"",
            "replicas = [\"http://localhost:1\", \"localhost\"]",
            "\npatience = \"10\"",
            "seed = -1",
            "[[skip]]\nid = \"signature-good\"\n",
            "skip = [{ id = \"signature-good\", because = \" \" }]",
            "start = ",
            "\"\u{202e}\\u001b[2J\" = 1",
        ];
        let mistakes = sources.map(|source| format!("{source}\n=> {}\n\n", mistake(source)));
        insta::assert_snapshot!(mistakes.concat());
    }

    #[test]
    fn an_unknown_check_has_a_position_and_a_suggestion() {
        let only = mistake("only = [\"signature\", \"signature-wrong-secre\"]");
        assert!(
            only.starts_with(
                "line 1, column 22: there is no check or family `signature-wrong-secre`; did you mean "
            ),
            "{only}"
        );
        assert!(only.contains("`signature-wrong-secret`"), "{only}");
        let skip = mistake("[[skip]]\nid = \"signature-goood\"\nbecause = \"x\"");
        assert!(
            skip.starts_with("line 2, column 6: ") && skip.contains("`signature-good`"),
            "{skip}"
        );
    }
}
