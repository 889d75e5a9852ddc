//! The values of settings as people write them, in the file and on a command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

/// Parses a page of the integration: a whole `http` or `https` URL.
///
/// # Errors
/// A sentence that says what to write.
pub fn page(text: &str) -> Result<Url, String> {
    let example = "write the whole URL, such as http://localhost:3000/connect";
    let url: Url = text.parse().map_err(|error| format!("{error}; {example}"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return Ok(url);
    }
    Err(example.to_owned())
}

/// Parses a page in which `{event_id}` is replaced.
///
/// # Errors
/// A sentence that says what to write.
pub fn page_of_event(text: &str) -> Result<String, String> {
    page(&text.replace("{event_id}", "evt_1"))?;
    Ok(text.to_owned())
}

/// Parses a time span: `10s`, `400ms`, `1m 30s`.
///
/// # Errors
/// A sentence that says what to write.
pub fn duration(text: &str) -> Result<Duration, String> {
    let span: Result<jiff::SignedDuration, _> = text.parse();
    let duration = span.ok().and_then(|span| Duration::try_from(span).ok());
    duration.ok_or_else(|| "write a time with its unit, such as 10s or 400ms".to_owned())
}

/// Parses an address to listen on: a port of this machine (`4040`, `localhost:4040`), or an IP address and a port.
///
/// # Errors
/// A sentence that says what to write.
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let lower = text.to_ascii_lowercase();
    let port = lower.strip_prefix("localhost:").unwrap_or(&lower);
    if let Ok(port) = port.parse() {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| {
        "write a port, or an IP address and a port, such as 4040, localhost:4040 or 0.0.0.0:4040".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_whole_url() {
        assert!(page("http://localhost:3000/connect").is_ok());
        assert!(page("https://[::1]/connect").is_ok());
        for wrong in [
            "localhost:3000/connect",
            "/connect",
            "",
            "file:///tmp/x",
            "http:///",
        ] {
            assert!(
                page(wrong).unwrap_err().contains("http://localhost:3000"),
                "{wrong}"
            );
        }
        assert!(page_of_event("http://localhost/read/{event_id}").is_ok());
        assert!(page_of_event("{event_id}").is_err());
    }

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("400ms"), Ok(Duration::from_millis(400)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["10", "", "-5s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_is_a_port_or_an_ip_address_and_a_port() {
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 4040));
        assert_eq!(listen("4040"), Ok(local));
        assert_eq!(listen("LocalHost:4040"), Ok(local));
        assert_eq!(listen("0.0.0.0:1"), Ok("0.0.0.0:1".parse().unwrap()));
        assert!(listen("example.com:80").is_err() && listen("70000").is_err());
    }
}
