//! The data directory: the database, and the key that seals the secrets in it.

use std::{
    error::Error,
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use revento::{
    ErrorKind, KeyRing, SealingKey, SqliteStore,
    store::{OsEntropy, Sealed, Sealer},
    store_sqlite::OpenError,
};

/// An open data directory. Only its owner can read its files.
#[derive(Debug)]
pub struct DataDir {
    store: SqliteStore,
    sealer: Arc<KeyRing>,
}

/// The data directory cannot be used. Its data is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// The directory or a file in it cannot be read or written.
    #[error("{} cannot be used; choose another data directory", path.display())]
    Io {
        /// The path of the directory or file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The key file does not hold a sealing key.
    #[error("{} does not hold a sealing key; restore the key, or delete {} and connect again", path.display(), parent(path))]
    InvalidKey {
        /// The path of the key file.
        path: PathBuf,
    },
    /// There is a database, but the key file is missing.
    #[error("{} is missing, and the data cannot be read without it; restore the key, or delete {} and connect again", path.display(), parent(path))]
    MissingKey {
        /// The path of the key file.
        path: PathBuf,
    },
    /// The data was sealed with another key.
    #[error("{} is not the key that the data was sealed with; restore the right key, or delete {} and connect again", path.display(), parent(path))]
    WrongKey {
        /// The path of the key file.
        path: PathBuf,
    },
    /// No sealing key could be generated.
    #[error("a new sealing key could not be generated; start the program again")]
    KeyGeneration {
        /// The error of the random number generator or the cipher.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
}

impl DataDirError {
    /// Who is at fault, or what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } => ErrorKind::Configuration,
            Self::InvalidKey { .. } | Self::MissingKey { .. } | Self::WrongKey { .. } => ErrorKind::Sealing,
            Self::KeyGeneration { .. } => ErrorKind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    /// Whether opening the same directory can succeed later without a change.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::KeyGeneration { .. } => true,
            _ => false,
        }
    }

    /// Always false: a directory that cannot be opened keeps its data as it is.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

fn parent(path: &Path) -> std::path::Display<'_> {
    path.parent().unwrap_or(path).display()
}

/// Sealed with the key when the key is generated. A key that cannot open it is not the key of the data.
const CHECK: &[u8] = b"revento sealing key";
const CHECK_CONTEXT: &str = "revento/sealing-key-check";

impl DataDir {
    /// Opens the directory. Creates it with a new key if it does not exist.
    ///
    /// # Errors
    /// When the directory cannot be used. The error says what to do.
    pub async fn open(path: &Path) -> Result<Self, DataDirError> {
        let created = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        created.map_err(|source| DataDirError::Io {
            path: path.into(),
            source,
        })?;
        let database = path.join("integration.db");
        let key = Self::key(path, database.exists()).await?;
        Ok(Self {
            store: SqliteStore::open(database).await?,
            sealer: Arc::new(key),
        })
    }

    /// The store for tokens, webhooks and deletion duties.
    pub fn store(&self) -> SqliteStore {
        self.store.clone()
    }

    /// Seals tokens, webhook bodies and cookies.
    pub fn sealer(&self) -> Arc<KeyRing> {
        Arc::clone(&self.sealer)
    }

    async fn key(directory: &Path, has_data: bool) -> Result<KeyRing, DataDirError> {
        let path = directory.join("sealing.key");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let key = SealingKey::from_base64(text.trim());
                let ring = KeyRing::new(key.map_err(|_| DataDirError::InvalidKey { path: path.clone() })?);
                if has_data && !opens_check(&ring, directory).await {
                    return Err(DataDirError::WrongKey { path });
                }
                Ok(ring)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && has_data => {
                Err(DataDirError::MissingKey { path })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => generate_key(&path).await,
            Err(source) => Err(DataDirError::Io { path, source }),
        }
    }
}

async fn opens_check(ring: &KeyRing, directory: &Path) -> bool {
    let Ok(sealed) = fs::read(directory.join("sealing.check")) else {
        return false;
    };
    ring.open(CHECK_CONTEXT, &Sealed::from_bytes(sealed))
        .await
        .is_ok_and(|opened| *opened.plaintext == CHECK)
}

/// Writes the check before the key: a crash in between leaves a check without a key, which the next start replaces.
async fn generate_key(path: &Path) -> Result<KeyRing, DataDirError> {
    let key = SealingKey::generate(&OsEntropy).map_err(not_generated)?;
    let text = key.to_base64();
    let ring = KeyRing::new(key);
    let check = ring.seal(CHECK_CONTEXT, CHECK).await.map_err(not_generated)?;
    let not_written = |source| DataDirError::Io {
        path: path.into(),
        source,
    };
    write(&path.with_extension("check"), check.as_bytes()).map_err(not_written)?;
    write(path, text.as_bytes()).map_err(not_written)?;
    Ok(ring)
}

fn not_generated(error: impl Error + Send + Sync + 'static) -> DataDirError {
    DataDirError::KeyGeneration {
        source: Box::new(error),
    }
}

/// Writes a file atomically and durably, readable for its owner only.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".new");
    let partial = PathBuf::from(partial);
    let _ = fs::remove_file(&partial);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(partial, path)
}
