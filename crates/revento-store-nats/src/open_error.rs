//! [`OpenError`]: why servers could not be used.

use revento_store::ErrorKind;

/// The store could not be opened. No error shows the URLs: they may have a password in them.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A URL is not one of NATS, or the credentials cannot be read.
    #[error(
        "the NATS URL or its credentials cannot be used: write tls://user:password@host:port, or nats:// for a server on this \
         machine, and commas between the servers of a cluster"
    )]
    BadUrl,
    /// The prefix cannot be a part of a stream's name.
    #[error("the prefix cannot be part of a stream's name: use letters, digits, `-` and `_`")]
    BadPrefix,
    /// A URL leads to another machine without TLS. Nothing was sent.
    #[error(
        "a NATS URL leads to another machine without TLS: write tls://, or, on a network that you trust, call \
         `NatsOptions::allow_plain_text`"
    )]
    PlainText,
    /// No server answers, or each refuses the login or has a certificate that is not trusted.
    #[error("the NATS servers cannot be used: check hosts, ports, user, password and certificate")]
    Unreachable {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// JetStream is not enabled, or it refuses to create a stream.
    #[error(
        "JetStream refuses the stream `{stream}`: enable JetStream for this account, and allow it the stream and its copies"
    )]
    Refused {
        /// The name of the stream.
        stream: String,
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server is too old. A single one cannot read the next message behind a position. One of a cluster checks a conditional write
    /// only before it is proposed, and after an election two servers may number messages differently: records can be lost.
    #[error("the NATS server has version {version}: use {wanted} or later, on a cluster on all nodes")]
    TooOld {
        /// The server's version.
        version: String,
        /// The oldest version that can be used.
        wanted: &'static str,
    },
    /// One server keeps the only copy, and it may not have written it to its disk when it acknowledges.
    #[error(
        "a single NATS server keeps the only copy and tells nobody whether it syncs its disk before it acknowledges: use a \
         cluster of three, or set `sync_interval: always` and call `NatsOptions::trust_the_server`"
    )]
    NotDurable,
    /// A stream exists and has a setting with which records can be lost.
    #[error("the stream `{stream}` has `{setting}: {value}` and can lose records: set `{setting}: {wanted}`")]
    StreamSetting {
        /// The name of the stream.
        stream: String,
        /// The name of the setting, as `nats stream edit` spells it.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The value that it must have.
        wanted: String,
    },
}

revento_core::readable_debug!(OpenError);

impl OpenError {
    /// [`ErrorKind::Storage`] if the engine is at fault, else [`ErrorKind::Configuration`].
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

    /// Always `false`: a failed opening changes no record. It may have created empty streams.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}
