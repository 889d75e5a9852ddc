//! Files that are refused, with a next step, and left as they were.

use std::{fs, path::Path};

use revento_store_sqlite::{OpenError, SqliteStore};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use crate::opening::execute;

async fn refusal(path: &Path) -> OpenError {
    SqliteStore::open(path).await.unwrap_err()
}

/// The refusal's text without the directory.
async fn text(path: &Path) -> String {
    let text = refusal(path).await.to_string();
    let directory = path.parent().unwrap().canonicalize().unwrap();
    text.replace(directory.to_str().unwrap(), "…")
}

#[tokio::test]
async fn a_missing_directory() {
    let directory = tempfile::tempdir().unwrap();
    let error = refusal(&directory.path().join("no/such/revento.sqlite")).await;
    assert!(matches!(error, OpenError::NoDirectory { .. }));
    assert!(
        error
            .to_string()
            .ends_with("does not exist: create it, or name another path")
    );
    fs::write(directory.path().join("file"), "").unwrap();
    let error = refusal(&directory.path().join("file/revento.sqlite")).await;
    assert!(matches!(error, OpenError::NoDirectory { .. }), "{error}");
}

#[tokio::test]
async fn a_directory_in_place_of_the_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("revento.sqlite")).unwrap();
    let text = text(&directory.path().join("revento.sqlite")).await;
    assert_eq!(text, "…/revento.sqlite is not a file: name another path");
    assert!(matches!(refusal(Path::new("/")).await, OpenError::BadName { .. }));
}

#[tokio::test]
async fn something_else_than_a_database() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    let notes = "remember the milk\n".repeat(1000);
    fs::write(&path, &notes).unwrap();
    assert_eq!(
        text(&path).await,
        "…/notes.txt is not an SQLite database, or it is damaged: name another path, or recover the file (a restored backup ends each connection that was refreshed since)"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), notes);
}

#[tokio::test]
async fn another_programs_database() {
    let directory = tempfile::tempdir().unwrap();
    for (name, sql) in [
        ("plain", "CREATE TABLE milk (litres)"),
        ("marked", "PRAGMA application_id = 7"),
        ("numbered", "PRAGMA user_version = 1"),
        ("log", "PRAGMA journal_mode = WAL; CREATE TABLE milk (litres)"),
    ] {
        let path = directory.path().join(name);
        execute(&path, sql).await;
        let before = fs::read(&path).unwrap();
        assert_eq!(
            text(&path).await,
            format!("…/{name} is another program's database: name another path")
        );
        assert!(before == fs::read(&path).unwrap(), "{name} was changed");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    execute(&path, "PRAGMA user_version = 99").await;
    let before = fs::read(&path).unwrap();
    let known = SqliteStore::SCHEMA_VERSION;
    assert_eq!(
        text(&path).await,
        format!(
            "…/revento.sqlite was written by a newer version (schema 99, this version knows {known}): update this program"
        )
    );
    assert!(before == fs::read(&path).unwrap());
}

#[tokio::test]
async fn a_file_that_another_program_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    let mut holder = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    let lock = holder.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(
        text(&path).await,
        "…/revento.sqlite is held by another program: stop it, or try again"
    );
    drop(lock);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_or_directory_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_ok() {
        return; // A superuser can write everything.
    }
    assert!(matches!(refusal(&path).await, OpenError::NotWritable { .. }));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let refusals = [
        refusal(&path).await,
        refusal(&directory.path().join("new.sqlite")).await,
    ];
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    for refusal in refusals {
        assert!(matches!(refusal, OpenError::NotWritable { .. }), "{refusal}");
    }
}

#[tokio::test]
async fn h26_texts_that_are_no_path_of_a_file_are_refused_and_create_nothing() {
    for (name, reason) in [
        ("", "it is empty"),
        ("  ", "it is empty"),
        (":memory:", "that is SQLite's name for a database in memory"),
        (":MEMORY:", "that is SQLite's name for a database in memory"),
        ("file:revento.sqlite", "that is a URI"),
        ("FILE:///tmp/revento.sqlite?mode=memory", "that is a URI"),
        ("sqlite:revento.sqlite", "that is a URI"),
        ("sqlite::memory:", "that is a URI"),
        ("revento.sqlite/", "that is a directory"),
        ("revento.sqlite ", "it begins or ends with white space"),
        (" revento.sqlite", "it begins or ends with white space"),
        ("revento\n.sqlite", "has a control character"),
    ] {
        let error = refusal(Path::new(name)).await;
        assert!(matches!(error, OpenError::BadName { .. }), "{name:?}: {error:?}");
        let text = error.to_string();
        assert!(
            text.contains(reason) && text.ends_with("give the path of a file"),
            "{text}"
        );
        assert!(!text.contains('\n'), "{text}");
        assert!(!Path::new(name.trim()).is_file(), "{name:?} was created");
    }
    assert!(matches!(
        refusal(Path::new("..")).await,
        OpenError::NotAFile { .. }
    ));
}
