//! The data directory: a database, and the key that seals what is in it.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use revento::{
    KeyRing, SealingKey, SqliteStore,
    store::{OsEntropy, Sealed, Sealer},
    store_sqlite::OpenError,
};

/// An opened data directory. Only its owner can read it.
#[derive(Debug)]
pub struct DataDir {
    store: SqliteStore,
    sealer: Arc<KeyRing>,
}

/// The data directory cannot be used. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The directory or a file in it cannot be read or written.
    #[error("{} cannot be used: {source}; choose another directory with --data", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The key file holds no key.
    #[error("{} holds no sealing key: restore it, or delete {} and connect again", path.display(), dir(path))]
    NotAKey {
        /// The path.
        path: PathBuf,
    },
    /// There is data, but the key that seals it is gone.
    #[error("{} is missing, and the data cannot be read without it: restore it, or delete {} and connect again", path.display(), dir(path))]
    KeyMissing {
        /// The path.
        path: PathBuf,
    },
    /// The key is another one than the data is sealed under.
    #[error("{} is not the key that the data is sealed under: restore the right one, or delete {} and connect again", path.display(), dir(path))]
    KeyDoesNotFit {
        /// The path.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
}

fn dir(path: &Path) -> std::path::Display<'_> {
    path.parent().unwrap_or(path).display()
}

/// What proves that a key fits: this text, sealed under it when it was made.
const CHECK: &[u8] = b"revento sealing key";
const CHECK_CONTEXT: &str = "revento/sealing-key-check";

impl DataDir {
    /// Opens the directory, or makes it with a fresh key.
    ///
    /// # Errors
    /// When it cannot be used; the error says what to do.
    pub async fn open(path: &Path) -> Result<Self, DataError> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| DataError::Io {
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

    /// Both stores, in one file.
    pub fn store(&self) -> SqliteStore {
        self.store.clone()
    }

    /// What seals tokens, webhook bodies and cookies.
    pub fn sealer(&self) -> Arc<KeyRing> {
        Arc::clone(&self.sealer)
    }

    async fn key(directory: &Path, has_data: bool) -> Result<KeyRing, DataError> {
        let path = directory.join("sealing.key");
        match fs::read_to_string(&path) {
            Ok(text) => {
                let key = SealingKey::from_base64(text.trim());
                let ring = KeyRing::new(key.map_err(|_| DataError::NotAKey { path: path.clone() })?);
                if has_data && !fits(&ring, directory).await {
                    return Err(DataError::KeyDoesNotFit { path });
                }
                Ok(ring)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && has_data => {
                Err(DataError::KeyMissing { path })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => new_key(&path).await,
            Err(source) => Err(DataError::Io { path, source }),
        }
    }
}

async fn fits(ring: &KeyRing, directory: &Path) -> bool {
    let Ok(sealed) = fs::read(directory.join("sealing.check")) else {
        return false;
    };
    ring.open(CHECK_CONTEXT, &Sealed::from_bytes(sealed))
        .await
        .is_ok_and(|opened| *opened.plaintext == CHECK)
}

/// The check is written first: a crash in between leaves a check without a key, which the next start replaces.
async fn new_key(path: &Path) -> Result<KeyRing, DataError> {
    let failed = |source: io::Error| DataError::Io {
        path: path.into(),
        source,
    };
    let key = SealingKey::generate(&OsEntropy).map_err(|error| failed(io::Error::other(error)))?;
    let text = key.to_base64();
    let ring = KeyRing::new(key);
    let check = ring
        .seal(CHECK_CONTEXT, CHECK)
        .await
        .map_err(|error| failed(io::Error::other(error)))?;
    write(&path.with_extension("check"), check.as_bytes()).map_err(failed)?;
    write(path, text.as_bytes()).map_err(failed)?;
    Ok(ring)
}

/// Whole and durable or not at all; for the owner's eyes only.
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
