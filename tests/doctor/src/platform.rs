//! One request to the platform: its token endpoint, or its read API.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde_json::Value;

use crate::mistakes::Mistakes;
use crate::settings::Settings;

/// How long a request may take. Half of [`CLAIM_S`](crate::tokens::CLAIM_S) is longer.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The largest answer that is read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// An HTTP client that follows no redirects.
#[derive(Debug)]
pub(crate) struct Platform(Client);

/// An answer of the platform.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// `Null` if the body is not JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The member `error` of the body, or nothing.
    pub(crate) fn error(&self) -> &str {
        self.text("error").unwrap_or_default()
    }

    /// A member of the body that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// A member of the body that is a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.body.get(name)?.as_i64()
    }

    /// A header that is a whole number.
    pub(crate) fn header(&self, name: &str) -> Option<i64> {
        self.headers.get(name)?.to_str().ok()?.trim().parse().ok()
    }

    /// The request id that the platform echoes, or makes.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.headers.get("x-revento-request-id")?.to_str().ok()
    }

    /// The platform's time, in Unix seconds.
    pub(crate) fn date(&self) -> Option<i64> {
        let date = httpdate::parse_http_date(self.headers.get("date")?.to_str().ok()?).ok()?;
        i64::try_from(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()).ok()
    }
}

/// A request without an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection was made: the platform has not seen the request.
    NotSent,
    /// The answer is missing or incomplete: the platform may have acted.
    Lost,
}

impl Platform {
    pub(crate) fn new(user_agent: &'static str) -> anyhow::Result<Self> {
        let mut client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            // A pooled connection that the platform has just closed would look like a lost answer.
            .pool_idle_timeout(Duration::from_secs(2));
        if !user_agent.is_empty() {
            client = client.user_agent(user_agent);
        }
        Ok(Self(client.build().context("the HTTP client cannot be made")?))
    }

    /// Asks the token endpoint.
    pub(crate) async fn token(
        &self,
        url: &str,
        settings: &Settings,
        form: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .append_pair("client_id", &settings.client_id)
            .append_pair("client_secret", &settings.client_secret)
            .finish();
        let request = self.0.post(url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        answer(request.header(ACCEPT, "application/json").body(body)).await
    }

    /// Exchanges a code, as [`token`](Self::token) does without mistakes.
    pub(crate) async fn exchange(
        &self,
        settings: &Settings,
        mistakes: &Mistakes,
        form: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let url = format!("{}/oauth/token", settings.auth_base);
        let request = self.0.post(&url);
        let (id, secret) = (&settings.client_id, &settings.client_secret);
        if mistakes.has("oauth-token-request") {
            let mut fields: BTreeMap<&str, &str> = form.iter().copied().collect();
            fields.extend([("client_id", id.as_str()), ("client_secret", secret)]);
            return answer(request.json(&fields)).await;
        }
        if mistakes.has("oauth-client-authentication") {
            let fields = [("client_id", id.as_str()), ("client_secret", secret)];
            let fields: Vec<_> = form.iter().copied().chain(fields).collect();
            return answer(request.basic_auth(id, Some(secret)).form(&fields)).await;
        }
        self.token(&url, settings, form).await
    }

    /// Reads from the API.
    pub(crate) async fn get(
        &self,
        settings: &Settings,
        path_and_query: &str,
        token: &str,
        accept: &str,
        request_id: &str,
    ) -> Result<Answer, Failure> {
        let request = self.0.get(format!("{}{path_and_query}", settings.api_base));
        let mut request = request
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(ACCEPT, accept);
        if !request_id.is_empty() {
            request = request.header("x-revento-request-id", request_id);
        }
        answer(request).await
    }
}

async fn answer(request: RequestBuilder) -> Result<Answer, Failure> {
    let response = request.send().await;
    let mut response = response.map_err(|error| {
        if error.is_connect() {
            Failure::NotSent
        } else {
            Failure::Lost
        }
    })?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::Lost)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(Failure::Lost);
        }
    }
    Ok(Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: serde_json::from_str(&String::from_utf8_lossy(&body)).unwrap_or_default(),
    })
}
