//! The forms of the developer: clock, reset, faults, integrations, replays.

use axum::extract::State;
use axum::response::Response;

use super::form::{ConsoleForm, unknown_action};
use crate::decisions::MAX_ADVANCE_S;
use crate::faults::FaultSpec;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::{CommandError, lifecycle, rotate, travel, webhooks};
use crate::platform::records::{DeliveryStatus, SecretKind};

type Answer = Result<Response, ErrorResponse>;

pub(super) async fn clock(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let seconds = form.get("advance_s").and_then(|text| text.parse().ok());
    let result = match seconds.filter(|seconds| (1..=MAX_ADVANCE_S).contains(seconds)) {
        Some(seconds) => {
            runtime.write(|state, _| state.advance_clock(seconds)).await?;
            Ok(())
        }
        None => Err(CommandError::Conflict(
            "The clock advances by a number of seconds, at most ten years.".to_owned(),
        )),
    };
    Ok(form.respond("/console", result))
}

pub(super) async fn travel(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let after = form.get("side") != Some("before");
    let kind = form.get("to").unwrap_or("any");
    let result = runtime
        .write(|state, context| travel::travel(state, context.now, kind, after))
        .await?;
    Ok(form.respond("/console", result.map(drop)))
}

pub(super) async fn reset(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    runtime.reset().await?;
    Ok(form.respond("/console", Ok(())))
}

pub(super) async fn arm(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let spec = serde_json::json!({
        "fault": form.get("fault"),
        "endpoint": form.get("endpoint"),
        "times": form.get("times").and_then(|text| text.parse::<u32>().ok()).unwrap_or(1),
    });
    let result = match serde_json::from_value::<FaultSpec>(spec) {
        Ok(spec) => {
            let armed = runtime.faults().arm(spec);
            runtime.notify_change();
            let too_many =
                || CommandError::Conflict("Too many faults are armed; disarm some first.".to_owned());
            armed.map(drop).ok_or_else(too_many)
        }
        Err(_) => Err(CommandError::NotFound("There is no such fault.".to_owned())),
    };
    Ok(form.respond("/console/faults", result))
}

pub(super) async fn disarm(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let disarmed = form.id().parse().is_ok_and(|id| runtime.faults().disarm(id));
    runtime.notify_change();
    let result = if disarmed {
        Ok(())
    } else {
        Err(CommandError::missing("armed fault", form.id()))
    };
    Ok(form.respond("/console/faults", result))
}

pub(super) async fn integration(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let id = form.id();
    let result = runtime
        .write(|state, context| match form.text("act") {
            "rotate-client" => rotate::secret(state, context, id, SecretKind::Client, None).map(drop),
            "rotate-webhook" => rotate::secret(state, context, id, SecretKind::Webhook, None).map(drop),
            "publish" => lifecycle::publish_integration(state, context, id),
            "unpublish" => lifecycle::unpublish_integration(state, context, id),
            "suspend" => lifecycle::suspend_integration(state, context, id),
            _ => Err(unknown_action()),
        })
        .await?;
    Ok(form.respond("/console", result))
}

pub(super) async fn replay(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let result = runtime
        .write(|state, context| webhooks::replay(state, context, form.id()))
        .await?;
    Ok(form.respond("/console/deliveries", result))
}

pub(super) async fn replay_dead_letters(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let result = runtime
        .write(|state, context| {
            let dead = state
                .deliveries
                .iter()
                .filter(|row| row.status == DeliveryStatus::Dead);
            let ids: Vec<String> = dead.map(|row| row.id.clone()).collect();
            ids.iter().try_for_each(|id| webhooks::replay(state, context, id))
        })
        .await?;
    Ok(form.respond("/console/dead-letters", result))
}
