//! From a URL to the driver's options.
//!
//! The driver's own parser takes any scheme, ignores parameters that it does not know, and falls back to a connection without TLS. This
//! module sets each part itself.

use std::{borrow::Cow, net::IpAddr};

use percent_encoding::percent_decode_str;
use sqlx::{
    ConnectOptions as _,
    mysql::{MySqlConnectOptions, MySqlSslMode},
};
use url::Url;

use crate::OpenError;

const PORT: u16 = 3306;

/// The options for a URL.
pub(crate) fn connect_options(url: &str) -> Result<MySqlConnectOptions, OpenError> {
    Ok(Target::parse(url).ok_or(OpenError::BadUrl)?.into_options())
}

/// What a URL says.
struct Target {
    host: String,
    socket: Option<String>,
    port: u16,
    user: String,
    password: String,
    database: String,
    ssl_mode: Option<MySqlSslMode>,
    root_cert: Option<String>,
    client_cert: Option<(String, String)>,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if !matches!(url.scheme(), "mysql" | "mariadb") || url.fragment().is_some() {
            return None;
        }
        let mut target = Self {
            host: "localhost".to_owned(),
            socket: None,
            port: url.port().unwrap_or(PORT),
            user: decode(url.username())?.into_owned(),
            password: decode(url.password().unwrap_or_default())?.into_owned(),
            database: decode(url.path().trim_start_matches('/'))?.into_owned(),
            ssl_mode: None,
            root_cert: None,
            client_cert: None,
        };
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            target.set_host(&decode(host)?);
        }
        let (mut cert, mut key) = (None, None);
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match &*name {
                "socket" => target.socket = Some(value),
                "ssl-mode" => target.ssl_mode = Some(value.parse().ok()?),
                "ssl-ca" => target.root_cert = Some(value),
                "ssl-cert" => cert = Some(value),
                "ssl-key" => key = Some(value),
                _ => return None,
            }
        }
        target.client_cert = match (cert, key) {
            (None, None) => None,
            (cert, key) => Some((cert?, key?)),
        };
        (!target.user.is_empty() && !target.database.is_empty()).then_some(target)
    }

    /// A host that begins with a slash is the path of a Unix socket.
    fn set_host(&mut self, host: &str) {
        if host.starts_with('/') {
            self.socket = Some(host.to_owned());
        } else {
            host.trim_matches(['[', ']']).clone_into(&mut self.host);
        }
    }

    /// Whether nobody can be in between.
    fn is_local(&self) -> bool {
        let is_loopback = |host: &str| host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        self.socket.is_some() || self.host.eq_ignore_ascii_case("localhost") || is_loopback(&self.host)
    }

    fn into_options(self) -> MySqlConnectOptions {
        let ssl_mode = self.ssl_mode.unwrap_or(if self.is_local() {
            MySqlSslMode::Preferred
        } else {
            MySqlSslMode::VerifyIdentity
        });
        let mut options = MySqlConnectOptions::new()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .database(&self.database)
            .ssl_mode(ssl_mode)
            // The store needs none of these settings of a session.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            .statement_cache_capacity(0)
            .disable_statement_logging();
        if !self.password.is_empty() {
            options = options.password(&self.password);
        }
        if let Some(file) = &self.root_cert {
            options = options.ssl_ca(file);
        }
        if let Some((cert, key)) = &self.client_cert {
            options = options.ssl_client_cert(cert).ssl_client_key(key);
        }
        if let Some(socket) = self.socket {
            options = options.socket(socket);
        }
        options
    }
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> MySqlConnectOptions {
        connect_options(url).unwrap()
    }

    fn ssl_mode(url: &str) -> String {
        format!("{:?}", options(url).get_ssl_mode())
    }

    #[test]
    fn h20_a_remote_host_needs_tls_unless_the_url_says_otherwise() {
        for remote in [
            "mysql://u:p@db.internal/x",
            "MYSQL://u:p@db.internal/x",
            "mariadb://u@10.0.0.7:6033/x",
            "mysql://u@[fe80::1]/x",
            "mysql://u@localhost.evil.test/x",
        ] {
            assert_eq!(ssl_mode(remote), "VerifyIdentity", "{remote}");
        }
        for local in [
            "mysql://u@127.0.0.1/x",
            "mysql://u@LOCALHOST/x",
            "mysql://u@[::1]:3307/x",
            "mysql://u@db.internal/x?socket=/run/mysqld/mysqld.sock",
            "mysql://u@%2Frun%2Fmysqld%2Fmysqld.sock/x",
        ] {
            assert_eq!(ssl_mode(local), "Preferred", "{local}");
        }
        assert_eq!(ssl_mode("mysql://u@db.internal/x?ssl-mode=DISABLED"), "Disabled");
        assert_eq!(
            ssl_mode("mysql://u@localhost/x?ssl-mode=verify_identity"),
            "VerifyIdentity"
        );
    }

    #[test]
    fn h20_each_part_is_taken_from_the_url_alone() {
        let from_url = options("mysql://me%40x:pass%20word@db.internal:6033/a%2Fb");
        assert_eq!(from_url.get_host(), "db.internal");
        assert_eq!(from_url.get_port(), 6033);
        assert_eq!(from_url.get_username(), "me@x");
        assert_eq!(from_url.get_database(), Some("a/b"));
        let shortest = options("mariadb://me@localhost/x");
        assert_eq!(shortest.get_host(), "localhost");
        assert_eq!(shortest.get_port(), PORT);
        assert!(shortest.get_socket().is_none());
        let socket = options("mysql://me@localhost/x?socket=/run/mysqld/mysqld.sock");
        assert_eq!(
            socket.get_socket().cloned(),
            Some("/run/mysqld/mysqld.sock".into())
        );
    }

    #[test]
    fn h20_other_schemes_and_parameters_are_refused() {
        for url in [
            "postgres://u:planted@db/x",
            "http://u:planted@db/x",
            "mysql:u:planted@db/x",
            "mysql://db/x",
            "mysql://u:planted@db",
            "mysql://u:planted@db/x?ssl-mode=sometimes",
            "mysql://u:planted@db/x?sslmode=disabled",
            "mysql://u:planted@db/x?ssl-cert=a.pem",
            "mysql://u:planted@db/x#ssl-mode=disabled",
            "mysql://u:%FF@db/x",
        ] {
            let refused = connect_options(url).map(drop);
            assert!(matches!(refused, Err(OpenError::BadUrl)), "{url}: {refused:?}");
        }
    }
}
