//! A client of the sandbox's control API.

use serde_json::{Value, json};

/// A client of `/_sandbox`.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    base: String,
    client: reqwest::Client,
}

impl Control {
    pub(crate) fn new(base: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            base: base.to_owned(),
            client,
        }
    }

    /// Reads a list.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path).await;
        answer["data"]
            .as_array()
            .unwrap_or_else(|| panic!("{path} has no data: {answer}"))
            .clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .unwrap();
        read(path, response).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.base));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string());
        read(path, request.send().await.unwrap()).await
    }

    /// Moves the platform's clock.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.post("/clock", json!({ "advance_s": seconds })).await;
    }

    /// The value of one of the platform's counters.
    pub(crate) async fn stat(&self, name: &str) -> u64 {
        let stats = self.get("/stats").await;
        stats[name]
            .as_u64()
            .unwrap_or_else(|| panic!("no {name} in {stats}"))
    }
}

async fn read(path: &str, response: reqwest::Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{path} answered {status}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}
