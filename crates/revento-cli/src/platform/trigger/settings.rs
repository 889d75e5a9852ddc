//! `--set PATH=VALUE`: members of the webhook that an action sets on the object itself.

use anyhow::{Result, bail};
use revento::types::text::printable;
use serde_json::{Map, Value};

use super::kind::Kind;

const FORM: &str = "data.custom_form_fields.";

/// One `--set`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Setting {
    pub(crate) path: String,
    pub(crate) value: Value,
}

/// Reads `PATH=VALUE`. The value is JSON, or else text.
pub(crate) fn parse(text: &str) -> Result<Setting, String> {
    let (path, value) = text
        .split_once('=')
        .filter(|(path, _)| !path.is_empty())
        .ok_or("give a path and a value, such as data.custom_form_fields.size=XL")?;
    Ok(Setting {
        path: path.to_owned(),
        value: serde_json::from_str(value).unwrap_or_else(|_| value.into()),
    })
}

/// The settings of one trigger, checked.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// Answers to the event's form.
    pub(super) form: Map<String, Value>,
    /// Fields of the object.
    pub(super) fields: Map<String, Value>,
}

impl Settings {
    /// # Errors
    /// Lists the paths that the trigger can set.
    pub(crate) fn check(kind: Kind, settings: &[Setting]) -> Result<Self> {
        let mut checked = Self::default();
        for Setting { path, value } in settings {
            let is_form = kind.settable().iter().any(|known| known.starts_with(FORM));
            if let Some(answer) = path.strip_prefix(FORM).filter(|name| is_form && !name.is_empty()) {
                set(&mut checked.form, answer, value.clone())?;
            } else if let Some(field) = path
                .strip_prefix("data.")
                .filter(|_| kind.settable().contains(&path.as_str()))
            {
                checked.fields.insert(field.to_owned(), value.clone());
            } else {
                return Err(unknown(kind, path));
            }
        }
        Ok(checked)
    }
}

fn unknown(kind: Kind, path: &str) -> anyhow::Error {
    let known = match kind.settable() {
        [] => "it has nothing to set".to_owned(),
        known => format!("it can set {}", known.join(", ")),
    };
    anyhow::anyhow!(
        "{} cannot set {}; {known}. A test delivery can set every member: add --test",
        kind.name(),
        printable(path)
    )
}

/// Sets a member below an object; the names in a path are separated by dots.
fn set(members: &mut Map<String, Value>, path: &str, value: Value) -> Result<()> {
    match path.split_once('.') {
        None => {
            members.insert(path.to_owned(), value);
            Ok(())
        }
        Some((name, rest)) => match members.entry(name).or_insert_with(|| Map::new().into()) {
            Value::Object(below) => set(below, rest, value),
            _ => bail!(
                "{} has a value already, so nothing can be set below it",
                printable(name)
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(kind: Kind, texts: &[&str]) -> Result<Settings> {
        let settings: Vec<Setting> = texts.iter().map(|text| parse(text).unwrap()).collect();
        Settings::check(kind, &settings)
    }

    #[test]
    fn values_are_json_or_text() {
        for (text, value) in [
            ("a=1", json!(1)),
            ("a=\"1\"", json!("1")),
            ("a=", json!("")),
            ("a=x=y", json!("x=y")),
            ("a=[1,{}]", json!([1, {}])),
            ("a=null", json!(null)),
            ("a={", json!("{")),
        ] {
            assert_eq!(parse(text).unwrap().value, value, "{text}");
        }
        assert!(parse("a").is_err() && parse("=1").is_err());
    }

    #[test]
    fn l12_an_unknown_path_is_answered_with_the_valid_ones() {
        let settings = check(
            Kind::Approved,
            &["data.custom_form_fields.a.b=1", "data.custom_form_fields.a.c=2"],
        )
        .unwrap();
        assert_eq!(
            settings.form,
            *json!({ "a": { "b": 1, "c": 2 } }).as_object().unwrap()
        );
        let settings = check(Kind::ActivityUpdated, &["data.capacity=5"]).unwrap();
        assert_eq!(settings.fields, *json!({ "capacity": 5 }).as_object().unwrap());
        for (kind, path, says) in [
            (Kind::Approved, "data.status=x", "data.custom_form_fields.…"),
            (
                Kind::Approved,
                "data.custom_form_fields.=x",
                "data.custom_form_fields.…",
            ),
            (Kind::ActivityUpdated, "data.titel=x", "data.title, data.status"),
            (Kind::Published, "data.name=x", "nothing to set"),
            (Kind::ActivityUpdated, "title=x", "--test"),
        ] {
            let error = check(kind, &[path]).unwrap_err().to_string();
            assert!(error.contains(says), "{path}: {error}");
        }
        assert!(
            check(
                Kind::Approved,
                &["data.custom_form_fields.a=1", "data.custom_form_fields.a.b=1"]
            )
            .is_err()
        );
    }
}
