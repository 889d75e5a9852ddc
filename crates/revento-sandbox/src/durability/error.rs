//! Errors of the data file.

/// The data file could not be written. The change holds in memory and is written with the next one.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the sandbox could not write its data file ({0}); free some disk space or check its permissions, then try again"
)]
pub(crate) struct WriteError(pub(super) String);

/// Why a data file could not be opened.
#[derive(Debug)]
pub(crate) enum DataFileError {
    /// The file is in use by another process.
    InUse,
    /// The file was not written by a sandbox.
    NotOurs,
    /// The file has a newer format.
    Newer { found: i64, known: i64 },
    /// The file cannot be opened or written.
    NotWritable(Box<dyn std::error::Error + Send + Sync>),
    /// A row of the file cannot be read.
    Damaged(String),
}

impl From<std::io::Error> for DataFileError {
    fn from(error: std::io::Error) -> Self {
        Self::NotWritable(error.into())
    }
}

impl From<sqlx::Error> for DataFileError {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(|error| error.code())
            .and_then(|code| code.parse::<u32>().ok());
        match code.map(|code| code & 0xff) {
            // SQLITE_BUSY, SQLITE_LOCKED
            Some(5 | 6) => Self::InUse,
            // SQLITE_NOTADB
            Some(26) => Self::NotOurs,
            // SQLITE_CORRUPT
            Some(11) => Self::Damaged(error.to_string()),
            _ => Self::NotWritable(error.into()),
        }
    }
}
