//! From a URL to the driver's options.
//!
//! The driver's own parser takes each part that the URL does not have from the environment (`PGPASSWORD`, `PGSSLMODE`, …), takes any
//! scheme, and logs the values of parameters that it does not know. This module sets each part itself.

use std::{borrow::Cow, net::IpAddr};

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

use crate::OpenError;

/// Variables that the driver reads and that no option can override.
const NOT_OVERRIDDEN: [&str; 3] = ["PGOPTIONS", "PGSSLCERT", "PGSSLKEY"];
const PORT: u16 = 5432;

/// The options for a URL. `is_set` says whether an environment variable is set.
pub(crate) fn connect_options(
    url: &str,
    is_set: impl Fn(&str) -> bool,
) -> Result<PgConnectOptions, OpenError> {
    let target = Target::parse(url).ok_or(OpenError::BadUrl)?;
    if let Some(variable) = NOT_OVERRIDDEN.into_iter().find(|name| is_set(name)) {
        return Err(OpenError::Environment { variable });
    }
    Ok(target.into_options())
}

/// What a URL says.
struct Target {
    host: String,
    socket: Option<String>,
    port: u16,
    user: String,
    password: String,
    database: Option<String>,
    ssl_mode: Option<PgSslMode>,
    root_cert: Option<String>,
    client_cert: Option<(String, String)>,
    options: Option<String>,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || url.fragment().is_some() {
            return None;
        }
        let mut target = Self {
            host: "localhost".to_owned(),
            socket: None,
            port: url.port().unwrap_or(PORT),
            user: decode(url.username())?.into_owned(),
            password: decode(url.password().unwrap_or_default())?.into_owned(),
            database: Some(decode(url.path().trim_start_matches('/'))?.into_owned()),
            ssl_mode: None,
            root_cert: None,
            client_cert: None,
            options: None,
        };
        if let Some(host) = url.host_str().filter(|host| !host.is_empty()) {
            target.set_host(&decode(host)?);
        }
        let (mut cert, mut key) = (None, None);
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match &*name {
                "host" => target.set_host(&value),
                "hostaddr" => target.set_host(&value.parse::<IpAddr>().ok()?.to_string()),
                "port" => target.port = value.parse().ok()?,
                "user" => target.user = value,
                "password" => target.password = value,
                "dbname" => target.database = Some(value),
                "sslmode" | "ssl-mode" => target.ssl_mode = Some(value.parse().ok()?),
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => target.root_cert = Some(value),
                "sslcert" | "ssl-cert" => cert = Some(value),
                "sslkey" | "ssl-key" => key = Some(value),
                "options" => target.options = Some(value),
                _ => return None,
            }
        }
        target.client_cert = match (cert, key) {
            (None, None) => None,
            (cert, key) => Some((cert?, key?)),
        };
        let database = target.database.take().filter(|name| !name.is_empty());
        target.database = database;
        (!target.user.is_empty()).then_some(target)
    }

    /// A host that begins with a slash is the folder of a Unix socket.
    fn set_host(&mut self, host: &str) {
        if host.starts_with('/') {
            self.socket = Some(host.to_owned());
        } else {
            self.socket = None;
            host.trim_matches(['[', ']']).clone_into(&mut self.host);
        }
    }

    /// Whether nobody can be in between.
    fn is_local(&self) -> bool {
        let is_loopback = |host: &str| host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        self.socket.is_some() || self.host.eq_ignore_ascii_case("localhost") || is_loopback(&self.host)
    }

    fn into_options(self) -> PgConnectOptions {
        let ssl_mode = self.ssl_mode.unwrap_or(if self.is_local() {
            PgSslMode::Prefer
        } else {
            PgSslMode::VerifyFull
        });
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .password(&self.password)
            .database(self.database.as_deref().unwrap_or(&self.user))
            .ssl_mode(ssl_mode)
            // Poolers refuse start-up parameters that they do not know, and the store has no floating point numbers.
            .extra_float_digits(None);
        options = match &self.root_cert {
            Some(file) => options.ssl_root_cert(file),
            // No certificate besides the usual ones.
            None => options.ssl_root_cert_from_pem(Vec::new()),
        };
        if let Some((cert, key)) = &self.client_cert {
            options = options.ssl_client_cert(cert).ssl_client_key(key);
        }
        if let Some(socket) = self.socket {
            options = options.socket(socket);
        }
        if let Some(pairs) = &self.options {
            options = options.options(settings(pairs));
        }
        options
    }
}

