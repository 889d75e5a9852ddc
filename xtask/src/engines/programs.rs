//! Finds installed programs.

use std::path::{Path, PathBuf};

/// Debian's folder of servers that an ordinary search path does not have.
const BESIDE_THE_PATH: &[&str] = &["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Debian's folder of PostgreSQL's programs, with one folder for each version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// The first program of any of these names.
pub(super) fn find(names: &[&str]) -> Option<PathBuf> {
    let folders = folders();
    names.iter().find_map(|name| {
        folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    })
}

/// Like [`find`], with an error if there is none.
pub(super) fn require(names: &[&str]) -> Result<PathBuf, String> {
    find(names).ok_or_else(|| format!("{} not found", names.join(" or ")))
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(BESIDE_THE_PATH.iter().map(PathBuf::from));
    folders.extend(postgres_folders(Path::new(POSTGRES_VERSIONS)));
    folders
}

/// Newest version first.
fn postgres_folders(versions: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir(versions)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse().ok()?,
                entry.path().join("bin"),
            ))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_postgres_wins_by_number_and_not_by_text() {
        let versions = tempfile::tempdir().unwrap();
        for name in ["9", "15", "16", "notes"] {
            std::fs::create_dir(versions.path().join(name)).unwrap();
        }
        let folders = postgres_folders(versions.path());
        let expected: Vec<_> = ["16", "15", "9"]
            .map(|name| versions.path().join(name).join("bin"))
            .into();
        assert_eq!(folders, expected);
    }

    #[test]
    fn a_missing_program_is_named() {
        assert_eq!(
            require(&["no-such-program"]).unwrap_err(),
            "no-such-program not found"
        );
    }
}
