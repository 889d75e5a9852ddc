//! The integrations of `examples/other-languages`, against the sandbox. They contain no code of this project.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::join_all;
use reqwest::{Response, StatusCode};
use revento_sandbox::{ConsentDecision, Sandbox};
use revento_store::{Clock as _, SystemClock};
use revento_webhooks::Signer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::control::Control;
use crate::support::languages::{self, Integration, Language, Place};
use crate::support::program::Group;
use crate::support::visitor::Visitor;
use crate::support::wait;
use crate::support::{engine, port};

const EVENT: &str = "evt_test_published";

/// One minute longer than the lifetime of an access token.
const SIXTY_ONE_MINUTES: u64 = 61 * 60;

#[tokio::test(flavor = "multi_thread")]
async fn go() {
    receives(Language::Go).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn java() {
    receives(Language::Java).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn php() {
    receives(Language::Php).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ruby() {
    receives(Language::Ruby).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node() {
    receives(Language::Node).await;
    connects_and_ends(Language::Node).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python() {
    receives(Language::Python).await;
    connects_and_ends(Language::Python).await;
}

#[test]
fn every_folder_is_tested() {
    let languages: BTreeSet<_> = Language::ALL
        .iter()
        .map(|language| language.folder().to_owned())
        .collect();
    let folders = std::fs::read_dir(languages::sources())
        .unwrap()
        .map(Result::unwrap);
    let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    let folders: BTreeSet<_> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert_eq!(folders, languages);
}

/// Verifies, stores once, and handles what it had stored when it was killed.
async fn receives(language: Language) {
    let Some(mut world) = World::start(language).await else {
        return engine::skip(language.folder());
    };
    world.refuses_what_is_not_verified().await;

    let webhook = envelope("env_first", "application.approved");
    assert_eq!(world.deliver(&webhook, "one").await, 204);
    assert_eq!(world.deliver(&webhook, "one").await, 204);
    world.restart().await;
    assert_eq!(world.deliver(&webhook, "another-delivery").await, 204);
    let last = envelope("env_last", "a.type.of.tomorrow");
    assert_eq!(world.deliver(&last, "last").await, 204);
    let handled = world.handles("env_last").await;
    let first: Vec<_> = handled
        .iter()
        .filter(|row| row["envelope_id"] == "env_first")
        .collect();
    assert_eq!(first.len(), 1, "{handled:?}");
    assert_eq!(first[0]["delivery_id"], "one");
    assert_eq!(first[0]["type"], "application.approved");
    assert_eq!(first[0]["event_id"], EVENT);
    assert_eq!(handled.len(), 2, "{handled:?}");
}

/// The life of a connection: consent, reads, one refresh of two replicas, a login, the end.
async fn connects_and_ends(language: Language) {
    let Some(mut world) = World::start(language).await else {
        return;
    };
    assert!(language.is_whole());
    world.connects().await;
    let people = world.reads().await;
    assert!(people.len() >= 30, "{people:?}");

    let replica = world.replica().await;
    world.control.advance(SIXTY_ONE_MINUTES).await;
    let reads = [&world.place, &world.place, &replica.place, &replica.place].map(|place| world.read(place));
    for read in join_all(reads).await {
        assert_eq!(read, people);
    }
    assert_eq!(world.control.stat("refreshes").await, 1);
    drop(replica);
    world.restart().await;
    assert_eq!(world.reads().await, people);
    assert_eq!(world.control.stat("refreshes").await, 1);
    assert_eq!(world.control.stat("reuses").await, 0);

    let (user, name) = world.signs_in().await;
    for text in [
        "rev_install_",
        "rev_user_",
        "rev_refresh_",
        &world.sandbox.info().client_secret,
    ] {
        assert!(!world.is_stored(text), "{text} is in the database");
    }
    assert!(world.is_stored(&name) && world.is_stored(&user));

    world
        .control
        .post(&format!("/events/{EVENT}/archive"), json!({}))
        .await;
    wait::until("the data is deleted", async || {
        match world.is_stored(&name) || world.is_stored(&user) {
            false => Ok(()),
            true => Err(world.program().output()),
        }
    })
    .await;
    let response = world.get(&world.place, "/participants").await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let answer: Value = response.json().await.unwrap();
    let connect_url = format!("/connect?event_id={EVENT}");
    assert_eq!(
        answer,
        json!({ "error": "reconnect", "connect_url": connect_url })
    );
}

/// A sandbox and an integration.
struct World {
    sandbox: Sandbox,
    control: Control,
    client: reqwest::Client,
    integration: Integration,
    place: Place,
    /// `None` while it restarts.
    program: Option<Group>,
    _folder: TempDir,
}

struct Replica {
    place: Place,
    _program: Group,
}

impl World {
    async fn start(language: Language) -> Option<Self> {
        let integration = language.build().await?;
        let folder = tempfile::tempdir().unwrap();
        let port = port::free();
        let place = Place {
            port,
            base_url: format!("http://localhost:{port}"),
            data: folder.path().join("data"),
        };
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("{}/callback", place.base_url))
            .webhook_url(format!("http://127.0.0.1:{port}/webhooks"))
            .connect_url(format!("{}/connect", place.base_url))
            .start()
            .await
            .unwrap();
        let program = integration.start(&place, sandbox.info()).await;
        Some(Self {
            control: Control::new(&sandbox.info().control_base),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            sandbox,
            integration,
            place,
            program: Some(program),
            _folder: folder,
        })
    }

    fn program(&self) -> &Group {
        self.program.as_ref().unwrap()
    }

    /// Kills the integration without a warning, and starts it again.
    async fn restart(&mut self) {
        self.program.take().unwrap().kill().await;
        self.program = Some(self.integration.start(&self.place, self.sandbox.info()).await);
    }

    /// A second process on the same data.
    async fn replica(&self) -> Replica {
        let place = Place {
            port: port::free(),
            ..self.place.clone()
        };
        let program = self.integration.start(&place, self.sandbox.info()).await;
        Replica {
            place,
            _program: program,
        }
    }

    async fn get(&self, place: &Place, path: &str) -> Response {
        let url = format!("http://127.0.0.1:{}{path}?event_id={EVENT}", place.port);
        self.client.get(url).send().await.unwrap()
    }

    async fn refuses_what_is_not_verified(&self) {
        let response = self.get(&self.place, "/webhooks").await;
        assert_eq!(response.status(), 405);
        assert!(response.headers()["allow"].to_str().unwrap().contains("POST"));

        let body = envelope("env_forged", "application.approved");
        let forger = Signer::new("whsec_of_somebody_else").unwrap();
        let forged = forger.sign(now(), body.as_bytes());
        assert_eq!(self.post(&body, now(), "forged", &forged).await, 401);
        let good = self.signer().sign(now(), body.as_bytes());
        let changed = body.replace("env_forged", "env_changed");
        assert_eq!(self.post(&changed, now(), "changed", &good).await, 401);
        let stale = now() - 310;
        let signature = self.signer().sign(stale, body.as_bytes());
        assert_eq!(self.post(&body, stale, "stale", &signature).await, 401);
        assert_eq!(self.post(&body, now(), "unsigned", "").await, 401);
        let renamed = envelope("env_forged", "application.rejected");
        assert_eq!(self.deliver(&renamed, "renamed").await, 401);
        let text = "no envelope".to_owned();
        assert_eq!(self.deliver(&text, "text").await, 422);
    }

    /// Delivers with the platform's signature, and the type header of an approval unless the body is of tomorrow.
    async fn deliver(&self, body: &str, delivery: &str) -> u16 {
        let signature = self.signer().sign(now(), body.as_bytes());
        self.post(body, now(), delivery, &signature).await
    }

    async fn post(&self, body: &str, timestamp: i64, delivery: &str, signature: &str) -> u16 {
        let event_type = ["a.type.of.tomorrow", "application.approved"]
            .into_iter()
            .find(|name| body.contains(name));
        let request = self
            .client
            .post(format!("http://127.0.0.1:{}/webhooks", self.place.port));
        let request = request
            .header("X-Revento-Event", event_type.unwrap_or("application.approved"))
            .header("X-Revento-Delivery-Id", delivery)
            .header("X-Revento-Timestamp", timestamp)
            .header("X-Revento-Signature", signature);
        let response = request.body(body.to_owned()).send().await.unwrap();
        response.status().as_u16()
    }

    fn signer(&self) -> Signer {
        Signer::new(&self.sandbox.info().webhook_secret).unwrap()
    }

    async fn handles(&self, envelope_id: &str) -> Vec<Value> {
        wait::until(envelope_id, async || {
            let handled: Vec<Value> = self.get(&self.place, "/handled").await.json().await.unwrap();
            match handled.iter().any(|row| row["envelope_id"] == envelope_id) {
                true => Ok(handled),
                false => Err(format!("{handled:?}\n{}", self.program().output())),
            }
        })
        .await
    }

    async fn connects(&self) {
        assert_eq!(self.get(&self.place, "/participants").await.status(), 409);
        let mut organizer = Visitor::new();
        let begin = format!("{}/connect?event_id={EVENT}", self.place.base_url);
        let consent = organizer.open(&begin).await;
        let arrived = organizer.press(&consent, "Authorize", &[]).await;
        let output = self.program().output();
        assert_eq!((arrived.status, arrived.url.path()), (200, "/"), "{output}");
    }

    async fn reads(&self) -> BTreeSet<String> {
        self.read(&self.place).await
    }

    async fn read(&self, place: &Place) -> BTreeSet<String> {
        let response = self.get(place, "/participants").await;
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert_eq!(status, 200, "{answer}\n{}", self.program().output());
        let ids = answer["ids"].as_array().unwrap().iter();
        ids.map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    /// Returns the participant's id and name.
    async fn signs_in(&self) -> (String, String) {
        assert_eq!(self.get(&self.place, "/me").await.status(), 401);
        let mut participant = Visitor::new();
        let begin = format!("{}/login?event_id={EVENT}", self.place.base_url);
        let consent = participant.open(&begin).await;
        let applications = self
            .control
            .list(&format!("/applications?event_id={EVENT}"))
            .await;
        let user = applications[0]["user_id"].as_str().unwrap();
        let decision = ConsentDecision::SignIn(user.to_owned());
        let back = self.sandbox.authorize(consent.url.as_str(), decision).await;
        let arrived = participant.open(&back.unwrap()).await;
        let output = self.program().output();
        assert_eq!((arrived.status, arrived.url.path()), (200, "/me"), "{output}");
        let me: Value = serde_json::from_str(&arrived.body).unwrap();
        assert_eq!(me["application"]["event_id"], EVENT);
        assert_eq!(me["user_id"], user);
        let name = me["profile"]["name"].as_str().unwrap();
        (user.to_owned(), name.to_owned())
    }

    /// Whether a file of the integration contains a text.
    fn is_stored(&self, text: &str) -> bool {
        let contains = |path: &Path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        };
        let files = std::fs::read_dir(&self.place.data).unwrap();
        files.map(|file| file.unwrap().path()).any(|path| contains(&path))
    }
}

fn envelope(id: &str, event_type: &str) -> String {
    let envelope = json!({
        "id": id, "type": event_type, "occurred_at": "2026-05-09T14:22:31Z", "event_id": EVENT,
        "organization_id": "org_1", "data": { "id": "app_1", "name": "Zoë" },
    });
    envelope.to_string()
}

fn now() -> i64 {
    SystemClock.now().unix_seconds()
}
