//! A platform in memory: participants and activities in pages, webhooks that wait to be delivered, and connections that end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use revento_core::{Envelope, Timestamp};
use revento_store::Clock;
use revento_transport::{Transport, TransportError};
use serde_json::{Map, Value, json};

use crate::world::ManualClock;

pub(crate) const EVENT: &str = "evt_1";

/// How the cursors of lists work. The contract promises neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cursors {
    /// The last id of the page.
    LastId,
    /// The number of items before the page: what vanishes shifts the list.
    Offset,
}

#[derive(Debug)]
pub(crate) struct Platform {
    state: Mutex<State>,
    clock: Arc<ManualClock>,
}

#[derive(Debug)]
struct State {
    cursors: Cursors,
    page_size: usize,
    lists: BTreeMap<&'static str, BTreeMap<String, Map<String, Value>>>,
    webhooks: Vec<Envelope>,
    sent: u64,
    tokens: u64,
    is_revoked: bool,
    /// How many more reads are answered; then the network is gone.
    answers: Option<u32>,
    /// Reads get no answer at all.
    hangs: bool,
    reads: u64,
    /// The organizer has not granted the scope of this list.
    refused: Option<&'static str>,
    /// Cursors of an earlier format are refused.
    cursor_format: u32,
}

impl Platform {
    pub(crate) fn new(clock: Arc<ManualClock>, cursors: Cursors, page_size: usize) -> Arc<Self> {
        let lists = BTreeMap::from([("participants", BTreeMap::new()), ("activities", BTreeMap::new())]);
        Arc::new(Self {
            clock,
            state: Mutex::new(State {
                cursors,
                page_size,
                lists,
                webhooks: Vec::new(),
                sent: 0,
                tokens: 0,
                is_revoked: false,
                answers: None,
                hangs: false,
                reads: 0,
                refused: None,
                cursor_format: 1,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time as webhooks carry it, in whole seconds.
    fn occurred_at(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.clock.now().unix_seconds())
    }

    // ---- what happens on the platform ----

    /// A participant applies.
    pub(crate) fn submit(&self, id: &str, diet: &str) {
        let participant = json!({"id": id, "application_id": format!("app_{id}"), "user_id": format!("usr_{id}"),
            "application_status": "pending", "status": "applied", "name": format!("Name of {id}"),
            "email": format!("{id}@example.com"), "role": "attendee", "big": 9007199254740993_u64,
            "custom_form_fields": {"dietary_notes": diet, "tracks": ["a", "b"]}});
        self.put("participants", id, participant);
        self.announce_application(id, "application.submitted");
    }

    /// A review decides: `approved`, `rejected` or `revision_requested`.
    pub(crate) fn review(&self, id: &str, status: &str) -> bool {
        let at = self.occurred_at().to_string();
        let is_there = self.change("participants", id, |row| {
            row.insert("application_status".to_owned(), json!(status));
            row.insert("last_review_action".to_owned(), json!(status));
            row.insert("last_reviewed_at".to_owned(), json!(at));
            row.insert("last_reviewer_id".to_owned(), json!("usr_org_1"));
        });
        if is_there {
            self.announce_application(id, &format!("application.{status}"));
        }
        is_there
    }

    /// A participant cancels. No webhook tells of it.
    pub(crate) fn cancel(&self, id: &str) {
        self.change("participants", id, |row| {
            row.insert("application_status".to_owned(), json!("cancelled"));
        });
    }

    /// A participant changes their profile.
    pub(crate) fn rename(&self, id: &str, name: &str) {
        let is_there = self.change("participants", id, |row| {
            row.insert("name".to_owned(), json!(name));
        });
        if is_there {
            let data = self.row("participants", id);
            self.send("participant.profile_updated", data);
        }
    }

    /// A participant is gone. No webhook tells of it.
    pub(crate) fn vanish(&self, id: &str) {
        self.list_mut("participants", |rows| rows.remove(id));
    }

    pub(crate) fn update_activity(&self, id: &str, title: &str) {
        let activity = json!({"id": id, "status": "scheduled", "title": title, "capacity": 40, "signups": 0,
            "capacity_state": "open"});
        self.put("activities", id, activity);
        let data = self.row("activities", id);
        self.send("activity.updated", data);
    }

    pub(crate) fn sign_up(&self, id: &str, signups: u64) {
        let state = if signups >= 40 { "full" } else { "open" };
        let is_there = self.change("activities", id, |row| {
            row.insert("signups".to_owned(), json!(signups));
            row.insert("capacity_state".to_owned(), json!(state));
        });
        if is_there {
            let data =
                json!({"activity_id": id, "capacity": 40, "signups": signups, "capacity_state": state});
            self.send("activity.capacity_state_changed", data);
        }
    }

    /// The organizer revokes the connection.
    pub(crate) fn revoke(&self) {
        self.state().is_revoked = true;
        self.send("data.deletion_required", json!({"reason": "connection_revoked"}));
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.state().is_revoked
    }

    // ---- what a test does ----

    /// The rows of a list, by id.
    pub(crate) fn rows(&self, list: &str) -> BTreeMap<String, Value> {
        let state = self.state();
        let rows = state.lists[list].iter();
        rows.map(|(id, row)| (id.clone(), Value::Object(row.clone())))
            .collect()
    }

    /// The webhooks that wait, in the order in which they were sent.
    pub(crate) fn webhooks(&self) -> Vec<Envelope> {
        self.state().webhooks.clone()
    }

    /// Takes a webhook that waits.
    pub(crate) fn take_webhook(&self, number: usize) -> Option<Envelope> {
        let mut state = self.state();
        (number < state.webhooks.len()).then(|| state.webhooks.remove(number))
    }

    /// Only so many reads are answered from now on.
    pub(crate) fn answer_only(&self, reads: Option<u32>) {
        self.state().answers = reads;
    }

    /// Reads are counted and get no answer.
    pub(crate) fn hang(&self) {
        self.state().hangs = true;
    }

    pub(crate) fn reads(&self) -> u64 {
        self.state().reads
    }

    /// The scope of this list is not granted any more.
    pub(crate) fn refuse(&self, list: &'static str) {
        self.state().refused = Some(list);
    }

    /// The platform does not know the cursors any more that it gave out until now.
    pub(crate) fn change_cursor_format(&self) {
        self.state().cursor_format += 1;
    }

    // ---- its inside ----

    fn put(&self, list: &'static str, id: &str, row: Value) {
        let Value::Object(row) = row else {
            panic!("a row is an object")
        };
        self.list_mut(list, |rows| rows.insert(id.to_owned(), row));
    }

    fn change(&self, list: &'static str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        self.list_mut(list, |rows| rows.get_mut(id).map(change).is_some())
    }

    fn list_mut<T>(
        &self,
        list: &'static str,
        change: impl FnOnce(&mut BTreeMap<String, Map<String, Value>>) -> T,
    ) -> T {
        change(self.state().lists.entry(list).or_default())
    }

    fn row(&self, list: &str, id: &str) -> Value {
        Value::Object(self.state().lists[list][id].clone())
    }

    fn announce_application(&self, id: &str, event_type: &str) {
        let row = self.row("participants", id);
        let mut data = json!({"id": row["application_id"], "participant_id": id, "user_id": row["user_id"],
            "status": row["application_status"], "custom_form_fields": row["custom_form_fields"]});
        let (at, by) = match event_type {
            "application.approved" => ("approved_at", "approver_id"),
            "application.rejected" => ("rejected_at", "rejecter_id"),
            _ => ("revision_requested_at", "reviewer_id"),
        };
        if event_type != "application.submitted" {
            data[at] = row["last_reviewed_at"].clone();
            data[by] = row["last_reviewer_id"].clone();
        }
        self.send(event_type, data);
    }

    fn send(&self, event_type: &str, data: Value) {
        let occurred_at = self.occurred_at().to_string();
        let mut state = self.state();
        state.sent += 1;
        let body = json!({"id": format!("env_{}", state.sent), "type": event_type, "occurred_at": occurred_at,
            "event_id": EVENT, "organization_id": "org_1", "data": data});
        let envelope = Envelope::parse(body.to_string().as_bytes()).expect("a webhook");
        state.webhooks.push(envelope);
    }
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if request.uri().path() == "/oauth/token" {
            return Ok(self.state().token(&request));
        }
        if self.state().hangs {
            self.state().reads += 1;
            return std::future::pending().await;
        }
        self.state().read(&request)
    }
}

impl State {
    fn token(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let is_refresh = url::form_urlencoded::parse(request.body()).any(|(name, _)| name == "refresh_token");
        if is_refresh && self.is_revoked {
            return answer(400, &json!({"error": "invalid_grant"}));
        }
        self.tokens += 1;
        self.is_revoked = false;
        let number = self.tokens;
        answer(
            200,
            &json!({"access_token": format!("rev_install_{number}"), "token_type": "Bearer",
            "refresh_token": format!("rev_refresh_{number}"), "expires_in": 3600, "event_id": EVENT,
            "scope": "event.read participants.read program.read", "organization_id": "org_1"}),
        )
    }

    fn read(&mut self, request: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match &mut self.answers {
            Some(0) => return Err(TransportError::may_have_been_sent("reset")),
            Some(left) => *left -= 1,
            None => {}
        }
        self.reads += 1;
        if self.is_revoked {
            return Ok(answer(
                401,
                &json!({"error": "token_revoked", "message": "no", "request_id": "r"}),
            ));
        }
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let list = request.uri().path().rsplit('/').next().unwrap_or_default();
        if self.refused == Some(list) {
            let scope = json!({"error": "insufficient_scope", "message": "no", "request_id": "r"});
            return Ok(answer(403, &scope));
        }
        let rows = &self.lists[list];
        let prefix = format!("{}:", self.cursor_format);
        let cursor = match query.get("cursor") {
            None => None,
            Some(cursor) => match cursor.strip_prefix(&prefix) {
                Some(rest) => Some(rest),
                None => {
                    return Ok(answer(
                        400,
                        &json!({"error": "invalid_request", "message": "cursor", "request_id": "r"}),
                    ));
                }
            },
        };
        let skip = match (self.cursors, cursor) {
            (_, None) => 0,
            (Cursors::LastId, Some(last)) => rows.keys().filter(|id| id.as_str() <= last).count(),
            (Cursors::Offset, Some(offset)) => offset.parse().expect("an offset"),
        };
        let page: Vec<_> = rows.iter().skip(skip).take(self.page_size).collect();
        let has_more = skip + page.len() < rows.len();
        let next = match self.cursors {
            Cursors::LastId => page.last().map(|(id, _)| (*id).clone()),
            Cursors::Offset => Some((skip + page.len()).to_string()),
        };
        let next = next.filter(|_| has_more).map(|next| format!("{prefix}{next}"));
        let data: Vec<_> = page.into_iter().map(|(_, row)| row).collect();
        Ok(answer(
            200,
            &json!({"data": data, "next_cursor": next, "has_more": has_more}),
        ))
    }
}

fn answer(status: u16, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}
