//! A proxy, as its URL describes it.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use crate::BuildError;

const WHAT: &str = "the proxy's URL cannot be used: write it like http://proxy.example:3128";

#[derive(Clone)]
pub(crate) struct Proxy {
    /// Without user name and password.
    pub(crate) uri: Uri,
    /// From them (RFC 7617).
    pub(crate) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Parses the URL. Its errors do not repeat it, for the password.
    pub(crate) fn parse(url: &str) -> Result<Self, BuildError> {
        let parsed: Uri = url
            .parse()
            .map_err(|error: http::uri::InvalidUri| BuildError::new(WHAT, error))?;
        let (Some("http" | "https"), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(BuildError::new(
                WHAT,
                "it has no scheme, or one that is not http or https",
            ));
        };
        let (user, host) = match authority.as_str().rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority.as_str()),
        };
        let uri = Uri::builder()
            .scheme(parsed.scheme_str().unwrap_or("http"))
            .authority(host)
            .path_and_query("/")
            .build()
            .map_err(|error| BuildError::new(WHAT, error))?;
        Ok(Self {
            uri,
            authorization: user.map(basic).transpose()?,
        })
    }
}

fn basic(user: &str) -> Result<HeaderValue, BuildError> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut credentials: Vec<u8> = percent_decode_str(name).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    let text = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(text).map_err(|error| BuildError::new(WHAT, error))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_taken_out() {
        let proxy = Proxy::parse("http://me%40home:p%3Aw@proxy.test:3128").unwrap();
        assert_eq!(proxy.uri, "http://proxy.test:3128/");
        let expected = format!("Basic {}", BASE64_STANDARD.encode("me@home:p:w"));
        assert_eq!(proxy.authorization.unwrap(), expected);
        assert!(Proxy::parse("http://proxy.test").unwrap().authorization.is_none());
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_its_password() {
        for url in [
            "proxy.test:3128",
            "socks5://me:planted@proxy.test",
            "http://",
            "http://me:planted@:x y",
        ] {
            let error = Proxy::parse(url).err().unwrap();
            let told = format!("{error} {error:?}");
            assert!(
                told.contains("write it like") && !told.contains("planted"),
                "{told}"
            );
        }
    }
}
