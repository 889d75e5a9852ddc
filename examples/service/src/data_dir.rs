//! The data directory: the database, and the key that seals the secrets in it.

use std::{
    error::Error,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use revento::{
    ErrorKind, KeyRing, SealingKey, SqliteStore,
    store::{OsEntropy, Sealed, Sealer, Unsealed},
    store_sqlite::OpenError,
};

use crate::private_file;

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
    /// Others than its owner can use a file, so it is not used.
    #[error("{} is not safe to use; if nobody else can have read or written it, correct that and start again", path.display())]
    Unsafe {
        /// The path of the file.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The key file does not hold sealing keys: one, or the new and the old one with a comma between them.
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
            Self::Io { .. } | Self::Unsafe { .. } => ErrorKind::Configuration,
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

/// Sealed with the key before there is data. A key that cannot open it is not the key of the data.
const CHECK: &[u8] = b"revento sealing key";
const CHECK_CONTEXT: &str = "revento/sealing-key-check";

impl DataDir {
    /// Opens the directory. Creates it with a new key if it does not exist; of several processes that do so at once, one creates the
    /// key and the others use it.
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
        let text = match read(&path)? {
            Some(text) => text,
            None if has_data => return Err(DataDirError::MissingKey { path }),
            None => create_key(&path)?,
        };
        let text = str::from_utf8(&text).unwrap_or_default();
        let Ok(ring) = KeyRing::from_base64(text) else {
            return Err(DataDirError::InvalidKey { path });
        };
        let check = directory.join("sealing.check");
        match open_check(&ring, read(&check)?).await {
            Some(opened) if !opened.reseal => return Ok(ring),
            // The key is being replaced.
            Some(_) => {}
            None if has_data => return Err(DataDirError::WrongKey { path }),
            // A check without data is of a start that did not finish.
            None => {}
        }
        let sealed = ring.seal(CHECK_CONTEXT, CHECK).await.map_err(not_generated)?;
        private_file::replace(&check, sealed.as_bytes()).map_err(in_file(&check))?;
        Ok(ring)
    }
}

/// `None` if there is no check, or none that these keys open.
async fn open_check(ring: &KeyRing, sealed: Option<Vec<u8>>) -> Option<Unsealed> {
    let opened = ring
        .open(CHECK_CONTEXT, &Sealed::from_bytes(sealed?))
        .await
        .ok()?;
    (*opened.plaintext == CHECK).then_some(opened)
}

/// Creates the key file. Returns its text, which another process may have written first.
fn create_key(path: &Path) -> Result<Vec<u8>, DataDirError> {
    let text = SealingKey::generate(&OsEntropy)
        .map_err(not_generated)?
        .to_base64();
    if private_file::write_new(path, text.as_bytes()).map_err(in_file(path))? {
        return Ok(text.as_bytes().to_vec());
    }
    read(path)?.ok_or_else(|| in_file(path)(io::ErrorKind::NotFound.into()))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, DataDirError> {
    private_file::read(path).map_err(in_file(path))
}

/// An error of a file in the directory.
pub(crate) fn in_file(path: &Path) -> impl Fn(io::Error) -> DataDirError {
    move |source| {
        let path = path.into();
        if private_file::is_refusal(&source) {
            DataDirError::Unsafe { path, source }
        } else {
            DataDirError::Io { path, source }
        }
    }
}

fn not_generated(error: impl Error + Send + Sync + 'static) -> DataDirError {
    DataDirError::KeyGeneration {
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A start that another one overtakes at any step uses its key.
    #[tokio::test(flavor = "multi_thread")]
    async fn h27_many_first_starts_share_one_key() {
        for _ in 0..20 {
            let home = tempfile::tempdir().unwrap();
            let starts: Vec<_> = (0..8)
                .map(|_| {
                    let path = home.path().join("data");
                    tokio::spawn(async move {
                        fs::DirBuilder::new().recursive(true).create(&path).unwrap();
                        DataDir::key(&path, path.join("integration.db").exists())
                            .await
                            .unwrap()
                    })
                })
                .collect();
            let mut rings = Vec::new();
            for start in starts {
                rings.push(start.await.unwrap());
            }
            let sealed = rings[0].seal("context", b"secret").await.unwrap();
            for ring in &rings {
                assert!(ring.open("context", &sealed).await.is_ok());
            }
            let again = DataDir::key(&home.path().join("data"), true).await.unwrap();
            assert!(again.open("context", &sealed).await.is_ok());
        }
    }

    #[tokio::test]
    async fn h15_the_key_is_replaced_by_one_in_front_of_it() {
        let home = tempfile::tempdir().unwrap();
        let sealed = |directory: DataDir| async move { directory.sealer().seal("context", b"secret").await };
        let before = sealed(DataDir::open(home.path()).await.unwrap()).await.unwrap();

        let path = home.path().join("sealing.key");
        let old = fs::read_to_string(&path).unwrap();
        let new = SealingKey::generate(&OsEntropy).unwrap().to_base64();
        fs::write(&path, format!("{},{old}", *new)).unwrap();
        let both = DataDir::open(home.path()).await.unwrap();
        assert!(both.sealer().open("context", &before).await.unwrap().reseal);

        // The old one can go when nothing is sealed under it.
        fs::write(&path, new.as_bytes()).unwrap();
        DataDir::open(home.path()).await.unwrap();
        fs::write(&path, old).unwrap();
        let error = DataDir::open(home.path()).await.unwrap_err();
        assert!(matches!(error, DataDirError::WrongKey { .. }), "{error}");
    }

    #[tokio::test]
    async fn h27_a_key_that_others_may_read_is_refused() {
        let home = tempfile::tempdir().unwrap();
        drop(DataDir::open(home.path()).await.unwrap());
        let key = home.path().join("sealing.key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        let error = DataDir::open(home.path()).await.unwrap_err();
        assert!(matches!(error, DataDirError::Unsafe { .. }), "{error}");
    }
}
