//! Why a server could not be used, in sentences with a next step.

use revento_store::ErrorKind;

/// The store could not be opened. No error shows the URL: it may have a password in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is none of Redis's.
    #[error(
        "the Redis URL cannot be read: expected redis://user:password@host:port/0, or rediss:// with TLS"
    )]
    BadUrl,
    /// The server does not answer, or refuses the login.
    #[error("the Redis server cannot be used: check host, port, user and password")]
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
        /// What it is.
        value: String,
        /// What it has to be.
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
