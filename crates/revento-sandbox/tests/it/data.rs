//! Data files, and starts that fail.

use std::net::TcpListener;

use revento_sandbox::{Sandbox, StartError};
use serde_json::json;

use crate::world::{World, refusal};

async fn on(path: &std::path::Path) -> World {
    World::start_with(|builder| builder.data(path)).await
}

#[tokio::test]
async fn a_restart_restores_the_state() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    let world = on(&path).await;
    let pair = world.connect().await;
    world.advance(3_660).await;
    let id = world
        .control("/applications?event_id=evt_test_published&status=pending")
        .await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.approve(&id).await;
    world.receiver.next().await;
    world.sandbox.shutdown().await;

    let world = on(&path).await;
    assert!(world.control("/clock").await["offset_s"].as_i64().unwrap() >= 3_660);
    let read = world.read(&pair.access, "/events/evt_test_published").await;
    assert_eq!(refusal(read).await, (401, "token_expired".to_owned()));
    let fresh = crate::world::pair(world.refresh(&pair.refresh).await).await;
    assert_eq!(world.stat("refreshes").await, 1);
    world.act("/reset", json!({})).await;
    assert_eq!(world.stat("refreshes").await, 0);
    assert_eq!(
        refusal(world.refresh(&fresh.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );
    world.sandbox.shutdown().await;

    let world = on(&path).await;
    assert_eq!(world.stat("tokens_issued").await, 0);
}

#[tokio::test]
async fn an_answered_change_survives_without_a_shutdown() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("sandbox.db"), dir.path().join("copy.db"));
    let world = on(&path).await;
    let pair = world.connect().await;
    // The files on the disk at this moment are what a kill would leave.
    for suffix in ["", "-wal"] {
        let name = |base: &std::path::Path| format!("{}{suffix}", base.display());
        if std::path::Path::new(&name(&path)).exists() {
            std::fs::copy(name(&path), name(&copy)).unwrap();
        }
    }
    let world = on(&copy).await;
    assert_eq!(world.refresh(&pair.refresh).await.status(), 200);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    let _world = on(&path).await;
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test]
async fn a_file_of_another_program_is_left_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    let text = "These are notes, and they are longer than a header of sixteen bytes.".repeat(40);
    std::fs::write(&path, &text).unwrap();
    let error = Sandbox::builder().data(&path).start().await.unwrap_err();
    assert!(matches!(error, StartError::DataNotOurs { .. }), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_newer_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    on(&path).await.sandbox.shutdown().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options)
        .await
        .unwrap();
    sqlx::query("PRAGMA user_version = 99")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let error = Sandbox::builder().data(&path).start().await.unwrap_err();
    assert!(
        matches!(error, StartError::DataNewer { found: 99, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn two_sandboxes_never_share_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    let _world = on(&path).await;
    let error = Sandbox::builder().data(&path).start().await.unwrap_err();
    assert!(matches!(error, StartError::DataInUse { .. }), "{error:?}");
}

/// The data file that a process of its own tries to open.
const FILE: &str = "REVENTO_SANDBOX_TEST_FILE";

/// The other process of the test below. On its own it does nothing.
#[tokio::test]
async fn another_process() {
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let error = Sandbox::builder().data(path).start().await.unwrap_err();
    assert!(matches!(error, StartError::DataInUse { .. }), "{error:?}");
}

/// The locks of a process on a file end with each close of that file in the process.
#[tokio::test]
async fn h26_a_second_start_in_one_process_does_not_release_the_lock_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbox.db");
    let _world = on(&path).await;
    for _ in 0..2 {
        let error = Sandbox::builder().data(&path).start().await.unwrap_err();
        assert!(matches!(error, StartError::DataInUse { .. }), "{error:?}");
        let refused = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["data::another_process", "--exact", "--test-threads=1"])
            .env(FILE, &path)
            .output()
            .unwrap();
        assert!(
            refused.status.success(),
            "{}",
            String::from_utf8_lossy(&refused.stdout)
        );
    }
}

#[tokio::test]
async fn a_missing_directory_is_reported() {
    let error = Sandbox::builder()
        .data("/nowhere/at/all/sandbox.db")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::DataNotWritable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_taken_port_is_reported() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Sandbox::builder()
        .listen(listener.local_addr().unwrap())
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::AddressInUse { .. }), "{error:?}");
}

#[tokio::test]
async fn p26_it_listens_on_loopback_and_a_free_port() {
    let (one, two) = (Sandbox::start().await.unwrap(), Sandbox::start().await.unwrap());
    assert!(one.info().auth_base.starts_with("http://127.0.0.1:"));
    assert_ne!(one.info().auth_base, two.info().auth_base);
    assert_eq!(one.info().client_secret, two.info().client_secret);
}

#[tokio::test]
async fn a_wrong_uri_is_refused_at_the_start() {
    for builder in [
        Sandbox::builder().redirect_uri("/callback"),
        Sandbox::builder().redirect_uri("http://localhost/callback#x"),
        Sandbox::builder().redirect_uri("https://*.example.com/callback"),
        Sandbox::builder().webhook_url("http://192.168.0.9/hook"),
    ] {
        let error = builder.start().await.unwrap_err();
        assert!(matches!(error, StartError::Configuration { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn secrets_do_not_show_in_debug() {
    let sandbox = Sandbox::start().await.unwrap();
    let text = format!("{sandbox:?}");
    assert!(
        !text.contains("sk_sandbox_") && !text.contains("whsec_"),
        "{text}"
    );
}
