//! A browser that keeps cookies by their names and follows no redirect.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};

use super::server::Server;

pub(super) struct Browser {
    client: Client,
    base: String,
    pub(super) cookies: BTreeMap<String, String>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// A parameter of the query in `Location`.
    pub(super) fn parameter(&self, name: &str) -> String {
        let (_, query) = self.location().split_once('?').unwrap();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let found = pairs.find(|(found, _)| found == name);
        found.unwrap().1.into_owned()
    }
}

impl Browser {
    pub(super) fn at(server: &Server) -> Self {
        let client = Client::builder().no_proxy().redirect(Policy::none());
        Self {
            client: client.build().unwrap(),
            base: server.base.clone(),
            cookies: BTreeMap::new(),
        }
    }

    pub(super) async fn open(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, &[]).await
    }

    /// Sends a request with the browser's cookies, and keeps those of the response.
    pub(super) async fn send(&mut self, method: Method, address: &str, headers: &[(&str, &str)]) -> Answer {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let pairs = pairs.map(|pair| (COOKIE, HeaderValue::try_from(pair).unwrap()));
        let more = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            (name.parse::<HeaderName>().unwrap(), value)
        });
        let mut all = HeaderMap::new();
        for (name, value) in more.chain(pairs) {
            all.append(name, value);
        }
        let answer = self.send_raw(method, address, all).await;
        for line in answer.all(SET_COOKIE.as_str()) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// Sends a request with these headers alone.
    pub(super) async fn send_raw(&self, method: Method, address: &str, headers: HeaderMap) -> Answer {
        let request = self.client.request(method, format!("{}{address}", self.base));
        let response = request.headers(headers).send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    /// Begins a flow. Returns the callback that the platform redirects to.
    pub(super) async fn begin(&mut self, address: &str) -> String {
        let begun = self.open(address).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        format!("/callback?code=abc&state={}", begun.parameter("state"))
    }
}
