//! An HTTP client that acts as a browser: it keeps cookies, runs no scripts and does not follow redirects by itself.

use anyhow::{Context, Result, bail};
use reqwest::{Client, RequestBuilder, StatusCode, header::LOCATION, redirect::Policy};
use serde_json::Value;
use url::Url;

pub(crate) struct Browser {
    client: Client,
}

/// A response with its whole body.
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) location: Option<Url>,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Result<Self> {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Page> {
        read(self.client.get(url)).await
    }

    pub(crate) async fn post_form(&self, url: &Url, fields: &[(String, String)]) -> Result<Page> {
        // Browsers send the origin with a form.
        let origin = url.origin().ascii_serialization();
        read(
            self.client
                .post(url.clone())
                .header("origin", origin)
                .form(fields),
        )
        .await
    }

    pub(crate) async fn get_json(&self, url: &str) -> Result<Value> {
        self.get(url).await?.json()
    }

    pub(crate) async fn post_json(&self, url: &str, body: &Value) -> Result<Value> {
        read(self.client.post(url).json(body)).await?.json()
    }
}

async fn read(request: RequestBuilder) -> Result<Page> {
    let response = request.send().await?;
    let (url, status) = (response.url().clone(), response.status());
    let location = match response.headers().get(LOCATION) {
        Some(location) => Some(url.join(location.to_str().context("the Location header is not text")?)?),
        None => None,
    };
    Ok(Page {
        url,
        status,
        location,
        body: response.text().await?,
    })
}

impl Page {
    /// The target of the redirect.
    pub(crate) fn redirect(&self) -> Result<&Url> {
        match &self.location {
            Some(location) if self.status.is_redirection() => Ok(location),
            _ => bail!("expected a redirect, got {}", self.summary()),
        }
    }

    fn json(&self) -> Result<Value> {
        if !self.status.is_success() {
            bail!("expected JSON, got {}", self.summary());
        }
        serde_json::from_str(&self.body).with_context(|| format!("{} did not answer with JSON", self.url))
    }

    /// The status, path and start of the body. Leaves out the query, because it can contain a code.
    pub(crate) fn summary(&self) -> String {
        let start: String = self.body.chars().take(300).collect();
        format!("{} from {}: {start}", self.status, self.url.path())
    }
}
