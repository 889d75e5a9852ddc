//! Why a sandbox did not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a sandbox did not start. Each message ends with what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens there.
    #[error(
        "{address} is taken by another program; stop it, or pick another address (port 0 finds a free one)"
    )]
    AddressInUse {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}; check that it belongs to this machine and that the port is allowed")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The handed-over listener cannot be used.
    #[error("the listener that was handed over cannot be used; bind it again and hand it over unshared")]
    Listener(#[source] io::Error),
    /// A redirect URI or the webhook URL is not usable.
    #[error("{what} `{value}` cannot be registered: {reason}")]
    Configuration {
        /// Which setting.
        what: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it and how to fix it.
        reason: &'static str,
    },
    /// The manifest has a mistake.
    #[error("{name}, line {line}, column {column}: {message}")]
    Manifest {
        /// Its file, or "the manifest".
        name: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong and how to fix it.
        message: String,
    },
    /// The seed file cannot be used.
    #[error("the seed file {} cannot be used: {detail}", path.display())]
    Seed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The manifest cannot be read.
    #[error("the manifest {} cannot be read; check its path and that you may read it", path.display())]
    ManifestFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The data file is no file of a sandbox.
    #[error("{} was not written by a Revento sandbox and was left untouched; choose another file", path.display())]
    DataNotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The data file comes from a newer sandbox.
    #[error(
        "{} was written by a newer sandbox (format {found}, this one knows {known}); update, or choose another file",
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
    /// The data file is in use.
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
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The data file is damaged.
    #[error("{} is damaged ({detail}); move it away to start from the seed", path.display())]
    DataDamaged {
        /// The file.
        path: PathBuf,
        /// Which row could not be read.
        detail: String,
    },
    /// The client that delivers webhooks could not be set up.
    #[error("the webhook client could not be set up; check the machine's TLS certificates")]
    Webhooks(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The machine gives no random bytes.
    #[error("the operating system gives no random bytes; tokens cannot be made without them")]
    Entropy,
}
