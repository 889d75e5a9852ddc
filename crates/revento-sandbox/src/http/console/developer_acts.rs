//! What the forms of the developer do: faults, secrets, listing, travel, replays of all dead letters.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::acts::{back, form, id};
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::laboratory::book::Order;
use crate::platform::acts::{Refused, emit, lifecycle, rotation, travel};
use crate::platform::records::{DeliveryStatus, SecretKind};

pub(super) async fn arm(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let order = serde_json::json!({
        "fault": form.get("fault"),
        "endpoint": form.get("endpoint"),
        "times": form.get("times").and_then(|text| text.parse::<u32>().ok()).unwrap_or(1),
    });
    let done = match serde_json::from_value::<Order>(order) {
        Ok(order) => {
            let armed = hub.faults().arm(order);
            hub.announce();
            let too_many = || Refused::Conflict("Too many faults are armed; disarm some first.".to_owned());
            armed.map(drop).ok_or_else(too_many)
        }
        Err(_) => Err(Refused::NotFound("There is no such fault.".to_owned())),
    };
    Ok(back(&form, "/console/faults", done))
}

pub(super) async fn disarm(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let disarmed = id(&form).parse().is_ok_and(|id| hub.faults().disarm(id));
    hub.announce();
    let done = if disarmed {
        Ok(())
    } else {
        Err(Refused::missing("armed fault", id(&form)))
    };
    Ok(back(&form, "/console/faults", done))
}

pub(super) async fn travel(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let after = form.get("side") != Some("before");
    let kind = form.get("to").unwrap_or("any");
    let done = hub
        .write(|state, scene| travel::travel(state, scene.now, kind, after))
        .await?;
    Ok(back(&form, "/console", done.map(drop)))
}

pub(super) async fn integration(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = hub
        .write(|state, scene| match form.get("act").unwrap_or_default() {
            "rotate-client" => rotation::rotate(state, scene, id(&form), SecretKind::Client, None).map(drop),
            "rotate-webhook" => {
                rotation::rotate(state, scene, id(&form), SecretKind::Webhook, None).map(drop)
            }
            "publish" => lifecycle::publish_integration(state, scene, id(&form)),
            "unpublish" => lifecycle::unpublish_integration(state, scene, id(&form)),
            "suspend" => lifecycle::suspend_integration(state, scene, id(&form)),
            _ => Err(Refused::NotFound("There is no such action.".to_owned())),
        })
        .await?;
    Ok(back(&form, "/console", done))
}

pub(super) async fn replay_dead(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = hub
        .write(|state, scene| {
            let dead = state
                .deliveries
                .iter()
                .filter(|row| row.status == DeliveryStatus::Dead);
            let ids: Vec<String> = dead.map(|row| row.id.clone()).collect();
            ids.iter().try_for_each(|id| emit::replay(state, scene, id))
        })
        .await?;
    Ok(back(&form, "/console/dead-letters", done))
}
