//! Recognising the web framework of an integration, so that advice fits it.

use crate::check::Framework;
use crate::exchange::Exchange;
use crate::integration::{Integration, Outgoing, send};

/// A page that no integration has. Frameworks have answers of their own for it.
const NO_SUCH_PAGE: &str = "/revento-doctor-looks-for-a-page-that-does-not-exist";

/// Asks for a page that does not exist.
pub(crate) async fn probe(integration: &Integration) -> Option<Framework> {
    let url = integration.any_url()?.join(NO_SUCH_PAGE).ok()?;
    recognise(&send(Outgoing::get(url)).await)
}

/// The framework that an answer gives away, by its headers, or by its body if the page does not exist.
pub(crate) fn recognise(exchange: &Exchange) -> Option<Framework> {
    by_headers(exchange)
        .or_else(|| by_missing_page(exchange))
        .or_else(|| by_server(exchange))
}

/// Headers that frameworks and their servers set.
fn by_headers(exchange: &Exchange) -> Option<Framework> {
    let header = |name: &str| {
        let value = exchange.response_header(name).unwrap_or_default();
        value.to_ascii_lowercase()
    };
    let cookies = header("set-cookie");
    let (powered_by, server) = (header("x-powered-by"), header("server"));
    let signs: [(&str, &[&str], Framework); 9] = [
        (&powered_by, &["express"], Framework::Express),
        (&powered_by, &["php"], Framework::Php),
        (&powered_by, &["servlet", "jsp"], Framework::Java),
        (&cookies, &["phpsessid=", "laravel_session="], Framework::Php),
        (&cookies, &["jsessionid="], Framework::Java),
        (&server, &["wsgiserver"], Framework::Django),
        (&server, &["uvicorn", "hypercorn", "daphne"], Framework::FastApi),
        (
            &server,
            &["jetty", "tomcat", "javalin", "undertow"],
            Framework::Java,
        ),
        (&server, &["webrick", "puma", "falcon"], Framework::Ruby),
    ];
    let found = signs
        .into_iter()
        .find(|(value, words, _)| words.iter().any(|word| value.contains(word)));
    let is_rails = exchange.response_header("x-runtime").is_some();
    found
        .map(|(_, _, framework)| framework)
        .or_else(|| is_rails.then_some(Framework::Ruby))
}

/// What frameworks say of a page that does not exist.
fn by_missing_page(exchange: &Exchange) -> Option<Framework> {
    if exchange.status != Some(404) {
        return None;
    }
    let body = String::from_utf8_lossy(&exchange.response_body);
    let signs = [
        ("<pre>Cannot GET /", Framework::Express),
        ("\"message\":\"Route GET:/", Framework::Node),
        (
            "If you entered the URL manually please check your spelling",
            Framework::Flask,
        ),
        (
            "<p>The requested resource was not found on this server.</p>",
            Framework::Django,
        ),
        ("Page not found <span>(404)</span>", Framework::Django),
        ("{\"detail\":\"Not Found\"}", Framework::FastApi),
        ("404 page not found", Framework::Go),
        ("No context found for request", Framework::Java),
        ("Whitelabel Error Page", Framework::Java),
        ("HTTP Status 404", Framework::Java),
        ("The requested resource <code class=\"url\">", Framework::Php),
        ("Sinatra doesn", Framework::Ruby),
    ];
    let found = signs.iter().find(|(sign, _)| body.contains(sign));
    found.map(|(_, framework)| *framework)
}

/// Servers that several frameworks share.
fn by_server(exchange: &Exchange) -> Option<Framework> {
    let server = exchange
        .response_header("server")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if ["werkzeug", "gunicorn", "waitress"]
        .iter()
        .any(|name| server.contains(name))
    {
        return Some(Framework::Flask);
    }
    // Node's server announces how long it keeps connections.
    let keeps = exchange.response_header("keep-alive").unwrap_or_default();
    (server.is_empty() && keeps.starts_with("timeout=")).then_some(Framework::Node)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exchange::{Direction, Omitted};

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Exchange {
        let headers = headers.iter();
        Exchange {
            direction: Direction::ToIntegration,
            method: "GET".to_owned(),
            url: "http://localhost/x".to_owned(),
            request_headers: Vec::new(),
            request_body: Vec::new(),
            status: Some(status),
            response_headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            response_body: body.as_bytes().to_vec(),
            omitted: Omitted::default(),
            error: None,
            duration: Duration::ZERO,
        }
    }

    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<Framework>);

    #[test]
    fn frameworks_are_recognised() {
        let flask = "<!doctype html><h1>Not Found</h1><p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>";
        let django = "<h1>Not Found</h1><p>The requested resource was not found on this server.</p>";
        let fastify = r#"{"message":"Route GET:/x not found","error":"Not Found","statusCode":404}"#;
        let node = [("connection", "keep-alive"), ("keep-alive", "timeout=5")];
        let cases: [Case<'_>; 13] = [
            (&[("x-powered-by", "Express")], "", Some(Framework::Express)),
            (&node, "<pre>Cannot GET /x</pre>", Some(Framework::Express)),
            (&node, fastify, Some(Framework::Node)),
            (&node, "no", Some(Framework::Node)),
            (
                &[("server", "Werkzeug/3.1 Python/3.11")],
                flask,
                Some(Framework::Flask),
            ),
            (&[("server", "gunicorn")], django, Some(Framework::Django)),
            (&[("server", "uvicorn")], "", Some(Framework::FastApi)),
            (
                &[("server", "nginx")],
                r#"{"detail":"Not Found"}"#,
                Some(Framework::FastApi),
            ),
            (&[], "404 page not found\n", Some(Framework::Go)),
            (
                &[],
                "<h1>404 Not Found</h1>No context found for request",
                Some(Framework::Java),
            ),
            (&[("x-powered-by", "PHP/8.3")], "", Some(Framework::Php)),
            (&[("server", "WEBrick/1.9")], "", Some(Framework::Ruby)),
            (&[("server", "nginx")], "<h1>404</h1>", None),
        ];
        for (headers, body, framework) in cases {
            assert_eq!(
                recognise(&answer(404, headers, body)),
                framework,
                "{headers:?} {body}"
            );
        }
        assert_eq!(recognise(&answer(200, &[], "404 page not found")), None);
    }
}
