//! A proxy's URL.

use std::error::Error;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use revento_transport::{BuildError, BuildErrorReason, ProxyUrl};

#[derive(Clone)]
pub(crate) struct Proxy {
    /// Without user name and password.
    pub(crate) uri: Uri,
    /// The user name and password as Basic credentials (RFC 7617).
    pub(crate) authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Parses the URL. Errors do not repeat it, because it may carry a password.
    pub(crate) fn parse(url: &ProxyUrl) -> Result<Self, BuildError> {
        let parsed: Uri = url
            .expose()
            .parse()
            .map_err(|error: http::uri::InvalidUri| unusable(error))?;
        let (Some("http" | "https"), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(unusable("the scheme is missing or is not http or https"));
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
            .map_err(unusable)?;
        Ok(Self {
            uri,
            authorization: user.map(basic).transpose()?,
        })
    }
}

fn unusable(source: impl Into<Box<dyn Error + Send + Sync>>) -> BuildError {
    BuildError::new(BuildErrorReason::Proxy, source)
}

fn basic(user: &str) -> Result<HeaderValue, BuildError> {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut credentials: Vec<u8> = percent_decode_str(name).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password));
    let text = format!("Basic {}", BASE64_STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(text).map_err(unusable)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use revento_core::error::chain;
    use revento_transport::HttpConfig;

    use super::*;

    fn parse(url: &str) -> Result<Proxy, BuildError> {
        Proxy::parse(&HttpConfig::new().proxy(url).proxy.unwrap())
    }

    #[test]
    fn user_and_password_become_credentials() {
        let proxy = parse("http://me%40home:p%3Aw@proxy.test:3128").unwrap();
        assert_eq!(proxy.uri, "http://proxy.test:3128/");
        let expected = format!("Basic {}", BASE64_STANDARD.encode("me@home:p:w"));
        assert_eq!(proxy.authorization.unwrap(), expected);
        assert!(parse("http://proxy.test").unwrap().authorization.is_none());
    }

    #[test]
    fn an_unusable_url_is_refused_without_its_password() {
        for url in [
            "proxy.test:3128",
            "socks5://me:planted@proxy.test",
            "http://",
            "http://me:planted@:x y",
        ] {
            let error = parse(url).err().unwrap();
            let text = format!("{} {error:?}", chain(&error));
            assert!(
                text.contains("write it like") && !text.contains("planted"),
                "{text}"
            );
        }
    }
}
