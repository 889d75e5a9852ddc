//! One read: authenticated, repeated where that is safe and useful (invariant C2).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, RETRY_AFTER},
};
use revento_core::{ApiErrorBody, ApiErrorCode, RequestId};
use revento_oauth::lifecycle::Signal;
use serde::de::DeserializeOwned;

use crate::{
    Client, Error,
    client::Shared,
    retry,
    session::{Live, Session},
    words::in_words,
};

const VERSION: &str = "application/vnd.revento.v1+json";

/// Reads over one connection.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) session: Arc<Session>,
}

impl Reader {
    /// Reads `path_and_query`, which begins with a slash, and parses the answer.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path_and_query: &str) -> Result<T, Error> {
        get(&self.client.shared, &self.session, path_and_query).await
    }
}

async fn get<T: DeserializeOwned>(
    shared: &Arc<Shared>,
    session: &Arc<Session>,
    path_and_query: &str,
) -> Result<T, Error> {
    let mut live = session.token(shared).await?;
    let mut refreshed = false;
    let mut attempt = 0;
    loop {
        attempt += 1;
        let request_id = shared.request_id();
        let pause = match send(shared, &live, path_and_query, &request_id).await {
            Ok(response) if response.status().is_success() => return parse(&response, request_id),
            Ok(response) => {
                let refusal = Refusal::of(&response, request_id);
                match refusal.code {
                    ApiErrorCode::TokenExpired if !refreshed => {
                        refreshed = true;
                        attempt -= 1;
                        live = session.token_after(shared, &live).await?;
                        continue;
                    }
                    ApiErrorCode::TokenRevoked => return Err(revoked(session, shared, &live, refusal).await),
                    _ => match refusal.pause(shared, &response, attempt) {
                        Some(pause) => pause,
                        None => return Err(refusal.into()),
                    },
                }
            }
            Err(trouble) if attempt >= retry::ATTEMPTS => {
                return Err(Error::NoAnswer {
                    attempts: attempt,
                    trouble,
                    request_id,
                });
            }
            Err(_) => shared.share_of(retry::backoff(attempt)),
        };
        tokio::time::sleep(pause).await;
        // A long pause may outlive the token.
        live = session.token(shared).await?;
    }
}

async fn send(
    shared: &Shared,
    live: &Live,
    path_and_query: &str,
    request_id: &RequestId,
) -> Result<Response<Bytes>, String> {
    let uri = format!("{}{path_and_query}", shared.api_base);
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", live.access.expose()))
        .map_err(|_| "the access token cannot stand in a header".to_owned())?;
    bearer.set_sensitive(true);
    let request = http::Request::get(uri)
        .header(AUTHORIZATION, bearer)
        .header(ACCEPT, VERSION)
        .header("x-revento-request-id", request_id.as_str())
        .body(Bytes::new())
        .map_err(|error| error.to_string())?;
    shared
        .transport
        .send(request)
        .await
        .map_err(|error| error.to_string())
}

fn parse<T: DeserializeOwned>(response: &Response<Bytes>, request_id: RequestId) -> Result<T, Error> {
    serde_json::from_slice(response.body()).map_err(|error| Error::Unreadable {
        problem: error.to_string(),
        request_id,
    })
}

/// The platform has ended the connection: no call after this one (contract §3.5).
async fn revoked(session: &Arc<Session>, shared: &Arc<Shared>, live: &Live, refusal: Refusal) -> Error {
    let client = Client {
        shared: Arc::clone(shared),
    };
    // Another consent may have come since: then this was the old token's end, not the connection's.
    let newer = match shared.vault.store().load(&session.key).await {
        Ok(stored) => stored.is_some_and(|stored| stored.record.connection.generation > live.generation),
        Err(_) => false,
    };
    session.forget();
    if !newer && let Err(error) = client.apply(&session.key, &Signal::TokenRevoked).await {
        tracing::error!(connection = %session.key, error = in_words(&error), "the end of a connection could not be noted");
    }
    match session.token(shared).await {
        Err(error) => error.into(),
        Ok(_) => refusal.into(),
    }
}

struct Refusal {
    status: StatusCode,
    code: ApiErrorCode,
    message: Option<String>,
    request_id: RequestId,
}

impl Refusal {
    /// By its code, or by its status where the body is not the envelope (contract §9).
    fn of(response: &Response<Bytes>, sent_id: RequestId) -> Self {
        let status = response.status();
        match ApiErrorBody::parse(response.body()) {
            Some(body) => Self {
                status,
                code: body.error,
                message: body.message,
                request_id: body.request_id.unwrap_or(sent_id),
            },
            None => Self {
                status,
                code: by_status(status),
                message: None,
                request_id: sent_id,
            },
        }
    }

    /// How long to wait before the next attempt; `None` when there is to be none.
    fn pause(&self, shared: &Shared, response: &Response<Bytes>, attempt: u32) -> Option<Duration> {
        let worth_repeating = self.status == StatusCode::TOO_MANY_REQUESTS || self.status.is_server_error();
        if !worth_repeating || attempt >= retry::ATTEMPTS {
            return None;
        }
        let told = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| retry::retry_after(value.to_str().ok()?, shared.clock.now()));
        let jitter = shared.share_of(retry::backoff(attempt));
        match told {
            Some(told) if told > retry::PATIENCE => None,
            Some(told) => Some(told.saturating_add(jitter)),
            None => Some(jitter),
        }
    }
}

fn by_status(status: StatusCode) -> ApiErrorCode {
    match status {
        StatusCode::UNAUTHORIZED => ApiErrorCode::InvalidToken,
        StatusCode::NOT_FOUND => ApiErrorCode::NotFound,
        StatusCode::BAD_REQUEST => ApiErrorCode::InvalidRequest,
        StatusCode::TOO_MANY_REQUESTS => ApiErrorCode::RateLimitExceeded,
        other => ApiErrorCode::Other(format!("http_{}", other.as_u16()).into()),
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let Refusal {
            status,
            code,
            message,
            request_id,
        } = refusal;
        Self::Refused {
            status: status.as_u16(),
            code,
            message,
            request_id,
        }
    }
}
