//! What a trigger did, and which webhooks follow.

use std::collections::BTreeSet;

use revento::types::text::printable;
use serde_json::{Value, json};

use crate::terminal;

/// What happened on the sandbox.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    pub(crate) what: String,
    /// What became of the webhooks, as the control API describes it.
    pub(crate) webhooks: Vec<Value>,
}

impl Happened {
    /// Remembers the webhooks of an answer.
    pub(crate) fn note(&mut self, answer: &Value) {
        let listed = answer.get("webhooks").and_then(Value::as_array);
        self.webhooks.extend(listed.into_iter().flatten().cloned());
    }

    /// Whether a webhook of this type is on its way.
    pub(crate) fn sends(&self, event_type: &str) -> bool {
        let is_sent = |row: &&Value| text(row, "type") == event_type && row.get("delivery_id").is_some();
        self.webhooks.iter().any(|row| is_sent(&row))
    }

    fn line(&self) -> String {
        let sent = self.webhooks.iter().filter_map(|row| {
            if let Some(id) = row.get("delivery_id").and_then(Value::as_str) {
                return Some(format!("{} {}", text(row, "type"), printable(id)));
            }
            let seconds = row.get("delayed_s").and_then(Value::as_i64)?;
            Some(format!("{} in {seconds} s", text(row, "type")))
        });
        let sent: Vec<String> = sent.collect();
        match sent.as_slice() {
            [] => self.what.clone(),
            sent => format!("{}: {}", self.what, sent.join(", ")),
        }
    }

    fn json(&self, name: Option<&str>) -> Value {
        json!({ "name": name, "what": self.what, "webhooks": self.webhooks })
    }
}

/// Prints what happens, and warns once of each reason why a webhook is not sent.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) json: bool,
    warned: BTreeSet<String>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self {
            json,
            warned: BTreeSet::new(),
        }
    }

    pub(crate) fn print(&mut self, name: Option<&str>, happened: &Happened) {
        terminal::print_line(&match self.json {
            true => happened.json(name).to_string(),
            false => happened.line(),
        });
        for row in &happened.webhooks {
            let Some(reason) = row.get("not_sent").and_then(Value::as_str) else {
                continue;
            };
            let mut why = format!("no webhook {}: {}", text(row, "type"), text(row, "message"));
            if reason == "not_connected" {
                why += " Or give --connect.";
            }
            if self.warned.insert(why.clone()) {
                terminal::print_warning(&why);
            }
        }
    }
}

fn text(row: &Value, name: &str) -> String {
    let text = row.get(name).and_then(Value::as_str).unwrap_or_default();
    printable(text).whole().to_string()
}
