//! [`OpenError`]: why a database could not be used.

use revento_store::ErrorKind;

use crate::error;

/// The store could not be opened. No error shows the URL: it may have a password in it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of MySQL or MariaDB, names no user or no database, or has a parameter that the store does not know.
    #[error(
        "the database URL cannot be used: write mysql://user:password@host:port/database, and only the parameters that \
         `MySqlOptions::new` lists"
    )]
    BadUrl,
    /// The server offers no TLS, or its certificate is not trusted for the host's name. The password was not sent.
    #[error(
        "there is no trusted TLS connection to the database server: name its authority with `ssl-ca=FILE` in the URL, or, on a network \
         that you trust, write `ssl-mode=required` (no check of the certificate) or `ssl-mode=disabled`"
    )]
    Tls {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server does not answer.
    #[error("the database server cannot be reached: check host, port and network")]
    Unreachable {
        /// What failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refuses this user, or its password, or asks for a kind of login that the store does not have.
    #[error(
        "the database server refuses the login: check user and password; the user's plugin has to be mysql_native_password, or \
         caching_sha2_password over TLS"
    )]
    Denied {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no such database, or the user may not see it.
    #[error(
        "the database does not exist, or the user has no rights to it: create it, grant the rights, or name another"
    )]
    NoDatabase {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The user may not do what is needed.
    #[error(
        "the user lacks a right: grant SELECT, INSERT, UPDATE and DELETE, and CREATE, ALTER, INDEX and DROP or run the migrations as another"
    )]
    NotAllowed {
        /// What the server said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A setting of the server makes it useless for the store. Nothing was changed.
    #[error("the database server cannot be used: {setting}")]
    Unsuitable {
        /// The setting, and what to do.
        setting: &'static str,
    },
    /// The database has a table of this name that is not the store's, or that was changed to an engine without transactions. Nothing was
    /// changed.
    #[error(
        "the table {table} is not one of InnoDB that this store has made: restore it, or give the store a database of its own"
    )]
    ForeignTable {
        /// The name of the table.
        table: String,
    },
    /// The tables were made by an earlier version, and [no migration](crate::MySqlOptions::without_migrations) was wanted. Nothing was
    /// changed.
    #[error(
        "the tables have schema {found}, and schema {needed} is needed: let a user with the rights run the migrations, by starting the \
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
    /// A step to newer tables failed. The steps before it, and a part of it, may have been taken; data was not changed. The store continues
    /// there when it connects again.
    #[error(
        "the tables cannot be brought to schema {version}: remove the cause and connect again, and the store continues where it stopped"
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

    /// Whether tables may have been created or changed. No data was.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self,
            Self::NotMigrated { .. }
                | Self::Unreachable { .. }
                | Self::NotAllowed { .. }
                | Self::Other { .. }
        )
    }
}

/// An [`OpenError`] on its way out. The driver's errors become one by `?`, which on `OpenError` itself would be a public
/// promise about the driver's version.
#[derive(Debug)]
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
    /// A migration's own failure, unless the server or the user is at fault.
    pub(crate) fn by_migration(version: usize, error: sqlx::Error) -> Self {
        match Self::by(error) {
            Self::Other { source } => Self::NotMigrated { version, source },
            other => other,
        }
    }

    /// From the driver's error.
    fn by(error: sqlx::Error) -> Self {
        let number = error::number(&error);
        // The TLS library reports a refused certificate as invalid data.
        let no_tls = match &error {
            sqlx::Error::Tls(_) => true,
            sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
            _ => false,
        };
        let unreachable = matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut);
        // The driver does not know the plugin, or would have to encrypt the password for a connection without TLS.
        let no_plugin = match &error {
            sqlx::Error::Protocol(text) => text.contains("authentication plugin"),
            sqlx::Error::Configuration(_) => true,
            _ => false,
        };
        let source = error.into();
        match number {
            _ if no_tls => Self::Tls { source },
            _ if no_plugin => Self::Denied { source },
            Some(1045 | 1251 | 1275 | 1524 | 1698 | 1862 | 3118 | 3159 | 4151) => Self::Denied { source },
            Some(1044 | 1049) => Self::NoDatabase { source },
            Some(1142 | 1143 | 1227 | 1370) => Self::NotAllowed { source },
            Some(1665) => Self::Unsuitable {
                setting: "it writes its binary log in the format STATEMENT: set binlog_format to ROW or MIXED",
            },
            // The server is stopping, has no connection left, only reads, or has blocked the host.
            Some(1040 | 1053 | 1129 | 1130 | 1203 | 1290 | 1836 | 9001 | 9002) => {
                Self::Unreachable { source }
            }
            _ if unreachable => Self::Unreachable { source },
            _ => Self::Other { source },
        }
    }
}
