//! The sandbox in this process, seen through a network on which participants can vanish.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, bail};
use async_trait::async_trait;
use bytes::Bytes;
use revento_core::Timestamp;
use revento_sandbox::Sandbox;
use revento_store::Clock as _;
use revento_transport::{Transport, TransportError};
use serde_json::{Value, json};

use super::time::VirtualTime;

pub(crate) const EVENT: &str = "evt_test_published";
pub(super) const CALLBACK: &str = "http://localhost:3000/callback";

/// The platform.
#[derive(Debug)]
pub(super) struct Platform {
    pub(super) sandbox: Sandbox,
    time: VirtualTime,
    vanished: Mutex<BTreeSet<String>>,
    /// When each read of a list was made.
    reads: Mutex<Vec<Timestamp>>,
    failures: AtomicU64,
}

impl Platform {
    pub(super) async fn start(time: &VirtualTime, people: u32) -> Result<Arc<Self>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("seed.json");
        std::fs::write(&path, seed(people).await?)?;
        let clock = time.clone();
        let sandbox = Sandbox::builder()
            .seed_file(path)
            .redirect_uri(CALLBACK)
            .webhook_url("http://localhost:3000/webhooks")
            // Comparing reads more than the limits allow. The client keeps them all the same.
            .without_rate_limits()
            .seeded(7)
            .clock(move || {
                let micros = u64::try_from(clock.now().unix_micros()).unwrap_or(0);
                SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
            })
            .detached()
            .await?;
        Ok(Arc::new(Self {
            sandbox,
            time: time.clone(),
            vanished: Mutex::default(),
            reads: Mutex::default(),
            failures: AtomicU64::new(0),
        }))
    }

    /// The platform does not list the participant any more.
    pub(super) fn vanish(&self, id: &str) {
        lock(&self.vanished).insert(id.to_owned());
    }

    /// When lists were read.
    pub(super) fn reads(&self) -> Vec<Timestamp> {
        lock(&self.reads).clone()
    }

    /// How many requests have failed.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// All rows of a list, past the client.
    pub(super) async fn rows(&self, list: &str, token: &str) -> Result<BTreeMap<String, Value>> {
        let mut rows = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let uri = format!("/api/v1/events/{EVENT}/{list}?limit=50{cursor}");
            let request = http::Request::get(uri)
                .header(http::header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Bytes::new())?;
            let answer = self.sandbox.answer(request).await.context("no answer")?;
            let answer = self.without_the_vanished(answer);
            let page: Value = serde_json::from_slice(answer.body())?;
            let Some(items) = page.get("data").and_then(Value::as_array) else {
                bail!("a list cannot be read: {page}");
            };
            for item in items {
                let id = item
                    .get("id")
                    .and_then(Value::as_str)
                    .context("an item without an id")?;
                rows.insert(id.to_owned(), item.clone());
            }
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(rows),
            }
        }
    }

    fn without_the_vanished(&self, answer: http::Response<Bytes>) -> http::Response<Bytes> {
        let vanished = lock(&self.vanished);
        if vanished.is_empty() {
            return answer;
        }
        let is_there = |item: &Value| {
            let id = item.get("id").and_then(Value::as_str);
            id.is_none_or(|id| !vanished.contains(id))
        };
        let (parts, body) = answer.into_parts();
        let Ok(mut page) = serde_json::from_slice::<Value>(&body) else {
            return http::Response::from_parts(parts, body);
        };
        match page.get_mut("data").and_then(Value::as_array_mut) {
            Some(items) if !items.iter().all(is_there) => items.retain(is_there),
            _ => return http::Response::from_parts(parts, body),
        }
        http::Response::from_parts(parts, Bytes::from(page.to_string()))
    }
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        // A replica can crash here.
        tokio::task::yield_now().await;
        if request.uri().path().starts_with("/api/") {
            lock(&self.reads).push(self.time.now());
        }
        let answer = self.sandbox.answer(request).await;
        tokio::task::yield_now().await;
        match answer {
            Some(answer) => {
                if !answer.status().is_success() {
                    self.failures.fetch_add(1, Ordering::Relaxed);
                }
                Ok(self.without_the_vanished(answer))
            }
            None => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(TransportError::may_have_been_sent("the platform hung up"))
            }
        }
    }
}

/// The built-in test data, with more participants.
pub(crate) async fn seed(people: u32) -> Result<String> {
    let plain = Sandbox::builder().detached().await?;
    let request = http::Request::get("/_sandbox/seed").body(Bytes::new())?;
    let answer = plain.answer(request).await.context("no seed")?;
    let mut seed: Value = serde_json::from_slice(answer.body())?;
    let row = |table: &str| seed.get(table).and_then(|rows| rows.get(0)).cloned();
    let user = row("users").context("no user")?;
    let participants = seed
        .get("participants")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let sample = participants
        .iter()
        .find(|row| row.get("event_id").and_then(Value::as_str) == Some(EVENT))
        .context("no participant")?;
    let id = sample.get("id").and_then(Value::as_str).context("no id")?;
    let (prefix, _) = id.rsplit_once('_').context("an odd id")?;
    let prefix = prefix.trim_start_matches("par_").to_owned();
    let sample = sample.clone();
    for number in 0..people {
        let user_id = format!("usr_mirror_{number:06}");
        let mut person = user.clone();
        set(&mut person, "id", json!(user_id));
        set(&mut person, "email", json!(format!("person{number}@example.com")));
        set(&mut person, "family_name", json!(format!("Nr. {number}")));
        push(&mut seed, "users", person)?;
        let mut participant = sample.clone();
        set(
            &mut participant,
            "id",
            json!(format!("par_{prefix}_m{number:06}")),
        );
        set(
            &mut participant,
            "application_id",
            json!(format!("app_{prefix}_m{number:06}")),
        );
        set(&mut participant, "user_id", json!(user_id));
        push(&mut seed, "participants", participant)?;
    }
    Ok(seed.to_string())
}

fn set(row: &mut Value, name: &str, value: Value) {
    if let Some(row) = row.as_object_mut() {
        row.insert(name.to_owned(), value);
    }
}

fn push(seed: &mut Value, table: &str, row: Value) -> Result<()> {
    let rows = seed.get_mut(table).and_then(Value::as_array_mut);
    rows.context("the seed lacks a table")?.push(row);
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
