//! The program, as a process, with a sandbox: whatever arrives twice, fails or is killed, each approval has one job.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

#[path = "../../test-support/world.rs"]
mod world;

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use revento_sandbox::{Action, Fault};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::process::Child;

use world::{EVENT, World};

/// Each insert takes longer than the test, so that the program can be killed in the middle of its transaction.
const SLOW: [&str; 2] = [
    "CREATE VIEW count AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000)
        SELECT max(i) AS n FROM n",
    "CREATE TRIGGER slow BEFORE INSERT ON jobs BEGIN SELECT n FROM count; END",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_twice_is_printed_once() {
    let world = World::new().await;
    let _program = world.start().await;
    world.connect().await;
    for fault in ["delivery_storm", "delivery_ack_lost", "delivery_other_id"] {
        let fault = Fault::named(fault).for_event_type("application.approved");
        world.sandbox.arm(fault).unwrap();
        world.approve().await;
    }
    world.wait("three files", async || world.files().len() == 3).await;

    for _ in 0..2 {
        world.replay_all().await;
    }
    // The same approval in another envelope.
    let sent = world.sandbox.deliveries().await.unwrap();
    let approved = sent
        .iter()
        .find(|sent| sent.event_type == "application.approved")
        .unwrap();
    let body: Value = serde_json::from_str(&approved.body).unwrap();
    let again = json!({ "type": "application.approved", "event_id": EVENT, "data": body["data"] });
    world.control("/deliveries/test", again).await;
    world.sandbox.deliveries_settled().await.unwrap();

    world.approve().await;
    world
        .wait("the fourth file", async || world.files().len() >= 4)
        .await;
    let applications: BTreeSet<String> = world.jobs().await.into_iter().collect();
    assert_eq!((applications.len(), world.jobs().await.len()), (4, 4));
    assert_eq!(world.files().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_fails_is_called_again() {
    let world = World::new().await;
    let _program = world.start().await;
    world.connect().await;
    let broken = "CREATE TRIGGER broken BEFORE INSERT ON jobs BEGIN SELECT raise(ABORT, 'no'); END";
    world.execute(&[broken]).await;
    world.approve().await;
    world
        .wait("a failed attempt", async || {
            world.log().contains("webhook failed")
        })
        .await;
    assert_eq!(world.jobs().await.len(), 0);
    world.execute(&["DROP TRIGGER broken"]).await;
    world.wait("the file", async || !world.files().is_empty()).await;
    assert_eq!((world.jobs().await.len(), world.files().len()), (1, 1));
}

/// Takes 40 seconds: the lease of the interrupted delivery has to end.
#[tokio::test(flavor = "multi_thread")]
async fn kill_9_loses_no_badge_and_prints_none_twice() {
    let world = World::new().await;
    let mut program = world.start().await;
    world.connect().await;
    world.execute(&SLOW).await;
    world.approve().await;
    world
        .wait("a transaction", async || world.is_locked().await)
        .await;
    program.kill().await.unwrap();
    assert_eq!(world.jobs().await.len(), 0, "the transaction was not rolled back");
    world.execute(&["DROP TRIGGER slow"]).await;

    // Nobody receives this one.
    world.approve().await;
    let mut program = world.start().await;
    world.replay_all().await;
    world.wait("a job", async || !world.jobs().await.is_empty()).await;
    program.kill().await.unwrap(); // Before or after it has written the file.
    let _program = world.start().await;
    world.wait("both files", async || world.files().len() == 2).await;

    world.replay_all().await;
    world.approve().await;
    world
        .wait("the third file", async || world.files().len() >= 3)
        .await;
    let applications: BTreeSet<String> = world.jobs().await.into_iter().collect();
    assert_eq!((applications.len(), world.jobs().await.len()), (3, 3));
    assert_eq!(world.files().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_connection_leaves_no_badge() {
    let world = World::new().await;
    let program = world.start().await;
    world.connect().await;
    let name = "Zoë \u{1b}@ 東京"; // With a command that resets a printer.
    let named = json!({ "type": "application.approved", "event_id": EVENT,
        "set": { "data.custom_form_fields.badge_name": name } });
    world.control("/deliveries/test", named.clone()).await;
    world.wait("the file", async || !world.files().is_empty()).await;
    assert_eq!(
        fs::read_to_string(&world.files()[0]).unwrap(),
        r"Zoë \u{1b}@ 東京"
    );

    world
        .control(&format!("/connections/{EVENT}/revoke"), json!({}))
        .await;
    world.wait("no file", async || world.files().is_empty()).await;
    world.wait("no job", async || world.jobs().await.is_empty()).await;
    // An approval from before the end arrives after it; then somebody connects again.
    let mut late = named;
    late["set"]["data.approved_at"] = json!("2026-01-01T00:00:00Z");
    world.control("/deliveries/test", late).await;
    world.sandbox.deliveries_settled().await.unwrap();
    world.connect().await;
    let newer = world.approve().await;
    world
        .wait("the file of the newer approval", async || {
            !world.files().is_empty()
        })
        .await;
    assert_eq!(world.jobs().await, [newer]);

    stop(program).await;
    let found = fs::read(world.database()).unwrap();
    let text = String::from_utf8_lossy(&found);
    assert!(
        text.contains("jobs") && !text.contains("東京"),
        "the name is still in the file"
    );
}

impl World {
    async fn start(&self) -> Child {
        let spool = self.data.path().join("spool");
        fs::create_dir_all(&spool).unwrap();
        let mut command = self.command(env!("CARGO_BIN_EXE_revento-example-badge-printer"));
        command.env("DATABASE", self.database()).env("SPOOL", spool);
        self.run(command).await
    }

    /// Approves the next application, and waits for the attempt to tell the program.
    async fn approve(&self) -> String {
        let pending = self.sandbox.applications(EVENT, "pending").await.unwrap();
        let application = pending.into_iter().next().unwrap();
        self.sandbox
            .perform(Action::Approve(application.clone()))
            .await
            .unwrap();
        self.sandbox.deliveries_settled().await.unwrap();
        application
    }

    async fn replay_all(&self) {
        for delivery in self.sandbox.deliveries().await.unwrap() {
            self.sandbox.perform(Action::Replay(delivery.id)).await.unwrap();
        }
        self.sandbox.deliveries_settled().await.unwrap();
    }

    fn database(&self) -> PathBuf {
        self.data.path().join("badges.db")
    }

    async fn open(&self, wait: Duration) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.database())
            .busy_timeout(wait);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    async fn execute(&self, statements: &[&'static str]) {
        let mut connection = self.open(Duration::from_secs(30)).await;
        for statement in statements {
            connection.execute(*statement).await.unwrap();
        }
        connection.close().await.unwrap();
    }

    /// Whether somebody holds the lock for more than a moment.
    async fn is_locked(&self) -> bool {
        let mut connection = self.open(Duration::from_secs(1)).await;
        connection.execute("BEGIN IMMEDIATE").await.is_err()
    }

    /// The applications that have a job.
    async fn jobs(&self) -> Vec<String> {
        let mut connection = self.open(Duration::from_secs(30)).await;
        let jobs = sqlx::query_scalar("SELECT application_id FROM jobs ORDER BY id");
        jobs.fetch_all(&mut connection).await.unwrap()
    }

    /// What the printer got.
    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.data.path().join("spool")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

/// Ends the program as a terminal does.
async fn stop(mut program: Child) {
    let id = program
        .id()
        .and_then(|id| Pid::from_raw(i32::try_from(id).unwrap()))
        .unwrap();
    kill_process(id, Signal::INT).unwrap();
    assert!(program.wait().await.unwrap().success());
}
