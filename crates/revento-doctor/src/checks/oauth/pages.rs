//! What an answer tells browsers, and what it shows to people.

use crate::exchange::Exchange;

/// Whether browsers keep an answer and give it again without asking: a permanent redirect, or one with a lifetime.
pub(super) fn is_cacheable(exchange: &Exchange) -> bool {
    let directives = cache_control(exchange);
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    if has("no-store") || has("no-cache") {
        return false;
    }
    match lifetime(&directives) {
        Some(seconds) => seconds > 0,
        None => matches!(exchange.status, Some(301 | 308)) || has("public"),
    }
}

/// Whether an answer forbids that it is kept where others could see it.
pub(super) fn is_private(exchange: &Exchange) -> bool {
    let directives = cache_control(exchange);
    let forbidding = ["no-store", "no-cache", "private"];
    directives
        .iter()
        .any(|directive| forbidding.contains(&directive.as_str()))
        || lifetime(&directives) == Some(0)
}

fn cache_control(exchange: &Exchange) -> Vec<String> {
    let headers = exchange
        .response_headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
    headers
        .flat_map(|(_, value)| value.split(','))
        .map(|directive| directive.trim().to_ascii_lowercase())
        .collect()
}

fn lifetime(directives: &[String]) -> Option<u64> {
    directives
        .iter()
        .find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok())
}

/// What only the pages of debuggers and crashed programs show.
const TRACES: [(&str, &str); 17] = [
    ("Traceback (most recent call last)", "a Python traceback"),
    ("Werkzeug Debugger", "the debugger of Werkzeug"),
    ("DJANGO_SETTINGS_MODULE", "the debug page of Django"),
    ("DEBUG = True", "the debug page of Django"),
    ("/site-packages/", "paths of Python packages"),
    ("\\n    at ", "a stack trace"),
    ("\n    at ", "a stack trace"),
    ("&nbsp; &nbsp;at ", "a stack trace of Express"),
    ("\n\tat ", "a Java stack trace"),
    ("java.lang.", "a Java exception"),
    ("goroutine 1", "a Go stack trace"),
    ("panic: ", "a Go panic"),
    ("panicked at ", "a Rust panic"),
    ("stack backtrace:", "a Rust backtrace"),
    ("<b>Fatal error</b>", "a PHP error"),
    ("#0 {main}", "a PHP stack trace"),
    (".rb:in ", "a Ruby stack trace"),
];

/// The kind of trace that an answer shows.
pub(super) fn trace(exchange: &Exchange) -> Option<&'static str> {
    let body = String::from_utf8_lossy(&exchange.response_body);
    TRACES
        .iter()
        .find(|(sign, _)| body.contains(sign))
        .map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exchange::{Direction, Omitted};

    fn answer(status: u16, cache_control: &str, body: &str) -> Exchange {
        Exchange {
            direction: Direction::ToIntegration,
            method: "GET".to_owned(),
            url: "http://localhost/".to_owned(),
            request_headers: Vec::new(),
            request_body: Vec::new(),
            status: Some(status),
            response_headers: vec![("Cache-Control".to_owned(), cache_control.to_owned())],
            response_body: body.as_bytes().to_vec(),
            error: None,
            omitted: Omitted::default(),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn it_is_known_what_browsers_keep() {
        for (status, cache_control, kept) in [
            (302, "", false),
            (301, "", true),
            (308, "no-store", false),
            (301, "max-age=0", false),
            (302, "max-age=60", true),
            (303, "public", true),
            (302, "private, no-cache, max-age=60", false),
        ] {
            let answer = answer(status, cache_control, "");
            assert_eq!(is_cacheable(&answer), kept, "{status} {cache_control}");
        }
        assert!(is_private(&answer(200, "Private, max-age=60", "")));
        assert!(!is_private(&answer(200, "public, max-age=60", "")));
    }

    #[test]
    fn traces_are_recognised() {
        let express = "<pre>Error: no<br> &nbsp; &nbsp;at /app/server.js:12:3</pre>";
        assert_eq!(trace(&answer(500, "", express)), Some("a stack trace of Express"));
        let sentence = "<p>This did not begin here. Look at the first page, and start again.</p>";
        assert_eq!(trace(&answer(400, "", sentence)), None);
    }
}
