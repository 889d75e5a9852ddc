//! The program, as a process, with a sandbox: the list follows the event, and is gone with it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test panics"
)]

#[path = "../../test-support/world.rs"]
mod world;

use std::{fs, path::PathBuf};

use revento_sandbox::Action;
use serde_json::{Value, json};
use tokio::process::Child;

use world::{EVENT, World};

const KEY: &str = "a-long-random-key";

#[tokio::test(flavor = "multi_thread")]
async fn the_list_follows_the_event_and_is_gone_with_it() {
    let world = World::new().await;
    let mut program = world.start().await;
    assert_eq!(world.get("/another-key/participants.csv").await.0, 404);
    assert_eq!(world.lines().await.len(), 1, "a header, and nobody");

    world.connect().await;
    let approved = world.sandbox.applications(EVENT, "approved").await.unwrap().len();
    world
        .wait("all approved participants", async || {
            world.lines().await.len() == 1 + approved
        })
        .await;
    assert!(world.lines().await[0].starts_with(r#""id","name","email","#));

    // Each change is in the list soon after it has happened, and survives a crash.
    let pending = world.sandbox.applications(EVENT, "pending").await.unwrap();
    let newcomer = pending.into_iter().next().unwrap();
    world.sandbox.perform(Action::Approve(newcomer)).await.unwrap();
    world
        .wait("the new one", async || world.lines().await.len() == 2 + approved)
        .await;
    program.kill().await.unwrap();
    let _program = world.start().await;
    assert_eq!(world.lines().await.len(), 2 + approved);

    // A participant has an odd name.
    let user = world.approved_user().await;
    let name = json!({ "given_name": "=HYPERLINK(\"http://evil.example\",\"Ada\u{202e}\")\n", "family_name": "O'Neil" });
    world.control(&format!("/users/{user}"), name).await;
    let cell = r#""'=HYPERLINK(""http://evil.example"",""Ada\u{202e}"")\n O'Neil""#;
    world
        .wait("the odd name", async || {
            world.lines().await.iter().any(|line| line.contains(cell))
        })
        .await;

    world
        .sandbox
        .perform(Action::ArchiveEvent(EVENT.into()))
        .await
        .unwrap();
    world
        .wait("an empty list", async || world.lines().await.len() == 1)
        .await;
    world
        .wait("no name in the files", async || {
            !world.database_text().contains("evil.example")
        })
        .await;
}

impl World {
    async fn start(&self) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_revento-example-spreadsheet-sync"));
        command
            .env("DATABASE", self.database())
            .env("SHEET_KEY", KEY)
            .env("REVENTO_EVENT_ID", EVENT);
        self.run(command).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("{}{path}", self.base);
        let response = self.client.get(url).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    async fn lines(&self) -> Vec<String> {
        let (status, csv) = self.get(&format!("/{KEY}/participants.csv")).await;
        assert_eq!(status, 200, "{csv}");
        csv.lines().map(str::to_owned).collect()
    }

    /// The account of somebody in the list.
    async fn approved_user(&self) -> String {
        let url = format!(
            "{}/applications?event_id={EVENT}&status=approved",
            self.sandbox.info().control_base
        );
        let listed = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        listed["data"][0]["user_id"].as_str().unwrap().to_owned()
    }

    fn database(&self) -> PathBuf {
        self.data.path().join("sheet.db")
    }

    /// What is in the file of the database and in its log.
    fn database_text(&self) -> String {
        let file = |end: &str| fs::read(format!("{}{end}", self.database().display())).unwrap_or_default();
        String::from_utf8_lossy(&[file(""), file("-wal")].concat()).into_owned()
    }
}
