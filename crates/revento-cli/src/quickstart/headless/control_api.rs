//! The sandbox's control API.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::browser::Browser;

/// The control API of one sandbox.
pub(crate) struct ControlApi {
    pub(crate) base: String,
}

impl ControlApi {
    pub(crate) async fn stats(&self, browser: &Browser) -> Result<Value> {
        browser.get_json(&format!("{}/stats", self.base)).await
    }

    /// The value of one counter.
    pub(crate) async fn count(&self, browser: &Browser, name: &str) -> Result<u64> {
        let stats = self.stats(browser).await?;
        stats
            .get(name)
            .and_then(Value::as_u64)
            .with_context(|| format!("the sandbox has no counter {name}"))
    }

    pub(crate) async fn list(&self, browser: &Browser, path: &str) -> Result<Vec<Value>> {
        let mut answer = browser.get_json(&format!("{}{path}", self.base)).await?;
        match answer.get_mut("data").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => anyhow::bail!("the sandbox answered {path} without data"),
        }
    }

    pub(crate) async fn post(&self, browser: &Browser, path: &str, body: &Value) -> Result<Value> {
        browser.post_json(&format!("{}{path}", self.base), body).await
    }

    pub(crate) async fn advance(&self, browser: &Browser, seconds: u64) -> Result<()> {
        self.post(browser, "/clock", &json!({ "advance_s": seconds }))
            .await
            .map(drop)
    }
}

/// Reads a text field of an object.
pub(crate) fn text(value: &Value, field: &str) -> Result<String> {
    let text = value.get(field).and_then(Value::as_str);
    text.map(ToOwned::to_owned)
        .with_context(|| format!("the field {field} is missing"))
}
