//! The address of `--forward-to`, which may be short.

use std::{fmt, str::FromStr};

use revento::types::text::printable;
use url::Url;

const HOST: &str = "localhost";
const PORT: u16 = 3000;
const PATH: &str = "/webhooks";

/// Where to forward webhooks to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForwardUrl(Url);

impl ForwardUrl {
    pub(crate) fn into_url(self) -> Url {
        self.0
    }
}

impl FromStr for ForwardUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text).map(Self)
    }
}

impl fmt::Display for ForwardUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn parse(text: &str) -> Result<Url, String> {
    let wrong = |why: &str| {
        format!(
            "{} {why}; give a URL, or short 3000, 3000/hooks, /hooks or localhost:3000",
            printable(text)
        )
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
        Some(_) => return Err(wrong("is not an http or https URL")),
        None => ("http", text),
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let authority = match authority {
        "" if text.contains("://") => return Err(wrong("has no host")),
        "" if path.is_empty() => return Err(wrong("is empty")),
        "" => format!("{HOST}:{PORT}"),
        port if port.bytes().all(|byte| byte.is_ascii_digit()) => format!("{HOST}:{port}"),
        port if port.starts_with(':') => format!("{HOST}{port}"),
        host => host.to_owned(),
    };
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{PATH}{path}")
    };
    let url = Url::parse(&format!("{scheme}://{authority}{path}"))
        .map_err(|error| wrong(&format!("is not a URL ({error})")))?;
    if url.port() == Some(0) {
        return Err(wrong("names port 0, on which nothing listens"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "contains a user name or password, which webhooks do not have",
        ));
    }
    if url.fragment().is_some() {
        return Err(wrong("has a fragment, which is never sent"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l1_an_address_may_be_short() {
        for (short, url) in [
            ("3000", "http://localhost:3000/webhooks"),
            ("3000/", "http://localhost:3000/"),
            ("8080/hooks/in?a=b", "http://localhost:8080/hooks/in?a=b"),
            (":8080", "http://localhost:8080/webhooks"),
            (":8080/x", "http://localhost:8080/x"),
            ("/hooks", "http://localhost:3000/hooks"),
            ("/", "http://localhost:3000/"),
            ("?a=b", "http://localhost:3000/webhooks?a=b"),
            ("receiver", "http://receiver/webhooks"),
            ("receiver.test", "http://receiver.test/webhooks"),
            ("localhost:3000", "http://localhost:3000/webhooks"),
            ("127.0.0.1:3000/hooks", "http://127.0.0.1:3000/hooks"),
            ("[::1]:3000", "http://[::1]:3000/webhooks"),
            ("http://localhost:3000", "http://localhost:3000/webhooks"),
            ("http://localhost:3000/", "http://localhost:3000/"),
            ("https://localhost/hooks", "https://localhost/hooks"),
        ] {
            assert_eq!(parse(short).unwrap().as_str(), url, "{short}");
        }
    }

    #[test]
    fn l1_what_is_no_address_is_refused_with_examples() {
        for wrong in [
            "",
            "70000",
            "0",
            "http://",
            "https:///hooks",
            "ftp://localhost",
            "me:pw@localhost:3000",
            "3000#part",
            "local host",
            "file:///etc/passwd",
            "localhost:port",
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(error.contains("3000/hooks"), "{wrong}: {error}");
        }
    }
}
