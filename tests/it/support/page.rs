//! Reads the forms of an HTML page. Supports the HTML that the platform's pages use.

use std::collections::BTreeMap;

/// A form of a page.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) action: String,
    fields: Vec<Field>,
    buttons: Vec<Button>,
}

#[derive(Debug)]
struct Field {
    name: String,
    value: String,
    checkbox: bool,
    checked: bool,
}

#[derive(Debug)]
struct Button {
    text: String,
    /// The name and value that the button adds to the form.
    pair: Option<(String, String)>,
}

impl Form {
    /// What the browser sends if the user unticks these checkboxes (by their values) and presses this button.
    pub(crate) fn pressed(&self, button: &str, unticked: &[&str]) -> Option<Vec<(String, String)>> {
        let button = self.buttons.iter().find(|known| known.text == button)?;
        for value in unticked {
            let there = self
                .fields
                .iter()
                .any(|field| field.checkbox && field.value == *value);
            assert!(there, "the form has no checkbox {value}: {:?}", self.fields);
        }
        let sent = self
            .fields
            .iter()
            .filter(|field| !field.checkbox || (field.checked && !unticked.contains(&field.value.as_str())));
        let pairs = sent.map(|field| (field.name.clone(), field.value.clone()));
        Some(pairs.chain(button.pair.clone()).collect())
    }
}

/// All forms of a page.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for (tag, rest) in tags(html) {
        match (tag.name.as_str(), open.as_mut()) {
            ("form", None) => {
                open = Some(Form {
                    action: tag.get("action"),
                    ..Form::default()
                })
            }
            ("/form", Some(_)) => forms.extend(open.take()),
            ("input", Some(form)) => form.fields.extend(tag.field()),
            ("button", Some(form)) => form.buttons.push(Button {
                text: text(rest.split("</button").next().unwrap_or_default()),
                pair: tag
                    .attributes
                    .contains_key("name")
                    .then(|| (tag.get("name"), tag.get("value"))),
            }),
            _ => {}
        }
    }
    forms
}

struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Tag {
    fn get(&self, attribute: &str) -> String {
        self.attributes.get(attribute).cloned().unwrap_or_default()
    }

    /// The field, if the browser sends it: it has a name and is not disabled.
    fn field(&self) -> Option<Field> {
        if self.attributes.contains_key("disabled") || !self.attributes.contains_key("name") {
            return None;
        }
        let checkbox = self.get("type") == "checkbox";
        let value = self.attributes.get("value").cloned();
        Some(Field {
            name: self.get("name"),
            value: value.unwrap_or_else(|| if checkbox { "on".to_owned() } else { String::new() }),
            checkbox,
            checked: self.attributes.contains_key("checked"),
        })
    }
}

/// Every tag, with the rest of the page after it.
fn tags(html: &str) -> impl Iterator<Item = (Tag, &str)> {
    html.match_indices('<').filter_map(|(start, _)| {
        let after = &html[start + 1..];
        let end = tag_end(after)?;
        Some((parse_tag(&after[..end]), &after[end + 1..]))
    })
}

/// The end of a tag. A `>` inside quotes does not end it.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    text.char_indices().find_map(|(at, char)| match (quote, char) {
        (None, '>') => Some(at),
        (None, '"' | '\'') => {
            quote = Some(char);
            None
        }
        (Some(open), _) if open == char => {
            quote = None;
            None
        }
        _ => None,
    })
}

fn parse_tag(text: &str) -> Tag {
    let (name, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(|char: char| char.is_whitespace() || char == '/');
        let end = rest
            .find(|char: char| char.is_whitespace() || char == '=')
            .unwrap_or(rest.len());
        if end == 0 {
            return Tag {
                name: name.to_ascii_lowercase(),
                attributes,
            };
        }
        let key = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            let quoted = after.chars().next().filter(|char| matches!(char, '"' | '\''));
            let (found, left) = match quoted {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            (value, rest) = (found, left);
        }
        attributes.insert(key, unescape(value));
    }
}

/// The text of HTML without tags, styles and scripts.
pub(crate) fn text(html: &str) -> String {
    let mut text = String::new();
    let mut shown = true;
    for piece in html.split('<') {
        let (tag, after) = piece.split_once('>').unwrap_or(("", piece));
        match tag.split(char::is_whitespace).next() {
            Some("style" | "script") => shown = false,
            Some("/style" | "/script") => shown = true,
            _ => {}
        }
        if shown {
            text.push(' ');
            text.push_str(after);
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    unescape(&words.join(" "))
}

fn unescape(text: &str) -> String {
    let plain = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    plain
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

#[test]
fn a_form_sends_what_a_browser_sends() {
    let html = r#"<form method="post" action="/go?a=1&amp;b=2">
        <input type="hidden" name="id" value="a&quot;>b">
        <input type="checkbox" checked disabled>
        <input type="checkbox" name="scope" value="program.read" checked>
        <input type="checkbox" name="scope" value="other">
        <button type="submit" name="decision" value="yes"><b>Do</b> it</button>
        <button>No</button>
    </form>"#;
    let forms = forms(html);
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(forms[0].action, "/go?a=1&b=2");
    assert_eq!(
        forms[0].pressed("Do it", &[]).unwrap(),
        [
            pair("id", "a\">b"),
            pair("scope", "program.read"),
            pair("decision", "yes")
        ]
    );
    assert_eq!(
        forms[0].pressed("No", &["program.read"]).unwrap(),
        [pair("id", "a\">b")]
    );
    assert!(forms[0].pressed("Maybe", &[]).is_none());
}

#[test]
fn text_has_neither_styles_nor_scripts() {
    let html = "<style>p { margin: 0 }</style><dt>Sent</dt><dd>a &amp; b</dd><script>if (1 > 0) {}</script><p>end</p>";
    assert_eq!(text(html), "Sent a & b end");
}
