//! The exchanges of a check.

use maud::{Markup, html};

use crate::exchange::{Direction, Exchange};
use crate::text;

pub(super) fn evidence(exchanges: &[Exchange]) -> Markup {
    html! {
        ol.evidence { @for exchange in exchanges { li { (one(exchange)) } } }
    }
}

fn one(exchange: &Exchange) -> Markup {
    let who = match exchange.direction {
        Direction::ToIntegration => "to the integration",
        Direction::ToPlatform => "to the platform",
    };
    let took = format!("{} ms", exchange.duration.as_millis());
    html! {
        p.exchange {
            strong { (exchange.method) " " (text::line(&exchange.url)) }
            " " (who) ": " (status(exchange)) " after " (took)
        }
        (message("Request", &exchange.request_headers, &exchange.request_body, exchange.omitted.request_bytes))
        @match (&exchange.status, &exchange.error) {
            (None, Some(error)) => p { "No answer: " (text::lines(error)) },
            _ => (message("Answer", &exchange.response_headers, &exchange.response_body, exchange.omitted.response_bytes)),
        }
        p.label { "Repeat it" }
        pre { code { (text::lines(&exchange.curl())) } }
    }
}

fn status(exchange: &Exchange) -> Markup {
    html! {
        @match exchange.status {
            Some(status) => strong { (status) },
            None => strong { "no answer" },
        }
    }
}

fn message(name: &str, headers: &[(String, String)], body: &[u8], omitted: usize) -> Markup {
    let body = String::from_utf8_lossy(body);
    html! {
        p.label { (name) }
        @if headers.is_empty() && body.is_empty() {
            p.empty { "No headers, no body." }
        } @else {
            pre {
                code {
                    @for (name, value) in headers { b { (text::line(name)) ":" } " " (text::line(value)) "\n" }
                    @if !body.is_empty() { "\n" (text::lines(&body)) }
                    @if omitted > 0 { "\n… and " (omitted) " bytes more" }
                }
            }
        }
    }
}
