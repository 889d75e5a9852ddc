//! A client by hand: the HTTP library, and serde_json into a struct.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioExecutor};
use serde::Deserialize;

const VERSION: &str = "application/vnd.revento.v1+json";

#[derive(Deserialize)]
pub struct Page {
    pub data: Vec<Participant>,
    pub next_cursor: Option<String>,
    pub has_more: bool,
}

/// A struct with all fields. Times stay text.
#[derive(Deserialize)]
#[allow(dead_code, reason = "it is parsed")]
pub struct Participant {
    id: String,
    application_status: String,
    user_id: Option<String>,
    event_id: Option<String>,
    application_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
    last_reviewed_at: Option<String>,
    last_reviewer_id: Option<String>,
    last_review_action: Option<String>,
    registered_at: Option<String>,
    #[serde(default)]
    custom_form_fields: serde_json::Map<String, serde_json::Value>,
}

/// A client, by hand.
#[derive(Clone)]
pub enum Bare {
    Reqwest(reqwest::Client),
    Hyper(hyper_util::client::legacy::Client<HttpConnector, Empty<Bytes>>),
}

impl Bare {
    pub fn reqwest() -> Self {
        Self::Reqwest(reqwest::Client::builder().no_proxy().build().expect("a client"))
    }

    pub fn hyper() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        Self::Hyper(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(tcp))
    }

    /// Reads this many pages.
    pub async fn walk(self, base: String, limit: u16, pages: u32) {
        let mut cursor = String::new();
        for _ in 0..pages {
            let url = format!("{base}/api/v1/events/evt_free/participants?limit={limit}&cursor={cursor}");
            let body = self.get(url).await;
            let page: Page = serde_json::from_slice(&body).expect("a page");
            assert!(page.has_more && page.data.len() == usize::from(limit));
            cursor = page.next_cursor.expect("a cursor");
        }
    }

    async fn get(&self, url: String) -> Bytes {
        match self {
            Self::Reqwest(client) => {
                let request = client
                    .get(url)
                    .header("authorization", "Bearer rev_install_x")
                    .header("accept", VERSION)
                    .header("x-revento-request-id", "b3a1c9de-8a5e-4f0e-9c38-0a5d6f0d8f11");
                let response = request.send().await.expect("an answer");
                assert!(response.status().is_success());
                response.bytes().await.expect("a body")
            }
            Self::Hyper(client) => {
                let request = hyper::Request::get(url)
                    .header("authorization", "Bearer rev_install_x")
                    .header("accept", VERSION)
                    .header("x-revento-request-id", "b3a1c9de-8a5e-4f0e-9c38-0a5d6f0d8f11")
                    .body(Empty::new())
                    .expect("a request");
                let response = client.request(request).await.expect("an answer");
                assert!(response.status().is_success());
                response.into_body().collect().await.expect("a body").to_bytes()
            }
        }
    }
}
