//! A browser without JavaScript: it follows redirects, keeps cookies and presses buttons.

use std::collections::BTreeMap;

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use url::Url;

use super::page;

const MOST_REDIRECTS: usize = 10;

/// Cookies are kept by host without the port, as browsers do.
#[derive(Debug)]
pub(crate) struct Visitor {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// The page at the end of the redirects.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Visitor {
    pub(crate) fn new() -> Self {
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            client,
            cookies: BTreeMap::new(),
        }
    }

    /// Opens a URL.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.go(Method::GET, Url::parse(url).unwrap(), None).await
    }

    /// Unticks some checkboxes of a page and presses a button.
    pub(crate) async fn press(&mut self, page: &Page, button: &str, unticked: &[&str]) -> Page {
        let forms = page::forms(&page.body);
        let found = forms
            .iter()
            .find_map(|form| Some((form, form.pressed(button, unticked)?)));
        let Some((form, pairs)) = found else {
            panic!(
                "no button {button:?} on {} ({}):\n{}",
                page.url,
                page.status,
                page::text(&page.body)
            );
        };
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.go(
            Method::POST,
            page.url.join(&form.action).unwrap(),
            Some((body, &page.url)),
        )
        .await
    }

    async fn go(&mut self, method: Method, url: Url, form: Option<(String, &Url)>) -> Page {
        let mut request = self
            .client
            .request(method, url.clone())
            .header(COOKIE, self.cookies_for(&url));
        if let Some((body, from)) = form {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            request = request
                .header(ORIGIN, from.origin().ascii_serialization())
                .body(body);
        }
        let mut page = self.arrive(url, request).await;
        for _ in 0..MOST_REDIRECTS {
            let Err(next) = page else { break };
            let request = self
                .client
                .get(next.clone())
                .header(COOKIE, self.cookies_for(&next));
            page = self.arrive(next, request).await;
        }
        page.unwrap_or_else(|next| panic!("more than {MOST_REDIRECTS} redirects, the last one to {next}"))
    }

    /// Sends a request. Returns the page, or the target of a redirect.
    async fn arrive(&mut self, url: Url, request: reqwest::RequestBuilder) -> Result<Page, Url> {
        let response = request
            .send()
            .await
            .unwrap_or_else(|error| panic!("{url}: {error:?}"));
        self.keep(&url, &response);
        if response.status().is_redirection() {
            let to = response
                .headers()
                .get(LOCATION)
                .expect("a redirect without a Location header")
                .to_str()
                .unwrap();
            return Err(url.join(to).unwrap());
        }
        Ok(Page {
            url,
            status: response.status().as_u16(),
            body: response.text().await.unwrap(),
        })
    }

    fn keep(&mut self, url: &Url, response: &reqwest::Response) {
        let jar = self.cookies.entry(host(url)).or_default();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let gone = ["max-age=0", "expires=thu, 01 jan 1970"];
            if value.is_empty()
                || gone
                    .iter()
                    .any(|mark| attributes.to_ascii_lowercase().contains(mark))
            {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn cookies_for(&self, url: &Url) -> String {
        let jar = self.cookies.get(&host(url)).into_iter().flatten();
        jar.map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap().to_owned()
}
