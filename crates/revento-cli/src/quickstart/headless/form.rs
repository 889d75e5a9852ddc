//! Reads forms from HTML, as a browser without scripts does.

use anyhow::{Result, bail};
use html5gum::{StartTag, Token, Tokenizer};
use url::Url;

/// What the browser sends when a button is pressed.
pub(crate) struct Submission {
    pub(crate) action: Url,
    pub(crate) fields: Vec<(String, String)>,
}

/// Finds the button with this text and returns what its form sends.
pub(crate) fn press(url: &Url, body: &str, button: &str) -> Result<Submission> {
    for form in forms(body) {
        if let Some(pressed) = form.buttons.into_iter().find(|found| found.text.trim() == button) {
            let mut fields = form.fields;
            fields.extend(pressed.field);
            let action = url.join(&form.action)?;
            return Ok(Submission { action, fields });
        }
    }
    bail!("the page has no button \"{button}\"")
}

/// A form of a page. Forms do not nest, so it has what stands between its two tags.
#[derive(Default)]
struct Form {
    action: String,
    /// Text and hidden inputs, and ticked checkboxes.
    fields: Vec<(String, String)>,
    buttons: Vec<Button>,
}

#[derive(Default)]
struct Button {
    text: String,
    field: Option<(String, String)>,
}

fn forms(body: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut form: Option<Form> = None;
    let mut button: Option<Button> = None;
    for Ok(token) in Tokenizer::new(body) {
        match token {
            Token::StartTag(tag) if &*tag.name == b"form" => form = Some(Form::new(&tag)),
            Token::StartTag(tag) if &*tag.name == b"input" && is_sent(&tag) => {
                if let Some(form) = &mut form {
                    form.fields.extend(name_and_value(&tag));
                }
            }
            Token::StartTag(tag) if &*tag.name == b"button" => {
                let field = name_and_value(&tag);
                button = Some(Button {
                    text: String::new(),
                    field,
                });
            }
            Token::String(text) => {
                if let Some(button) = &mut button {
                    button.text.push_str(&String::from_utf8_lossy(&text));
                }
            }
            Token::EndTag(tag) if &*tag.name == b"button" => {
                if let (Some(form), Some(button)) = (&mut form, button.take()) {
                    form.buttons.push(button);
                }
            }
            Token::EndTag(tag) if &*tag.name == b"form" => forms.extend(form.take()),
            _ => {}
        }
    }
    forms
}

impl Form {
    fn new(tag: &StartTag<()>) -> Self {
        Self {
            action: attribute(tag, "action").unwrap_or_default(),
            ..Self::default()
        }
    }
}

fn is_sent(input: &StartTag<()>) -> bool {
    let is_ticked =
        attribute(input, "type").as_deref() != Some("checkbox") || attribute(input, "checked").is_some();
    is_ticked && attribute(input, "disabled").is_none()
}

fn name_and_value(tag: &StartTag<()>) -> Option<(String, String)> {
    let value = attribute(tag, "value").unwrap_or_else(|| "on".to_owned());
    Some((attribute(tag, "name")?, value))
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_sends_the_fields_of_its_own_form_and_itself() {
        let page = r#"<!doctype html><style>a > b { color: red }</style><input name="outside" value="0">
            <form action="/no"><button>Deny</button></form>
            <form method="post" action="/consent?x=1&amp;y=2"><p>Ada &amp; Co</p>
            <input type="hidden" name="state" value="a&quot;b"><input name="off" value="1" disabled>
            <input type="checkbox" name="scope" value="read" checked><input type="checkbox" name="scope" value="write">
            <input type="checkbox" name="terms" checked><input value="nameless">
            <button name="decision" value="allow"> <b>Allow</b> all </button><button>Other</button></form>"#;
        let url = Url::parse("http://localhost:1/authorize?z").unwrap();

        let submission = press(&url, page, "Allow all").unwrap();

        assert_eq!(submission.action.as_str(), "http://localhost:1/consent?x=1&y=2");
        let fields: Vec<(&str, &str)> = submission
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let expected = [
            ("state", "a\"b"),
            ("scope", "read"),
            ("terms", "on"),
            ("decision", "allow"),
        ];
        assert_eq!(fields, expected);
        assert!(press(&url, page, "Allow").is_err());
    }
}
