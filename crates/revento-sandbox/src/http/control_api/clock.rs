//! Reading and advancing the sandbox clock.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use crate::decisions::MAX_ADVANCE_S;
use crate::http::body::JsonBody;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::travel;
use crate::platform::queries::milestones;
use crate::primitives::whole_number;
use crate::runtime::Runtime;

/// How many milestones the answer lists.
const MAX_MILESTONES: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    #[serde(default, deserialize_with = "whole_number::optional")]
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

pub(super) async fn show(State(runtime): SharedRuntime) -> Answer {
    clock(&runtime).await
}

async fn clock(runtime: &Runtime) -> Answer {
    let (now, offset, ahead) = runtime
        .read(|state, context| {
            let mut ahead = milestones::upcoming(state, context.now);
            ahead.truncate(MAX_MILESTONES);
            (context.now, state.clock_offset(), ahead)
        })
        .await?;
    Ok(Json(json!({
        "now": now,
        "real_now": runtime.real_now(),
        "offset_s": offset / 1_000_000,
        "ahead": ahead,
    })))
}

/// Advances the clock by seconds or to a milestone.
pub(super) async fn advance(State(runtime): SharedRuntime, JsonBody(sent): JsonBody<Advance>) -> Answer {
    match (sent.advance_s, sent.to) {
        (Some(seconds), None) if (0..=MAX_ADVANCE_S).contains(&seconds) => {
            runtime.write(|state, _| state.advance_clock(seconds)).await?;
            clock(&runtime).await
        }
        (Some(_), None) => {
            let text = format!(
                "advance_s must be a number of seconds from 0 to {MAX_ADVANCE_S}. The clock never goes back."
            );
            Err(ErrorResponse::invalid(text).with("parameter", "advance_s"))
        }
        (None, Some(kind)) => {
            let after = sent.side == Side::After;
            let reached = runtime
                .write(|state, context| travel::travel(state, context.now, &kind, after))
                .await??;
            let mut answer = clock(&runtime).await?;
            if let Some(fields) = answer.0.as_object_mut() {
                fields.insert("reached".to_owned(), json!(reached));
            }
            Ok(answer)
        }
        _ => Err(ErrorResponse::invalid(
            "Send either advance_s, or to (and side: before or after).",
        )),
    }
}
