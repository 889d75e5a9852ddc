//! A browser: it keeps cookies and follows no redirect by itself.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};

/// What a page answered.
pub(super) struct Page {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) text: String,
}

impl Page {
    /// Status and target, without its query, for the report.
    pub(super) fn brief(&self) -> String {
        let target = self
            .location
            .as_deref()
            .and_then(|location| location.split('?').next());
        match target {
            Some(target) => format!("{} {target}", self.status),
            None => self.status.to_string(),
        }
    }

    /// Whether it leads to this address.
    pub(super) fn leads_to(&self, path: &str) -> bool {
        self.status == 303 && self.location.as_deref() == Some(path)
    }
}

pub(super) struct Browser {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(super) fn new(http: Client) -> Self {
        Self {
            http,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens an address, and keeps the cookies of the answer.
    pub(super) async fn open(&mut self, url: &str) -> Result<Page> {
        let response = self.request(url).send().await?;
        self.keep_cookies(&response);
        page(response).await
    }

    /// Opens an address without keeping the cookies of the answer, so that several can be open at once.
    pub(super) async fn fetch(&self, url: &str) -> Result<Page> {
        page(self.request(url).send().await?).await
    }

    /// Opens several addresses at the same moment, as a double click does.
    pub(super) async fn open_at_once(&mut self, urls: &[String]) -> Result<Vec<Page>> {
        let requests = urls.iter().map(|url| self.request(url).send());
        let mut pages = Vec::new();
        for response in futures_util::future::join_all(requests).await {
            let response = response?;
            self.keep_cookies(&response);
            pages.push(page(response).await?);
        }
        Ok(pages)
    }

    /// The request, for somebody who sends it elsewhere.
    pub(super) fn request(&self, url: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.http.get(url).header(COOKIE, cookies.join("; "))
    }

    fn keep_cookies(&mut self, response: &Response) {
        for line in response.headers().get_all(SET_COOKIE) {
            let Some(line) = line.to_str().ok() else { continue };
            let pair = line.split(';').next().and_then(|pair| pair.split_once('='));
            let Some((name, value)) = pair else { continue };
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

async fn page(response: Response) -> Result<Page> {
    let location = response.headers().get(LOCATION);
    let location = location
        .map(|value| value.to_str().map(str::to_owned))
        .transpose();
    Ok(Page {
        status: response.status().as_u16(),
        location: location.context("a location that is no text")?,
        text: response.text().await?,
    })
}
