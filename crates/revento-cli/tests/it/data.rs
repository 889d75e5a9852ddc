//! The data directory: its permissions, and the errors when it cannot be used.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

use crate::support::{Ended, Running, run};

/// A directory in which a quickstart has run.
fn used() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let mut running = Running::quickstart(&home.path().join("data"), &[]);
    running.value_of("Example integration");
    assert_eq!(running.interrupt().code, Some(0));
    home
}

/// The error for a directory that cannot be used.
fn refused(home: &Path, data: &Path) -> String {
    let arguments = [
        "quickstart",
        "--port",
        "0",
        "--sandbox-port",
        "0",
        "--data",
        data.to_str().unwrap(),
    ];
    let Ended { code, stdout, stderr } = run(&arguments);
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    let home = home.canonicalize().unwrap();
    stderr.trim_end().replace(home.to_str().unwrap(), "HOME")
}

/// Replaces the version that this program supports, because it changes over time.
fn without_our_version(message: &str) -> String {
    let (before, after) = message.split_once(')').unwrap();
    let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
    format!("{before}N){after}")
}

fn patch(file: &Path, at: usize, bytes: [u8; 4]) {
    let mut content = fs::read(file).unwrap();
    content[at..at + 4].copy_from_slice(&bytes);
    fs::write(file, content).unwrap();
}

/// The offsets of these two fields in a SQLite file (<https://sqlite.org/fileformat.html#the_database_header>).
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;

#[test]
fn l9_only_the_owner_can_read_the_directory() {
    let home = used();
    let data = home.path().join("data");
    assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&data).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "handled.jsonl",
            "integration.db",
            "integration.json",
            "sandbox.db",
            "sealing.check",
            "sealing.key"
        ]
    );
}

#[test]
fn l9_a_key_is_never_written_through_a_symlink() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    fs::create_dir(&data).unwrap();
    let elsewhere = home.path().join("elsewhere");
    for name in ["sealing.key", "sealing.check"] {
        symlink(&elsewhere, data.join(name)).unwrap();
        let message = refused(home.path(), &data);
        assert!(
            message.contains(name) && message.ends_with("it is a symbolic link"),
            "{message}"
        );
        assert!(!elsewhere.exists());
        fs::remove_file(data.join(name)).unwrap();
    }
}

#[test]
fn h27_a_key_that_others_can_use_is_refused() {
    let home = used();
    let data = home.path().canonicalize().unwrap().join("data");
    let key = data.join("sealing.key");
    for mode in [0o644, 0o660] {
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let message = refused(home.path(), &data);
        assert!(
            message.contains("is not safe to use") && message.contains("chmod 600"),
            "{message}"
        );
    }
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let mut running = Running::quickstart(&data, &[]);
    running.value_of("Example integration");
    assert_eq!(running.interrupt().code, Some(0));
}

#[test]
fn l13_a_directory_that_cannot_be_made() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let messages = refused(
        home.path(),
        &home.path().canonicalize().unwrap().join("file/below"),
    );
    insta::assert_snapshot!(
        messages,
        @"error: HOME/file/below cannot be used; choose another data directory: Not a directory (os error 20)"
    );
}

#[test]
fn l13_a_key_that_does_not_fit() {
    let (home, other) = (used(), used());
    let data = home.path().canonicalize().unwrap().join("data");
    fs::copy(other.path().join("data/sealing.key"), data.join("sealing.key")).unwrap();
    let mut messages = vec![refused(home.path(), &data)];
    fs::write(data.join("sealing.key"), "no key").unwrap();
    messages.push(refused(home.path(), &data));
    fs::remove_file(data.join("sealing.key")).unwrap();
    messages.push(refused(home.path(), &data));
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn l13_files_of_another_program_or_a_newer_version() {
    let home = used();
    let data = home.path().canonicalize().unwrap().join("data");
    for name in ["integration.db", "sandbox.db"] {
        let file = data.join(name);
        let kept = fs::read(&file).unwrap();
        let mut messages = Vec::new();
        fs::write(
            &file,
            "a letter to my aunt, long enough for nobody to take it for a database",
        )
        .unwrap();
        messages.push(refused(home.path(), &data));
        fs::write(&file, &kept).unwrap();
        patch(&file, APPLICATION_ID, *b"aunt");
        messages.push(refused(home.path(), &data));
        fs::write(&file, &kept).unwrap();
        patch(&file, USER_VERSION, [0, 0, 1, 0]);
        let before = fs::read(&file).unwrap();
        messages.push(without_our_version(&refused(home.path(), &data)));
        assert!(before == fs::read(&file).unwrap(), "{name} was changed");
        fs::write(&file, &kept).unwrap();
        insta::assert_snapshot!(name, messages.join("\n"));
    }
    // The refused starts have not damaged the data.
    let mut running = Running::quickstart(&data, &[]);
    running.value_of("Example integration");
    assert_eq!(running.interrupt().code, Some(0));
}
