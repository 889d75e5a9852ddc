//! A sandbox with a minimal integration: a webhook receiver and plain HTTP requests.

use revento_sandbox::{ConsentDecision, Sandbox, SandboxBuilder, SandboxInfo};
use serde_json::Value;
use url::Url;

use super::control::Control;
use super::receiver::Receiver;
use super::wait;

pub(crate) const EVENT: &str = "evt_test_published";
const CALLBACK: &str = "http://localhost:3000/callback";
/// The verifier and the challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A sandbox with a receiver.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    pub(crate) receiver: Receiver,
    callback: String,
    client: reqwest::Client,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        Self::with(CALLBACK).await
    }

    /// Starts with this redirect URI.
    pub(crate) async fn with(callback: &str) -> Self {
        Self::built(Sandbox::builder(), callback).await
    }

    /// Starts from a configured builder.
    pub(crate) async fn built(builder: SandboxBuilder, callback: &str) -> Self {
        let receiver = Receiver::start().await;
        let sandbox = builder
            .redirect_uri(callback)
            .webhook_url(receiver.url())
            .start()
            .await
            .unwrap();
        Self {
            control: Control::new(&sandbox.info().control_base),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            callback: callback.to_owned(),
            receiver,
            sandbox,
        }
    }

    pub(crate) fn info(&self) -> &SandboxInfo {
        self.sandbox.info()
    }

    /// The URL of a page of the console.
    pub(crate) fn console(&self, path: &str) -> String {
        format!("{}{path}", self.info().console_url)
    }

    /// The URL of a valid authorization request.
    pub(crate) fn authorization_url(&self, scope: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", &self.info().client_id),
                ("redirect_uri", &self.callback),
                ("scope", scope),
                ("event_id", EVENT),
                ("state", "a-state"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        format!("{}/oauth/authorize?{query}", self.info().auth_base)
    }

    /// Connects as an organizer. Returns the tokens.
    pub(crate) async fn connect(&self) -> Value {
        let scope = "event.read participants.read program.read";
        self.grant(scope, ConsentDecision::Authorize).await
    }

    /// Signs in as a participant. Returns the tokens.
    pub(crate) async fn sign_in(&self, user: &str) -> Value {
        let decision = ConsentDecision::SignIn(user.to_owned());
        self.grant("profile.read event.attendance", decision).await
    }

    async fn grant(&self, scope: &str, decision: ConsentDecision) -> Value {
        let url = self.authorization_url(scope);
        let landed = self.sandbox.authorize(&url, decision).await.unwrap();
        let landed = Url::parse(&landed).unwrap();
        let code = landed.query_pairs().find(|(name, _)| name == "code").unwrap().1;
        self.exchange(&code).await
    }

    /// Exchanges a code. Returns the tokens.
    pub(crate) async fn exchange(&self, code: &str) -> Value {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.callback),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Refreshes. Returns the tokens or the error.
    pub(crate) async fn refresh(&self, tokens: &Value) -> Value {
        let token = tokens["refresh_token"].as_str().unwrap();
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Value {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("client_id", &self.info().client_id)
            .append_pair("client_secret", &self.info().client_secret)
            .finish();
        let request = self.client.post(format!("{}/oauth/token", self.info().auth_base));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// Reads with an access token. Returns the status and the body.
    pub(crate) async fn read(&self, tokens: &Value, path: &str) -> (u16, Value) {
        let token = tokens["access_token"].as_str().unwrap();
        let request = self.client.get(format!("{}{path}", self.info().api_base));
        let answer = request.bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str(&answer.text().await.unwrap()).unwrap(),
        )
    }

    /// Waits until a delivery has this many attempts. Returns the delivery.
    pub(crate) async fn attempted(&self, delivery: &str, attempts: usize) -> Value {
        wait::until("the sandbox records the attempt", async || {
            let row = self.control.get(&format!("/deliveries/{delivery}")).await;
            let recorded = row["attempts"].as_array().unwrap().len();
            if recorded == attempts { Ok(row) } else { Err(row) }
        })
        .await
    }

    /// The id of a pending application of the event.
    pub(crate) async fn pending(&self) -> String {
        let found = self.sandbox.applications(EVENT, "pending").await.unwrap();
        found.into_iter().next().expect("no application is pending")
    }
}
