//! [`OpenError`]: why a database could not be used.

use revento_store::ErrorKind;

use crate::error;

/// The store could not be opened. No error shows the URL: it may have a password in it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of PostgreSQL, names no user, or has a parameter that the store does not know.
    #[error(
        "the database URL cannot be used: write postgres://user:password@host:port/database, and only the parameters that \
         `PostgresOptions::new` lists"
    )]
    BadUrl,
    /// An environment variable would change the connection, and the driver has no way to ignore it.
    #[error(
        "the driver would read the environment variable {variable}: unset it for this process, and write its value into the URL"
    )]
    Environment {
        /// The name of the variable.
        variable: &'static str,
    },
    /// The server offers no TLS, or its certificate is not trusted for the host's name. The password was not sent.
    #[error(
        "there is no trusted TLS connection to the PostgreSQL server: name its authority with `sslrootcert=FILE` in the URL, or, on a \
         network that you trust, write `sslmode=require` (no check of the certificate) or `sslmode=disable`"
    )]
    Tls {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server does not answer.
    #[error("the PostgreSQL server cannot be reached: check host, port and network")]
    Unreachable {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refuses this role, or its password.
    #[error("the PostgreSQL server refuses the login: check user and password")]
    Denied {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no such database.
    #[error("the database does not exist: create it, or name another")]
    NoDatabase {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The role may not do what is needed.
    #[error("the role lacks a right: let it create tables, or run the migrations as another")]
    NotAllowed {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The tables were made by an earlier version, and [no migration](crate::PostgresOptions::without_migrations) was wanted. Nothing
    /// was changed.
    #[error(
        "the tables have schema {found}, and schema {needed} is needed: let a role with the rights run the migrations, by starting the \
         service in the version of this program once, or use a program of the service's version"
    )]
    TooOld {
        /// The version of the tables; 0 if there are none.
        found: i64,
        /// The version that this store needs.
        needed: i64,
    },
    /// The tables were made by a newer version of this store. Nothing was changed.
    #[error(
        "the tables were made by a newer version (schema {found}, this version knows {known}): update this program"
    )]
    TooNew {
        /// The version of the tables.
        found: i64,
        /// The latest version that this store knows.
        known: i64,
    },
    /// A step to newer tables failed, and so none was taken. Nothing was changed.
    #[error(
        "the tables cannot be brought to schema {version}, and are as they were: remove the cause and connect again"
    )]
    NotMigrated {
        /// The version that the step leads to.
        version: usize,
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else.
    #[error("the database cannot be used")]
    Other {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

revento_core::readable_debug!(OpenError);

impl OpenError {
    /// [`ErrorKind::Storage`] if the engine or its data is at fault, else [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::NotMigrated { .. } | Self::Other { .. } => ErrorKind::Storage,
            _ => ErrorKind::Configuration,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Other { .. })
    }

    /// Always `false`: a failed opening changes nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// An [`OpenError`] on its way out. The driver's errors become one by `?`, which on `OpenError` itself would be a public
/// promise about the driver's version.
pub(crate) struct Failed(pub(crate) OpenError);

impl From<OpenError> for Failed {
    fn from(error: OpenError) -> Self {
        Self(error)
    }
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self(OpenError::by(error))
    }
}

impl OpenError {
    /// A migration's own failure, unless the server or the role is at fault.
    pub(crate) fn by_migration(version: usize, error: sqlx::Error) -> Self {
        match Self::by(error) {
            Self::Other { source } => Self::NotMigrated { version, source },
            other => other,
        }
    }

    /// From the driver's error.
    fn by(error: sqlx::Error) -> Self {
        let code = error::code(&error);
        let from_server = code.is_some();
        let unreachable = matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut);
        // The TLS library reports a refused certificate as invalid data.
        let no_tls = match &error {
            sqlx::Error::Tls(_) => true,
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
            _ => false,
        };
        if matches!(error, sqlx::Error::Configuration(_)) {
            return Self::BadUrl;
        }
        let source = error.into();
        match code.as_deref() {
            _ if no_tls => Self::Tls { source },
            Some(code) if code.starts_with("28") => Self::Denied { source },
            Some("3D000") => Self::NoDatabase { source },
            Some("42501") => Self::NotAllowed { source },
            // The server is starting, stopping, or has no connection left.
            Some(code) if code.starts_with("57P") || code.starts_with("53") => Self::Unreachable { source },
            _ if unreachable && !from_server => Self::Unreachable { source },
            _ => Self::Other { source },
        }
    }
}
