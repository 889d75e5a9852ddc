//! Actions of the developer: secrets and publishing.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, act, done, unknown_action};
use crate::http::body;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::{lifecycle, rotate};
use crate::platform::records::SecretKind;
use crate::primitives::whole_number;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default, deserialize_with = "whole_number::optional")]
    overlap_s: Option<i64>,
}

const ACTIONS: &str =
    "publish, unpublish, suspend, reinstate, rotate-client-secret and rotate-webhook-secret";

pub(super) async fn integration(
    State(runtime): SharedRuntime,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = match action.as_str() {
        "rotate-client-secret" => SecretKind::Client,
        "rotate-webhook-secret" => SecretKind::Webhook,
        _ => {
            return act(&runtime, |state, context| {
                match action.as_str() {
                    "publish" | "reinstate" => lifecycle::publish_integration(state, context, &id)?,
                    "unpublish" => lifecycle::unpublish_integration(state, context, &id)?,
                    "suspend" => lifecycle::suspend_integration(state, context, &id)?,
                    other => return Err(unknown_action(other, ACTIONS)),
                }
                Ok(done())
            })
            .await;
        }
    };
    let sent: Rotation = body::json(&headers, body).await?;
    let (secret, retires_at) = runtime
        .write(|state, context| rotate::secret(state, context, &id, kind, sent.overlap_s))
        .await??;
    // The secret is shown only here, as on the platform.
    Ok(Json(
        json!({ "secret": secret.expose(), "old_secret_retires_at": retires_at }),
    ))
}
