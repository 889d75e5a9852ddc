//! Manifests: integrations declared in a TOML file (contract §1).

mod credentials;
mod entry;

use serde::Deserialize;
use toml::Spanned;

use crate::platform::config::{Environment, Integration};
use crate::primitives::text;

/// A mistake in a manifest, and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManifestError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    integration: Vec<Spanned<Entry>>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Type {
    #[default]
    Public,
    InHouse,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Client {
    #[default]
    Confidential,
    Public,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    client_id: Spanned<String>,
    name: Spanned<String>,
    #[serde(default)]
    publisher: String,
    #[serde(default)]
    website: String,
    #[serde(default)]
    support: String,
    #[serde(default, rename = "type")]
    kind: Type,
    organization_id: Option<Spanned<String>>,
    #[serde(default)]
    client: Client,
    #[serde(default)]
    scopes: Scopes,
    /// The guide's name (contract §1). The short name is older.
    #[serde(alias = "webhook_events")]
    declared_webhook_event_types: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    redirect_uris: Vec<Spanned<String>>,
    webhook_url: Option<Spanned<String>>,
    connect_url: Option<Spanned<String>>,
    client_secret: Option<Spanned<String>>,
    webhook_secret: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Scopes {
    #[serde(default)]
    required: Vec<Spanned<String>>,
    #[serde(default)]
    optional: Vec<Spanned<String>>,
}

/// A mistake, at a byte offset of the text.
struct Mistake(usize, String);

/// What a manifest is read for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start<'a> {
    /// The organizations that an in-house integration can belong to.
    pub(crate) organizations: &'a [&'a str],
    /// Whether webhooks may go to other hosts than this machine.
    pub(crate) remote_webhooks: bool,
    pub(crate) environment: Environment,
}

/// Reads a manifest.
pub(crate) fn parse(source: &str, start: Start<'_>) -> Result<Vec<Integration>, ManifestError> {
    let at = |offset: usize, message: String| {
        let before = source.get(..offset).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        ManifestError {
            line,
            column,
            message: text::line(&message).into_owned(),
        }
    };
    let document: Document = toml::from_str(source).map_err(|error| {
        at(
            error.span().map_or(0, |span| span.start),
            error.message().to_owned(),
        )
    })?;
    if document.integration.is_empty() {
        return Err(at(
            0,
            "there is no [[integration]]; declare at least one".to_owned(),
        ));
    }
    let mut integrations: Vec<Integration> = Vec::new();
    for entry in document.integration {
        let offset = entry.span().start;
        let parsed = integration(entry.into_inner(), start);
        let parsed = parsed.map_err(|Mistake(offset, message)| at(offset, message))?;
        if integrations
            .iter()
            .any(|known| known.client_id == parsed.client_id)
        {
            return Err(at(
                offset,
                format!(
                    "the client_id `{}` is declared twice; choose another one",
                    parsed.client_id
                ),
            ));
        }
        integrations.push(parsed);
    }
    Ok(integrations)
}

fn integration(entry: Entry, start: Start<'_>) -> Result<Integration, Mistake> {
    let id_fits = |id: &str| {
        (3..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    if !id_fits(entry.client_id.get_ref()) {
        let text = "client_id must have 3 to 64 letters, digits, `_` and `-`";
        return Err(Mistake(entry.client_id.span().start, text.to_owned()));
    }
    if entry.name.get_ref().trim().is_empty() {
        return Err(Mistake(
            entry.name.span().start,
            "name is empty; the consent page shows it".to_owned(),
        ));
    }
    let audience = entry::audience(&entry, start.organizations)?;
    let scopes = entry::scopes(&entry)?;
    entry::addresses(&entry, start.remote_webhooks)?;
    let event_types = entry::event_types(&entry)?;
    let credentials = credentials::read(&entry, event_types.is_empty(), start.environment)?;
    Ok(Integration {
        client_secret: credentials.client_secret,
        webhook_secret: credentials.webhook_secret,
        name: entry.name.into_inner(),
        publisher: entry.publisher,
        website: entry.website,
        support: entry.support,
        audience,
        scopes,
        event_types,
        redirect_uris: entry.redirect_uris.into_iter().map(Spanned::into_inner).collect(),
        webhook_url: entry.webhook_url.map(Spanned::into_inner),
        connect_url: entry.connect_url.map(Spanned::into_inner),
        client_id: entry.client_id.into_inner(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Audience;

    const GOOD: &str = r#"
[[integration]]
client_id = "int_badges"
name = "Badges"
client = "public"
type = "in_house"
organization_id = "org_test_atlas"
scopes.required = ["event.read"]
scopes.optional = ["participants.read"]
declared_webhook_event_types = ["application.approved"]
redirect_uris = ["badges://callback", "http://localhost:8080/cb"]
webhook_url = "http://localhost:8080/hooks"
"#;

    fn read(text: &str) -> Result<Vec<Integration>, ManifestError> {
        let start = Start {
            organizations: &["org_test_atlas"],
            remote_webhooks: false,
            environment: Environment::Sandbox,
        };
        parse(text, start)
    }

    #[test]
    fn a_manifest_makes_an_integration() {
        let found = read(GOOD).unwrap();
        let badges = &found[0];
        assert!(badges.client_secret.is_none());
        assert!(badges.requires("event.read") && !badges.requires("participants.read"));
        assert!(matches!(&badges.audience, Audience::InHouse(id) if id == "org_test_atlas"));
        let secret = |found: &Integration| found.webhook_secret.clone().unwrap().expose().to_owned();
        assert_eq!(secret(&read(GOOD).unwrap()[0]), secret(badges));
    }

    #[test]
    fn a_mistake_is_reported_with_line_and_column() {
        for (from, to, line, column, says) in [
            (
                "\"event.read\"",
                "\"event.write\"",
                8,
                20,
                "there is no scope `event.write`",
            ),
            (
                "client = \"public\"",
                "client = \"secret\"",
                5,
                10,
                "unknown variant",
            ),
            ("name = ", "nmae = ", 4, 1, "unknown field"),
            (
                "\"org_test_atlas\"",
                "\"org_none\"",
                7,
                19,
                "there is no organization",
            ),
            (
                "http://localhost:8080/hooks",
                "http://example.com/hooks",
                12,
                15,
                "not on this machine",
            ),
            ("http://localhost:8080/cb", "/cb", 11, 39, "not an absolute URI"),
            (
                "application.approved",
                "application.eaten",
                10,
                33,
                "no webhook type",
            ),
            ("name = \"Badges\"", "name = \"Badges", 4, 15, ""),
        ] {
            let error = read(&GOOD.replacen(from, to, 1)).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{}", error.message);
            assert!(error.message.contains(says), "{}", error.message);
        }
        let older = GOOD.replace("declared_webhook_event_types", "webhook_events");
        assert_eq!(read(&older).unwrap()[0].event_types, ["application.approved"]);
        assert!(read("").is_err() && read("integration = []").is_err());
        let twice = format!("{GOOD}{GOOD}");
        assert!(read(&twice).unwrap_err().message.contains("declared twice"));
    }
}
