//! Which redirect URIs and webhook URLs can be registered.

use std::net::IpAddr;

use url::{Host, Url};

/// Why a redirect URI cannot be registered; `None` if it can.
pub(crate) fn redirect_objection(uri: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(uri) else {
        return Some("it is not an absolute URI; write it out, such as http://localhost:3000/callback");
    };
    if url.fragment().is_some() {
        return Some("it has a fragment, which is never sent; remove the fragment");
    }
    if uri.contains('*') {
        return Some("it has a wildcard; register each URI");
    }
    if matches!(url.scheme(), "javascript" | "data" | "file" | "vbscript" | "blob") {
        return Some("its scheme is not allowed; use http, https or a scheme of your app");
    }
    None
}

/// Why a webhook URL cannot be registered; `None` if it can.
pub(crate) fn webhook_objection(url: &str, remote_allowed: bool) -> Option<&'static str> {
    let Ok(url) = Url::parse(url) else {
        return Some("it is not an absolute URL; write it out, such as http://localhost:3000/webhooks");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("its scheme is not http or https; use one of them");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("it contains a user name or password; remove them");
    }
    if url.fragment().is_some() {
        return Some("it has a fragment, which is never sent; remove the fragment");
    }
    if remote_allowed || is_loopback(&url) {
        return None;
    }
    Some(
        "it is not on this machine; allow remote webhooks (--allow-remote-webhooks), or use a loopback address",
    )
}

/// Why a connect URL cannot be registered; `None` if it can.
pub(crate) fn connect_objection(url: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(url) else {
        return Some("it is not an absolute URL; write it out, such as http://localhost:3000/connect");
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Some("its scheme is not http or https; use one of them");
    }
    if url.fragment().is_some() {
        return Some("it has a fragment, which is never sent; remove the fragment");
    }
    None
}

/// The fewest characters of a webhook secret.
const MIN_WEBHOOK_SECRET: usize = 16;

/// Why a webhook secret is refused; `None` if it can be used.
pub(crate) fn webhook_secret_objection(secret: &str) -> Option<&'static str> {
    if secret.trim().is_empty() {
        return Some("it is blank; remove it, and one is derived");
    }
    (secret.chars().count() < MIN_WEBHOOK_SECRET).then_some(
        "it has fewer than 16 characters, so whoever sees one signed webhook could guess it; make it longer",
    )
}

/// The origin of a page as a source of a Content-Security-Policy. `None` if the page is not on the web, or if its host has
/// a character that would end the source or the directive, such as `;`.
pub(crate) fn frame_source(page: &Url) -> Option<String> {
    let origin = page.origin().ascii_serialization();
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:/[]".contains(c);
    (matches!(page.scheme(), "http" | "https") && origin.chars().all(plain)).then_some(origin)
}

/// Whether a URL names this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_only_this_machine_is_delivered_to() {
        for good in [
            "http://127.0.0.1/h",
            "http://127.9.9.9:3000/h",
            "http://[::1]:3000/h",
            "http://[::ffff:7f00:1]/h",
            "http://localhost:3000/h",
            "https://hooks.localhost/h",
        ] {
            assert_eq!(webhook_objection(good, false), None, "{good}");
        }
        for bad in [
            "http://192.168.1.4/h",
            "http://169.254.169.254/latest",
            "http://[::ffff:a9fe:a9fe]/",
            "http://example.com/h",
            "http://localhost.example.com/h",
            "http://0.0.0.0/h",
        ] {
            assert!(webhook_objection(bad, false).is_some(), "{bad}");
            assert_eq!(webhook_objection(bad, true), None, "{bad}");
        }
        for never in [
            "ftp://localhost/h",
            "http://me@localhost/h",
            "http://localhost@evil.example/",
            "/h",
            "file:///h",
        ] {
            assert!(webhook_objection(never, true).is_some(), "{never}");
        }
    }

    #[test]
    fn h32_no_page_adds_a_directive_to_a_policy() {
        let source = |text: &str| Url::parse(text).ok().and_then(|url| frame_source(&url));
        assert_eq!(
            source("http://localhost:3000/page;x?a=b;c"),
            Some("http://localhost:3000".to_owned())
        );
        assert_eq!(
            source("https://[::1]:4000/"),
            Some("https://[::1]:4000".to_owned())
        );
        for hostile in [
            "http://a;sandbox/",
            "https://a,b/",
            "http://a'b/",
            "http://*/",
            "data:text/html,x",
        ] {
            assert_eq!(source(hostile), None, "{hostile}");
        }
    }
}
