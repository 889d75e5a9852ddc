//! What a URL says about the way to the server.

use std::net::IpAddr;

use url::Url;

/// Whether somebody can read and change what goes to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The server is on this machine.
    Local,
    /// TLS.
    Tls,
    /// Plain text over a network.
    Plain,
}

/// The way to the server of a URL; `None` if the URL is not one of Redis.
pub(crate) fn way(url: &str) -> Option<Way> {
    let url = Url::parse(url).ok()?;
    match url.scheme() {
        "rediss" | "valkeys" => Some(Way::Tls),
        "unix" | "redis+unix" | "valkey+unix" => Some(Way::Local),
        "redis" | "valkey" => Some(match url.host_str() {
            Some(host) if !is_this_machine(host) => Way::Plain,
            _ => Way::Local,
        }),
        _ => None,
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h20_the_way_is_that_of_the_parsed_url() {
        for (url, expected) in [
            ("redis://cache.internal/0", Some(Way::Plain)),
            ("REDIS://cache.internal/0", Some(Way::Plain)),
            ("valkey://10.0.0.7:6379", Some(Way::Plain)),
            ("redis://localhost.evil.test", Some(Way::Plain)),
            ("redis://u:p@[fe80::1]:6379/", Some(Way::Plain)),
            ("rediss://cache.internal/0", Some(Way::Tls)),
            ("REDISS://cache.internal/0", Some(Way::Tls)),
            ("valkeys://localhost", Some(Way::Tls)),
            ("redis://127.0.0.1/", Some(Way::Local)),
            ("redis://LOCALHOST:6379", Some(Way::Local)),
            ("redis://[::1]:6379/", Some(Way::Local)),
            ("unix:///run/redis.sock", Some(Way::Local)),
            ("http://localhost", None),
            ("mysql://localhost", None),
            ("localhost:6379", None),
            ("", None),
        ] {
            assert_eq!(way(url), expected, "{url}");
        }
    }
}
