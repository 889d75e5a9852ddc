//! [`OpenError`]: why a server could not be used.

use revento_store::ErrorKind;

/// The store could not be opened. No error shows the URL: it may have a password in it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of Redis or Valkey.
    #[error(
        "the Redis URL cannot be used: write rediss://user:password@host:port/0, or redis:// for a server on this machine"
    )]
    BadUrl,
    /// The URL leads to another machine without TLS. Nothing was sent.
    #[error(
        "the Redis URL leads to another machine without TLS: write rediss://, or, on a network that you trust, call \
         `RedisOptions::allow_plain_text`"
    )]
    PlainText,
    /// The server does not answer, refuses the login, or has a certificate that is not trusted.
    #[error("the Redis server cannot be used: check host, port, user, password and certificate")]
    Unreachable {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server can lose what it has acknowledged.
    #[error(
        "the Redis server has `{setting} {value}` and can lose tokens: set `{setting} {wanted}`, or call \
         `RedisOptions::trust_the_server`"
    )]
    NotDurable {
        /// The name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The value that it must have.
        wanted: &'static str,
    },
    /// The server hides its settings.
    #[error(
        "the Redis server hides whether it can lose tokens: check its settings, then call `RedisOptions::trust_the_server`"
    )]
    DurabilityUnknown {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

revento_core::readable_debug!(OpenError);

impl OpenError {
    /// [`ErrorKind::Storage`] if the engine or its data is at fault, else [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } => ErrorKind::Storage,
            _ => ErrorKind::Configuration,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Always `false`: a failed opening changes nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}
