//! A sandbox, a webhook receiver, and the steps that every test needs.

mod receiver;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Response, StatusCode, redirect};
use revento_sandbox::{Sandbox, SandboxBuilder, SandboxInfo};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

pub(crate) use receiver::{Received, Receiver};

pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const EVENT: &str = "evt_test_published";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-taken-0123456789";

/// A running sandbox, and an HTTP client that follows no redirects.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    pub(crate) receiver: Receiver,
}

/// An answer of the token endpoint.
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) body: Value,
}

pub(crate) fn client() -> Client {
    Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

/// The parameters of a correct authorization request, for tests to change.
pub(crate) fn request(info: &SandboxInfo, scope: &str) -> BTreeMap<&'static str, String> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    BTreeMap::from([
        ("response_type", "code".to_owned()),
        ("client_id", info.client_id.clone()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", scope.to_owned()),
        ("event_id", EVENT.to_owned()),
        ("state", "st&te 1".to_owned()),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256".to_owned()),
    ])
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let start = page
        .find(&marker)
        .unwrap_or_else(|| panic!("no field {name} in {page}"))
        + marker.len();
    page[start..].split('"').next().unwrap().to_owned()
}

/// The query of a redirect.
pub(crate) fn landed(response: &Response) -> BTreeMap<String, String> {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let url = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    url.query_pairs().into_owned().collect()
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    /// Starts a sandbox with further settings.
    pub(crate) async fn start_with(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Self {
        let receiver = Receiver::start().await;
        let builder = Sandbox::builder()
            .redirect_uri(CALLBACK)
            .webhook_url(receiver.url());
        Self {
            sandbox: settings(builder).start().await.unwrap(),
            http: client(),
            receiver,
        }
    }

    pub(crate) fn info(&self) -> &SandboxInfo {
        self.sandbox.info()
    }

    pub(crate) async fn ask(&self, params: &BTreeMap<&'static str, String>) -> Response {
        self.http
            .get(format!("{}/oauth/authorize", self.info().auth_base))
            .query(params)
            .send()
            .await
            .unwrap()
    }

    /// Answers the consent page of a request.
    pub(crate) async fn consent(
        &self,
        params: &BTreeMap<&'static str, String>,
        more: &[(&str, &str)],
    ) -> Response {
        let page = self.ask(params).await;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.unwrap();
        let mut form = vec![("consent_request".to_owned(), hidden(&page, "consent_request"))];
        form.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.http
            .post(format!("{}/oauth/authorize", self.info().auth_base))
            .form(&form)
            .send()
            .await
            .unwrap()
    }

    /// Authorizes the required scopes of a request. Returns the query of the redirect.
    pub(crate) async fn authorized(&self, scope: &str) -> BTreeMap<String, String> {
        let params = request(self.info(), scope);
        landed(&self.consent(&params, &[("decision", "authorize")]).await)
    }

    /// Approves an application.
    pub(crate) async fn approve(&self, application: &str) {
        self.act(&format!("/applications/{application}/approve"), json!({}))
            .await;
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Response {
        self.http
            .post(format!("{}/oauth/token", self.info().auth_base))
            .form(fields)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn exchange(&self, code: &str) -> Response {
        let (id, secret) = (self.info().client_id.clone(), self.info().client_secret.clone());
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", &id),
            ("client_secret", &secret),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Response {
        let (id, secret) = (self.info().client_id.clone(), self.info().client_secret.clone());
        self.token(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &id),
            ("client_secret", &secret),
        ])
        .await
    }

    /// Connects an organizer, with every optional scope.
    pub(crate) async fn connect(&self) -> Pair {
        self.connect_event(EVENT).await
    }

    pub(crate) async fn connect_event(&self, event: &str) -> Pair {
        let mut params = request(self.info(), "event.read participants.read program.read");
        params.insert("event_id", event.to_owned());
        let landed = landed(
            &self
                .consent(&params, &[("decision", "authorize"), ("scope", "program.read")])
                .await,
        );
        pair(self.exchange(&landed["code"]).await).await
    }

    /// Connects an event with these scopes.
    pub(crate) async fn connect_event_with(&self, event: &str, scope: &str) -> Pair {
        let mut params = request(self.info(), scope);
        params.insert("event_id", event.to_owned());
        let landed = landed(&self.consent(&params, &[("decision", "authorize")]).await);
        pair(self.exchange(&landed["code"]).await).await
    }

    /// Signs a participant in.
    pub(crate) async fn sign_in(&self, user: &str) -> Pair {
        let params = request(self.info(), "profile.read event.attendance");
        let form = [
            ("decision", "authorize"),
            ("scope", "event.attendance"),
            ("user_id", user),
        ];
        let landed = landed(&self.consent(&params, &form).await);
        pair(self.exchange(&landed["code"]).await).await
    }

    pub(crate) async fn read(&self, token: &str, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.info().api_base))
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn control(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}{path}", self.info().control_base))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn act(&self, path: &str, body: Value) -> Value {
        let answer = self.try_act(path, body).await;
        let status = answer.status();
        let body = answer.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }

    pub(crate) async fn try_act(&self, path: &str, body: Value) -> Response {
        self.http
            .post(format!("{}{path}", self.info().control_base))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn advance(&self, seconds: i64) {
        self.act("/clock", json!({ "advance_s": seconds })).await;
    }

    pub(crate) async fn stat(&self, name: &str) -> u64 {
        self.control("/stats").await[name].as_u64().unwrap()
    }

    /// Waits until a delivery has a status. Deliveries are fast, so the wait is short.
    pub(crate) async fn delivery(&self, id: &str, until: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let row = self.control(&format!("/deliveries/{id}")).await;
            if until(&row) {
                return row;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!(
            "the delivery {id} never stood as expected: {}",
            self.control("/deliveries").await
        );
    }
}

pub(crate) async fn pair(response: Response) -> Pair {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    let text = |name: &str| body[name].as_str().unwrap().to_owned();
    Pair {
        access: text("access_token"),
        refresh: text("refresh_token"),
        body,
    }
}

/// The status and `error` of an error answer. Checks its envelope.
pub(crate) async fn refusal(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let id = response.headers()["x-revento-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["request_id"], id.as_str(), "{body}");
    assert!(
        body["message"].as_str().is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    (status, body["error"].as_str().unwrap().to_owned())
}
