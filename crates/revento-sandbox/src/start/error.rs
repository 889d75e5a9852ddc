//! Why a sandbox did not start.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::durability::DataFileError;
use crate::error_kind::SandboxErrorKind;

/// Why a sandbox did not start. Each message ends with what to do about it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on the address.
    #[error(
        "{address} is taken by another program; stop it, or choose another address (port 0 finds a free one)"
    )]
    AddressInUse {
        /// The address to listen on.
        address: SocketAddr,
    },
    /// The sandbox cannot listen on the address.
    #[error("cannot listen on {address}; check that it belongs to this machine and that the port is allowed")]
    Listen {
        /// The address to listen on.
        address: SocketAddr,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The listener given to [`SandboxBuilder::listener`](crate::SandboxBuilder::listener) cannot be used.
    #[error("the given listener cannot be used; bind a new one and do not share it")]
    Listener(#[source] io::Error),
    /// A setting is wrong.
    #[error("{what} `{value}` cannot be used: {reason}")]
    Configuration {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it and how to fix it.
        reason: &'static str,
    },
    /// The manifest has a mistake.
    #[error("{name}, line {line}, column {column}: {message}")]
    Manifest {
        /// The path of the manifest, or "the manifest".
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong and how to fix it.
        message: String,
    },
    /// The manifest cannot be read.
    #[error("the manifest {} cannot be read; check its path and permissions", path.display())]
    ManifestFile {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The seed file has a mistake.
    #[error("the seed file {} cannot be used: {detail}", path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The seed file cannot be read.
    #[error("the seed file {} cannot be read; check its path and permissions", path.display())]
    SeedFile {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The data file was not written by a sandbox.
    #[error("{} was not written by a Revento sandbox and was left unchanged; choose another file", path.display())]
    DataNotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The data file was written by a newer sandbox.
    #[error(
        "{} was written by a newer sandbox (format {found}, this one reads up to {known}); update, or choose another file",
        path.display()
    )]
    DataNewer {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// Another sandbox has the data file open.
    #[error("{} is in use by another sandbox; stop that one first, or choose another file", path.display())]
    DataInUse {
        /// The file.
        path: PathBuf,
    },
    /// The data file cannot be opened or written.
    #[error("{} cannot be written; check that its directory exists and that you may write there", path.display())]
    DataNotWritable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system or of SQLite.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The data file is damaged.
    #[error("{} is damaged ({detail}); move it away to start from the seed", path.display())]
    DataDamaged {
        /// The file.
        path: PathBuf,
        /// Which row cannot be read, and why.
        detail: String,
    },
    /// The HTTP client that delivers webhooks cannot be built.
    #[error("the webhook client cannot be built; check the machine's TLS certificates")]
    Webhooks(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes; the sandbox cannot make tokens without them")]
    Entropy,
}

crate::error_kind::readable_debug!(StartError);

impl StartError {
    /// What kind of error this is.
    pub fn kind(&self) -> SandboxErrorKind {
        match self {
            Self::AddressInUse { .. } | Self::Listen { .. } | Self::Listener(_) => SandboxErrorKind::Network,
            Self::Configuration { .. }
            | Self::Manifest { .. }
            | Self::ManifestFile { .. }
            | Self::Seed { .. }
            | Self::SeedFile { .. }
            | Self::DataNotOurs { .. }
            | Self::DataNewer { .. } => SandboxErrorKind::Configuration,
            Self::DataInUse { .. } | Self::DataNotWritable { .. } | Self::DataDamaged { .. } => {
                SandboxErrorKind::Storage
            }
            Self::Webhooks(_) | Self::Entropy => SandboxErrorKind::Internal,
        }
    }

    /// Whether the same start may succeed later: when the other program or sandbox has stopped.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::AddressInUse { .. } | Self::DataInUse { .. })
    }

    /// Always false: a sandbox that did not start has changed nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }

    /// Why the data file at `path` cannot be used.
    pub(super) fn data(path: &Path, error: DataFileError) -> Self {
        let path = path.to_owned();
        match error {
            DataFileError::InUse => Self::DataInUse { path },
            DataFileError::NotOurs => Self::DataNotOurs { path },
            DataFileError::Newer { found, known } => Self::DataNewer { path, found, known },
            DataFileError::NotWritable(source) => Self::DataNotWritable { path, source },
            DataFileError::Damaged(detail) => Self::DataDamaged { path, detail },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn an_error_does_not_repeat_its_source() {
        let source = || io::Error::other("the cause");
        let path = || PathBuf::from("file");
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        for error in [
            StartError::Listen {
                address,
                source: source(),
            },
            StartError::Listener(source()),
            StartError::ManifestFile {
                path: path(),
                source: source(),
            },
            StartError::SeedFile {
                path: path(),
                source: source(),
            },
            StartError::DataNotWritable {
                path: path(),
                source: source().into(),
            },
            StartError::Webhooks(source().into()),
        ] {
            assert!(error.source().is_some());
            assert!(!error.to_string().contains("the cause"), "{error}");
            assert!(!error.is_transient() && !error.may_have_taken_effect());
        }
        assert!(StartError::AddressInUse { address }.is_transient());
        assert_eq!(StartError::Entropy.kind().as_str(), "internal");
    }
}
