//! [`OpenError`]: why a file could not be opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use revento_store::ErrorKind;

use crate::error;

/// The store could not be opened. The file is as it was.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The text is not the path of a file. Nothing was created.
    #[error("{:?} cannot be a database's name, because {reason}: give the path of a file", path.display().to_string())]
    BadName {
        /// The text that was given.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The directory that the file would be in does not exist.
    #[error("the directory of {} does not exist: create it, or name another path", path.display())]
    NoDirectory {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The file or its directory is read-only for this user.
    #[error("{} cannot be written: let this user write the file and its directory", path.display())]
    NotWritable {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// There is something else than a file.
    #[error("{} is not a file: name another path", path.display())]
    NotAFile {
        /// What was asked for.
        path: PathBuf,
    },
    /// The file is not SQLite's, or is damaged.
    #[error("{} is not an SQLite database, or it is damaged: name another path, or recover the file (a restored backup ends each connection that was refreshed since)", path.display())]
    NotADatabase {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The file is another program's database. Nothing was written to it.
    #[error("{} is another program's database: name another path", path.display())]
    NotOurs {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// There is no file, and none was created.
    #[error("there is no database {}: name the file of the service", path.display())]
    NoFile {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// An earlier version of this store wrote the file, and no migration was wanted. Nothing was written to it.
    #[error(
        "{} has schema {found}, and schema {needed} is needed: start the service in the version of this program once, or use a program \
         of the service's version",
        path.display()
    )]
    TooOld {
        /// The file that was asked for.
        path: PathBuf,
        /// The version of the file's schema.
        found: i64,
        /// The version that this store needs.
        needed: i64,
    },
    /// The file was written by a newer version of this store. Nothing was written to it.
    #[error(
        "{} was written by a newer version (schema {found}, this version knows {known}): update this program",
        path.display()
    )]
    TooNew {
        /// The file that was asked for.
        path: PathBuf,
        /// The version of the file's schema.
        found: i64,
        /// The latest version that this store knows.
        known: i64,
    },
    /// A step to a newer schema failed, and so none was taken. Nothing was written to the file.
    #[error(
        "{} cannot be brought to schema {version}, and is as it was: remove the cause and open it again",
        path.display()
    )]
    NotMigrated {
        /// The file that was asked for.
        path: PathBuf,
        /// The version that the step leads to.
        version: usize,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another program has held the file for seconds.
    #[error("{} is held by another program: stop it, or try again", path.display())]
    Busy {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// The file system cannot keep a write-ahead log: it is a network file system, for example.
    #[error("the file system of {} is not fit for a database with several readers: use a local disk", path.display())]
    NoWriteAheadLog {
        /// The file that was asked for.
        path: PathBuf,
    },
    /// Anything else, such as a full disk.
    #[error("{} cannot be opened", path.display())]
    Other {
        /// The file that was asked for.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

revento_core::readable_debug!(OpenError);

impl OpenError {
    /// [`ErrorKind::Storage`] if the engine or its data is at fault, else [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotADatabase { .. } | Self::Busy { .. } | Self::NotMigrated { .. } | Self::Other { .. } => {
                ErrorKind::Storage
            }
            _ => ErrorKind::Configuration,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Other { .. })
    }

    /// Always `false`: a failed opening changes nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl OpenError {
    pub(crate) fn from_io(path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoDirectory { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path },
            io::ErrorKind::IsADirectory => Self::NotAFile { path },
            _ => Self::Other {
                path,
                source: error.into(),
            },
        }
    }

    /// A migration's own failure, unless the file itself is at fault.
    pub(crate) fn from_migration(path: &Path, version: usize, error: sqlx::Error) -> Self {
        match Self::from_sqlite(path, error) {
            Self::Other { path, source } => Self::NotMigrated {
                path,
                version,
                source,
            },
            other => other,
        }
    }

    pub(crate) fn from_sqlite(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        match error::result_code(&error) {
            Some(error::NOTADB | error::CORRUPT) => Self::NotADatabase { path },
            Some(error::READONLY | error::PERM | error::CANTOPEN) => Self::NotWritable { path },
            Some(error::BUSY | error::LOCKED) => Self::Busy { path },
            _ => Self::Other {
                path,
                source: error.into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_file_system_have_a_next_step() {
        let error = |kind: io::ErrorKind| {
            revento_core::error::chain(&OpenError::from_io(Path::new("/srv/revento.sqlite"), kind.into()))
                .to_string()
        };
        assert_eq!(
            error(io::ErrorKind::NotFound),
            "the directory of /srv/revento.sqlite does not exist: create it, or name another path"
        );
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem] {
            assert_eq!(
                error(kind),
                "/srv/revento.sqlite cannot be written: let this user write the file and its directory"
            );
        }
        assert_eq!(
            error(io::ErrorKind::StorageFull),
            "/srv/revento.sqlite cannot be opened: no storage space"
        );
    }
}
