//! `revento ops check`: keys, clocks, and what it says when it cannot look.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    thread,
};

use revento::{
    KeyRing, SealingKey, SqliteStore,
    store::{OsEntropy, Record, Sealer, TokenPairCodec, TokenStore},
};
use revento_example_service::private_file;
use revento_store_testkit::fixtures;
use tempfile::TempDir;

use crate::{
    json::lines_of,
    ops::lasting,
    support::{Ended, revento},
};

fn check(folder: &Path, more: &[&str]) -> Ended {
    let store = format!("sqlite:{}", folder.join("service.db").display());
    let output = revento(&[&["ops", "check", "--store", &store], more].concat())
        .current_dir(folder)
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .env_remove("ALL_PROXY")
        .env_remove("all_proxy")
        .output()
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn finding_ids(ended: &Ended) -> Vec<String> {
    let line = lines_of("ops-check", &ended.stdout).remove(0);
    let findings = line["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A store with one connection under a key, and files of that key and of a stranger.
async fn sealed() -> TempDir {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(folder.path().join("service.db")).await.unwrap();
    let keys = ["sealing.key", "stranger.key"].map(|name| {
        let key = SealingKey::generate(&OsEntropy).unwrap();
        let text = key.to_base64();
        assert!(private_file::write_new(&folder.path().join(name), text.as_bytes()).unwrap());
        key
    });
    let [key, _] = keys;
    let mut record: Record = fixtures::record("evt_1", 1);
    lasting(&mut record.connection);
    let context = TokenPairCodec::context(&record.connection.key);
    let pair = TokenPairCodec::encode(&"access".into(), Some(&"refresh".into())).unwrap();
    record.tokens = Some(KeyRing::new(key).seal(&context, &pair).await.unwrap());
    store.create(&record).await.unwrap();
    store.close().await.unwrap();
    folder
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_found() {
    let folder = sealed().await;
    let fits = check(folder.path(), &["--json", "--key-file", "sealing.key"]);
    assert_eq!(
        (fits.code, finding_ids(&fits)),
        (Some(0), vec![]),
        "{}",
        fits.stderr
    );
    let line = lines_of("ops-check", &fits.stdout).remove(0);
    assert_eq!(line["schema"], SqliteStore::SCHEMA_VERSION);

    let stranger = check(folder.path(), &["--json", "--key-file", "stranger.key"]);
    assert_eq!(
        (stranger.code, finding_ids(&stranger)),
        (Some(1), vec!["keys_do_not_fit".into()])
    );
    let both = ["--key-file", "stranger.key", "--previous-key-file", "sealing.key"];
    assert_eq!(check(folder.path(), &both).code, Some(0));
}

#[tokio::test]
async fn l13_a_check_that_cannot_look_has_an_exit_code_of_its_own() {
    let folder = sealed().await;
    let key_is_missing = check(folder.path(), &["--json", "--key-file", "no.key"]);
    assert_eq!(
        (key_is_missing.code, key_is_missing.stdout.as_str()),
        (Some(3), "")
    );
    assert!(
        key_is_missing.stderr.contains("no.key"),
        "{}",
        key_is_missing.stderr
    );
    std::fs::remove_file(folder.path().join("service.db")).unwrap();
    let store_is_missing = check(folder.path(), &[]);
    assert_eq!(store_is_missing.code, Some(3));
    assert!(
        store_is_missing.stderr.contains("there is no database"),
        "{}",
        store_is_missing.stderr
    );
    assert!(!folder.path().join("service.db").exists());
}

/// A platform that only knows the time. Answers one request.
fn platform(date: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 405 Method Not Allowed\r\n{date}Content-Length: 0\r\nConnection: close\r\n\r\n");
    thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = [0; 2048];
        let _ = connection.read(&mut request).unwrap();
        connection.write_all(answer.as_bytes()).unwrap();
    });
    base
}

#[tokio::test]
async fn clocks_that_differ_are_found() {
    let folder = sealed().await;
    let now = httpdate();
    for (date, ids) in [
        (format!("Date: {now}\r\n"), vec![]),
        (
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".to_owned(),
            vec!["platform_clock"],
        ),
        ("Date: yesterday\u{202e}\r\n".to_owned(), vec!["platform_silent"]),
        (String::new(), vec!["platform_silent"]),
    ] {
        let base = platform(&date);
        let ended = check(folder.path(), &["--json", "--auth-base", &base]);
        assert_eq!(finding_ids(&ended), ids, "{date:?}: {}", ended.stderr);
    }
    let nobody = check(
        folder.path(),
        &["--auth-base", "http://user:hunter2@127.0.0.1:1/"],
    );
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody.stdout.contains("no connection") && !nobody.stdout.contains("hunter2"),
        "{}",
        nobody.stdout
    );
}

/// The time as a server writes it.
fn httpdate() -> String {
    let output = std::process::Command::new("date")
        .args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
