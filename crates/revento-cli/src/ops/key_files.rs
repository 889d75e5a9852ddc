//! The sealing keys of a service, from files.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, Result};
use revento::{KeyRing, SealingKey};
use revento_example_service::private_file;

/// A file with a sealing key in Base64, and the id that the service gives to the key if it is not the key's fingerprint.
#[derive(Debug, Clone)]
pub(crate) struct KeyFile {
    id: Option<String>,
    path: PathBuf,
}

impl FromStr for KeyFile {
    type Err = Infallible;

    /// `FILE` or `ID=FILE`. A `=` behind a slash belongs to the path.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once('=') {
            Some((id, path)) if !id.is_empty() && !id.contains('/') => Self {
                id: Some(id.to_owned()),
                path: path.into(),
            },
            _ => Self {
                id: None,
                path: text.into(),
            },
        })
    }
}

impl KeyFile {
    /// The key, from a file that only its owner can use.
    pub(crate) fn read(&self) -> Result<SealingKey> {
        let path = &self.path;
        let content = private_file::read(path).with_context(|| format!("{} is not used", path.display()))?;
        let content = content.with_context(|| format!("there is no file {}", path.display()))?;
        let key = parse(&content).with_context(|| no_key(path))?;
        match &self.id {
            Some(id) => key.with_id(id).with_context(|| no_key(path)),
            None => Ok(key),
        }
    }
}

fn parse(content: &[u8]) -> Result<SealingKey> {
    Ok(SealingKey::from_base64(
        str::from_utf8(content).unwrap_or_default(),
    )?)
}

fn no_key(path: &Path) -> String {
    format!("{} does not hold a sealing key", path.display())
}

/// Keys of which none is needed.
#[derive(Debug, clap::Args)]
pub(crate) struct OptionalKeys {
    /// The file with the service's sealing key (Base64); `ID=FILE` if the service gives the key an id of its own.
    #[arg(long, value_name = "FILE")]
    key_file: Option<KeyFile>,
    /// A file with a previous key. May be repeated.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    previous_key_file: Vec<KeyFile>,
}

impl OptionalKeys {
    /// The ring; `None` if no key was given.
    pub(crate) fn ring(&self) -> Result<Option<KeyRing>> {
        let current = self.key_file.as_ref();
        current
            .map(|current| ring(current, &self.previous_key_file))
            .transpose()
    }
}

/// The key to seal under, and those to open with.
#[derive(Debug, clap::Args)]
pub(crate) struct RequiredKeys {
    /// The file with the current sealing key (Base64); `ID=FILE` if the service gives the key an id of its own.
    #[arg(long, value_name = "FILE")]
    key_file: KeyFile,
    /// A file with a previous key. May be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    previous_key_file: Vec<KeyFile>,
}

impl RequiredKeys {
    pub(crate) fn ring(&self) -> Result<KeyRing> {
        ring(&self.key_file, &self.previous_key_file)
    }
}

fn ring(current: &KeyFile, previous: &[KeyFile]) -> Result<KeyRing> {
    let mut ring = KeyRing::new(current.read()?);
    for previous in previous {
        ring = ring
            .with_previous(previous.read()?)
            .with_context(|| format!("{} is given twice, or its id is", previous.path.display()))?;
    }
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_before_the_file() {
        for (text, id, path) in [
            ("sealing.key", None, "sealing.key"),
            ("2026-05=/etc/keys/new", Some("2026-05"), "/etc/keys/new"),
            ("/etc/a=b", None, "/etc/a=b"),
            ("./a=b", None, "./a=b"),
            ("=x", None, "=x"),
        ] {
            let Ok(file) = text.parse::<KeyFile>();
            assert_eq!((file.id.as_deref(), file.path.as_path()), (id, Path::new(path)));
        }
    }
}
