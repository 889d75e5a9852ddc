use std::{fs, os::unix::fs::symlink, thread};

use super::*;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn refused(path: &Path, access: Access) -> String {
    let error = open(path, access).unwrap_err();
    assert!(is_refusal(&error), "{error}");
    error.to_string()
}

#[test]
fn h27_l9_only_a_regular_file_of_ones_own_is_opened() {
    let home = tempfile::tempdir().unwrap();
    let (file, link, second) = (
        home.path().join("file"),
        home.path().join("link"),
        home.path().join("second"),
    );
    assert!(write_new(&file, b"content").unwrap());
    assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(read(&file).unwrap().as_deref(), Some(&b"content"[..]));

    for mode in [0o640, 0o604, 0o620, 0o602, 0o610] {
        set_mode(&file, mode);
        for access in [Access::Read, Access::Write] {
            assert!(refused(&file, access).contains("chmod 600"), "{mode:o}");
        }
    }
    set_mode(&file, 0o600);
    symlink(&file, &link).unwrap();
    for access in [Access::Read, Access::Write] {
        assert_eq!(refused(&link, access), "it is a symbolic link");
    }
    symlink(home.path().join("nothing"), home.path().join("dangling")).unwrap();
    assert_eq!(
        refused(&home.path().join("dangling"), Access::Read),
        "it is a symbolic link"
    );
    assert!(!home.path().join("nothing").exists());
    assert_eq!(refused(home.path(), Access::Read), "it is not a regular file");

    let pipe = home.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    assert_eq!(refused(&pipe, Access::Read), "it is not a regular file");

    fs::hard_link(&file, &second).unwrap();
    assert!(refused(&file, Access::Write).contains("hard link"));
    assert!(
        open(&file, Access::Read).is_ok(),
        "a second name does no harm to a reader"
    );
}

#[test]
fn h27_a_file_of_another_user_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    assert!(write_new(&file, b"content").unwrap());
    let other = rustix::fs::Uid::from_raw(12_345);
    if rustix::fs::chown(&file, Some(other), None).is_err() {
        return; // Only root can give a file away.
    }
    assert_eq!(refused(&file, Access::Read), "another user owns it");
    assert_eq!(refused(&file, Access::Write), "another user owns it");
}

#[test]
fn h27_of_many_first_writers_one_wins_and_leaves_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    let writers: Vec<_> = (0..16)
        .map(|number| {
            let file = file.clone();
            thread::spawn(move || write_new(&file, &[number; 1000]).unwrap())
        })
        .collect();
    let won = writers.into_iter().map(|writer| writer.join().unwrap());
    assert_eq!(won.filter(|won| *won).count(), 1);
    let content = read(&file).unwrap().unwrap();
    assert!(content.len() == 1000 && content.iter().all(|byte| *byte == content[0]));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[test]
fn l9_a_link_is_replaced_and_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let (file, elsewhere) = (home.path().join("file"), home.path().join("elsewhere"));
    symlink(&elsewhere, &file).unwrap();
    assert!(!write_new(&file, b"content").unwrap());
    replace(&file, b"content").unwrap();
    assert!(!elsewhere.exists() && fs::symlink_metadata(&file).unwrap().is_file());
}
