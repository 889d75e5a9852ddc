//! Faults, time travel and the transcript.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::decisions::MAX_ADVANCE_S;
use crate::http::refusal::Refusal;
use crate::http::{Shared, body};
use crate::laboratory::book::Order;
use crate::laboratory::kinds::Kind;
use crate::platform::acts::travel;
use crate::platform::hub::Hub;

type Answer = Result<Json<Value>, Refusal>;

/// How many milestones `GET /clock` lists.
const SHOWN: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: Option<i64>,
    to: Option<String>,
    #[serde(default)]
    side: Side,
}

#[derive(Deserialize, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Side {
    Before,
    #[default]
    After,
}

pub(super) async fn clock(State(hub): Shared) -> Answer {
    now(&hub).await
}

async fn now(hub: &Hub) -> Answer {
    let (now, offset, ahead) = hub
        .read(|state, now| {
            let mut ahead = travel::ahead(state, now);
            ahead.truncate(SHOWN);
            (now, state.clock_offset(), ahead)
        })
        .await?;
    Ok(Json(
        json!({ "now": now, "real_now": hub.real_now(), "offset_s": offset / 1_000_000, "ahead": ahead }),
    ))
}

/// Moves the clock on, by an amount or to a milestone. What becomes due runs at once.
pub(super) async fn advance(State(hub): Shared, headers: HeaderMap, body: Body) -> Answer {
    let sent: Advance = body::json(&headers, body).await?;
    match (sent.advance_s, sent.to) {
        (Some(seconds), None) if (0..=MAX_ADVANCE_S).contains(&seconds) => {
            hub.write(|state, _| state.advance_clock(seconds)).await?;
        }
        (Some(_), None) => {
            let text = format!(
                "advance_s is a number of seconds from 0 to {MAX_ADVANCE_S}. The clock never goes back."
            );
            return Err(Refusal::invalid(text).with("parameter", "advance_s"));
        }
        (None, Some(kind)) => {
            let after = sent.side == Side::After;
            let reached = hub
                .write(|state, scene| travel::travel(state, scene.now, &kind, after))
                .await??;
            let mut answer = now(&hub).await?;
            if let Some(fields) = answer.0.as_object_mut() {
                fields.insert("reached".to_owned(), json!(reached));
            }
            return Ok(answer);
        }
        _ => {
            return Err(Refusal::invalid(
                "Send either advance_s, or to (and side: before or after).",
            ));
        }
    }
    now(&hub).await
}

/// What can be armed, and what is.
pub(super) async fn faults(State(hub): Shared) -> Answer {
    let kinds: Vec<Value> = Kind::ALL
        .iter()
        .map(|kind| json!({ "fault": kind.name(), "area": kind.area(), "description": kind.says() }))
        .collect();
    let armed = json!(hub.faults().list());
    Ok(Json(json!({ "armed": armed, "kinds": kinds })))
}

pub(super) async fn arm(State(hub): Shared, headers: HeaderMap, body: Body) -> Answer {
    let order: Order = body::json(&headers, body).await?;
    if !(0.0..=1.0).contains(&order.probability) {
        return Err(Refusal::invalid("probability is a number from 0 to 1.").with("parameter", "probability"));
    }
    let too_many = || Refusal::new(409, "conflict", "Too many faults are armed; disarm some first.");
    let id = hub.faults().arm(order).ok_or_else(too_many)?;
    hub.announce();
    Ok(Json(json!({ "id": id })))
}

pub(super) async fn disarm(State(hub): Shared, Path(id): Path<u64>) -> Answer {
    if !hub.faults().disarm(id) {
        return Err(Refusal::not_found(format!("There is no armed fault {id}.")));
    }
    hub.announce();
    Ok(Json(json!({ "ok": true })))
}

pub(super) async fn disarm_all(State(hub): Shared) -> Answer {
    hub.faults().clear();
    hub.announce();
    Ok(Json(json!({ "ok": true })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recording {
    record_bodies: Option<bool>,
    #[serde(default)]
    clear: bool,
}

/// Everything that was exchanged: requests as they were logged, deliveries with their attempts.
pub(super) async fn transcript(State(hub): Shared) -> Answer {
    let (exchanges, recording) = {
        let log = hub.exchanges();
        (log.iter().cloned().collect::<Vec<_>>(), log.recording)
    };
    let deliveries = hub.read(|state, _| super::views::all_deliveries(state)).await?;
    Ok(Json(
        json!({ "record_bodies": recording, "exchanges": exchanges, "deliveries": deliveries }),
    ))
}

pub(super) async fn record(State(hub): Shared, headers: HeaderMap, body: Body) -> Answer {
    let sent: Recording = body::json(&headers, body).await?;
    let mut log = hub.exchanges();
    if sent.clear {
        log.clear();
    }
    if let Some(recording) = sent.record_bodies {
        log.recording = recording;
    }
    Ok(Json(json!({ "record_bodies": log.recording })))
}