/// The settings of the parameter `options`: `-c name=value -c name=value`.
fn settings(options: &str) -> Vec<(&str, &str)> {
    let words = options.split("-c").map(str::trim);
    words.filter_map(|word| word.split_once('=')).collect()
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> PgConnectOptions {
        connect_options(url, |_| false).unwrap()
    }

    fn ssl_mode(url: &str) -> String {
        format!("{:?}", options(url).get_ssl_mode())
    }

    #[test]
    fn h20_a_remote_host_needs_tls_unless_the_url_says_otherwise() {
        for remote in [
            "postgres://u:p@db.internal/x",
            "POSTGRES://u:p@db.internal/x",
            "postgresql://u@10.0.0.7:6432",
            "postgres://u@[fe80::1]/x",
            "postgres://u@localhost.evil.test/x",
            "postgres://u@localhost/x?host=db.internal",
            "postgres://u@localhost/x?hostaddr=192.0.2.1",
        ] {
            assert_eq!(ssl_mode(remote), "VerifyFull", "{remote}");
        }
        for local in [
            "postgres://u@127.0.0.1/x",
            "postgres://u@LOCALHOST/x",
            "postgres://u@[::1]:5433/x",
            "postgres://u@db.internal/x?host=/run/postgresql",
            "postgres://u@%2Frun%2Fpostgresql/x",
            "postgres:///x?host=/run/postgresql&user=u",
        ] {
            assert_eq!(ssl_mode(local), "Prefer", "{local}");
        }
        assert_eq!(ssl_mode("postgres://u@db.internal/x?sslmode=disable"), "Disable");
        assert_eq!(
            ssl_mode("postgres://u@localhost/x?sslmode=verify-full"),
            "VerifyFull"
        );
    }

    #[test]
    fn h20_each_part_is_taken_from_the_url_alone() {
        let from_url = options("postgres://me%40x:pass%20word@db.internal:6432/a%2Fb");
        assert_eq!(from_url.get_host(), "db.internal");
        assert_eq!(from_url.get_port(), 6432);
        assert_eq!(from_url.get_username(), "me@x");
        assert_eq!(from_url.get_database(), Some("a/b"));
        let shortest = options("postgres://me@localhost");
        assert_eq!(shortest.get_host(), "localhost");
        assert_eq!(shortest.get_port(), PORT);
        assert_eq!(shortest.get_database(), Some("me"));
        assert!(shortest.get_options().is_none());
        let socket = options("postgres://me@localhost/x?host=/run/postgresql")
            .get_socket()
            .cloned();
        assert_eq!(socket, Some("/run/postgresql".into()));
        let set = options("postgres://me@localhost?options=-c%20work_mem=4MB%20-c%20jit=off");
        assert_eq!(set.get_options(), Some("-c work_mem=4MB -c jit=off"));
    }

    #[test]
    fn h20_other_schemes_parameters_and_variables_are_refused() {
        for url in [
            "mysql://u:planted@db/x",
            "http://u:planted@db/x",
            "postgres+ssl://u:planted@db/x",
            "postgres:u:planted@db/x",
            "postgres://db/x",
            "postgres://u:planted@db/x?sslmode=sometimes",
            "postgres://u:planted@db/x?sslmod=disable",
            "postgres://u:planted@db/x?sslcert=a.pem",
            "postgres://u:planted@db/x#sslmode=disable",
            "postgres://u:%FF@db/x",
        ] {
            let refused = connect_options(url, |_| false).map(drop);
            assert!(matches!(refused, Err(OpenError::BadUrl)), "{url}: {refused:?}");
        }
        let refused = connect_options("postgres://u@db/x", |name| name == "PGSSLKEY").map(drop);
        let error = refused.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the driver would read the environment variable PGSSLKEY: unset it for this process, and write its value into the URL"
        );
    }
}
