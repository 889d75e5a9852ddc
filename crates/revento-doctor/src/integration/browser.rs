//! A simulated browser: a cookie jar, and redirects that stay at the integration.

use http::Method;
use url::Url;

use super::http::{Outgoing, send};
use super::jar::Jar;
use crate::exchange::Exchange;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 10;

/// A simulated browser of one person. It sends cookies to the host that set them, whatever the port, as browsers do. It accepts
/// `Secure` cookies over http from loopback, as browsers do for `localhost`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    pub(crate) jar: Jar,
    /// Headers that each request carries besides the cookies.
    pub(crate) headers: Vec<(String, String)>,
}

impl Browser {
    /// A browser that sends these headers with each request.
    pub(crate) fn sending(headers: &[(&str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self {
            headers: headers.collect(),
            ..Self::default()
        }
    }

    /// Opens a page as a person does who clicks a link. Does not follow redirects.
    pub(crate) async fn open(&mut self, url: &Url) -> Exchange {
        self.request(Outgoing::get(url.clone())).await
    }

    /// Sends any request with this browser's cookies.
    pub(crate) async fn request(&mut self, mut outgoing: Outgoing) -> Exchange {
        let url = outgoing.url.clone();
        if let Some(cookies) = self.jar.header(&url) {
            outgoing = outgoing.header("cookie", cookies);
        }
        if outgoing.method == Method::GET {
            outgoing = outgoing.header(
                "accept",
                "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
            );
        }
        for (name, value) in &self.headers {
            outgoing = outgoing.header(name, value.as_bytes());
        }
        let exchange = send(outgoing).await;
        self.jar.keep(&url, &exchange);
        exchange
    }

    /// Opens a page and follows redirects as long as they lead to the integration's host. The last exchange may be a redirect to
    /// another site. All exchanges are returned, the last one last.
    pub(crate) async fn follow(&mut self, url: &Url) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let exchange = self.open(&at).await;
            let next = redirect(&exchange);
            exchanges.push(exchange);
            match next {
                Some(next) if next.origin() == url.origin() => at = next,
                _ => break,
            }
        }
        exchanges
    }
}

/// Where an answer redirects to.
pub(crate) fn redirect(exchange: &Exchange) -> Option<Url> {
    let status = exchange.status?;
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Url::parse(&exchange.url)
        .ok()?
        .join(exchange.response_header("location")?)
        .ok()
}
