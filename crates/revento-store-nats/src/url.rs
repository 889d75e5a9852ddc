//! What a list of URLs says about the way to the servers.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::Url;

/// Whether somebody can read and change what goes to the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Every server is on this machine.
    Local,
    /// TLS.
    Tls,
    /// Plain text over a network.
    Plain,
}

/// How a URL logs in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Login {
    Nothing,
    Token(String),
    Password(String, String),
}

/// The login of the first URL that has one: all servers of a cluster have the same.
pub(crate) fn login(urls: &str) -> Login {
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    for url in urls.split(',').filter_map(|url| Url::parse(url.trim()).ok()) {
        match (url.username(), url.password()) {
            ("", None) => {}
            (token, None) => return Login::Token(plain(token)),
            (user, Some(password)) => return Login::Password(plain(user), plain(password)),
        }
    }
    Login::Nothing
}

/// The way to the servers of a list of URLs, with commas between them; `None` if one of them is not a URL of NATS.
pub(crate) fn way(urls: &str) -> Option<Way> {
    let mut worst = Way::Local;
    for url in urls.split(',') {
        match (one(url.trim())?, worst) {
            (Way::Plain, _) | (_, Way::Plain) => worst = Way::Plain,
            (Way::Tls, _) => worst = Way::Tls,
            (Way::Local, _) => {}
        }
    }
    Some(worst)
}

fn one(url: &str) -> Option<Way> {
    let url = Url::parse(url).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    match url.scheme() {
        "tls" => Some(Way::Tls),
        "nats" if is_this_machine(host) => Some(Way::Local),
        "nats" => Some(Way::Plain),
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
    fn the_login_is_the_first_one_in_plain_letters() {
        let password = |user: &str, password: &str| Login::Password(user.to_owned(), password.to_owned());
        for (urls, expected) in [
            ("nats://a,nats://b", Login::Nothing),
            ("nats://s%40cret@a,nats://b", Login::Token("s@cret".to_owned())),
            ("nats://a,tls://user:p%3Aw@b", password("user", "p:w")),
        ] {
            assert!(login(urls) == expected, "{urls}");
        }
    }

    #[test]
    fn h20_the_way_is_the_worst_of_all_servers() {
        for (urls, expected) in [
            ("nats://127.0.0.1:4222", Some(Way::Local)),
            ("nats://token@LOCALHOST", Some(Way::Local)),
            ("nats://[::1]:4222", Some(Way::Local)),
            ("tls://nats.internal", Some(Way::Tls)),
            ("nats://nats.internal:4222", Some(Way::Plain)),
            ("nats://localhost.evil.test", Some(Way::Plain)),
            ("tls://a.internal, tls://b.internal", Some(Way::Tls)),
            ("tls://a.internal,nats://b.internal", Some(Way::Plain)),
            ("nats://localhost,nats://10.0.0.7", Some(Way::Plain)),
            ("nats://localhost,", None),
            ("ws://localhost", None),
            ("http://localhost", None),
            ("localhost:4222", None),
            ("nats://", None),
            ("", None),
        ] {
            assert_eq!(way(urls), expected, "{urls}");
        }
    }
}
