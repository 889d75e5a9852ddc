//! Files that only their owner may use: keys, secrets, and exports of personal data.
//!
//! All checks are made on the open file and not on its path, so that nobody can exchange the file in between.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use rustix::{fs::OFlags, process::geteuid};

const OWNER_ONLY: u32 = 0o600;

/// What an existing file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read it.
    Read,
    /// To write it. Then it must not have a second name (a hard link): whoever made that name may want another file to be
    /// overwritten.
    Write,
}

/// Opens an existing file. Refuses a symbolic link, anything but a regular file, the file of another user, and one that others may
/// read or write.
///
/// # Errors
/// The file cannot be opened, or is refused ([`is_refusal`]).
pub fn open(path: &Path, access: Access) -> io::Result<File> {
    // Without NONBLOCK, opening a pipe would wait for its other end.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let opened = OpenOptions::new()
        .read(access == Access::Read)
        .write(access == Access::Write)
        .custom_flags(flags)
        .open(path);
    let file = opened.map_err(|error| match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => refusal("it is a symbolic link"),
        _ => error,
    })?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(refusal("it is not a regular file"));
    }
    if found.uid() != geteuid().as_raw() {
        return Err(refusal("another user owns it"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(refusal("other users may read or write it; run chmod 600 on it"));
    }
    if access == Access::Write && found.nlink() != 1 {
        return Err(refusal("it has a second name (a hard link)"));
    }
    Ok(file)
}

/// Reads an existing file whole; `None` if there is none.
///
/// # Errors
/// Those of [`open`], or the file cannot be read.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = match open(path, Access::Read) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Creates an empty file for writing.
///
/// # Errors
/// There is one already, or it cannot be created.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)
}

/// Writes a new file, whole and durable before it gets its name. `false` if there is a file of that name already, which stays: of
/// several processes one wins.
///
/// # Errors
/// The file cannot be written.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<bool> {
    match written(path, content)?.persist_noclobber(path) {
        Ok(_) => sync_directory(path).map(|()| true),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(refused) => Err(refused.error),
    }
}

/// Writes a file, whole and durable before it gets its name. It takes the place of another file; of a symbolic link it takes the
/// place of the link.
///
/// # Errors
/// The file cannot be written.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    written(path, content)?
        .persist(path)
        .map_err(|refused| refused.error)?;
    sync_directory(path)
}

/// Whether [`open`] refused a file that exists.
pub fn is_refusal(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Refusal>())
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refusal(&'static str);

fn refusal(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, Refusal(why))
}

/// A file beside `path` with a name that no other process uses.
fn written(path: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(OWNER_ONLY))
        .tempfile_in(directory_of(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes the name of a file durable.
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
