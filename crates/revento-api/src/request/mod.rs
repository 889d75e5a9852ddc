//! One read: authenticated, paced, repeated where that is safe and useful (invariant C2).

mod exchange;
mod refusal;
mod who;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Response, StatusCode};
use revento_core::{
    AccessToken, ApiErrorCode, ConnectionKey, DeliveryId, RequestId, Timestamp,
    error::one_line,
    http_date::retry_after,
    pacing::{CallOutcome, RateLimitHeaders},
};
use revento_oauth::lifecycle::Signal;
use serde::de::DeserializeOwned;
use tracing::Instrument as _;

pub(crate) use self::who::Who;
use self::{exchange::Exchange, refusal::Refusal, who::Credential};
use crate::{
    Client, Error, Retry, SessionError,
    client::Shared,
    error::Attempts,
    meter,
    pacing::{Denied, Permit},
    session::{Live, Session},
    words::in_words,
};

/// Reads on somebody's behalf.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(crate) client: Client,
    pub(crate) who: Who,
    pub(crate) retry: Retry,
    /// The webhook that made somebody read, for logs.
    pub(crate) delivery_id: Option<DeliveryId>,
}

/// What to read.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The path with names in place of ids, for metrics and logs (OpenTelemetry's `url.template`).
    pub(crate) template: &'static str,
    /// The path, which begins with a slash, and the query.
    pub(crate) path_and_query: String,
}

/// A success.
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) request_id: RequestId,
}

impl Reader {
    /// The token itself. No pacing: what is done with it is not known here.
    pub(crate) async fn access_token(&self, key: &ConnectionKey) -> Result<AccessToken, SessionError> {
        let live = match &self.who {
            Who::Connection(session) => session.token(&self.client.shared).await?,
            Who::Integration => self.client.session(key).token(&self.client.shared).await?,
        };
        Ok(live.access.clone())
    }

    /// Reads, and parses the answer.
    pub(crate) async fn get<T: DeserializeOwned>(&self, target: &Target) -> Result<T, Error> {
        self.fetch(target).await?.parse()
    }

    /// Reads.
    pub(crate) async fn fetch(&self, target: &Target) -> Result<Answer, Error> {
        let span = tracing::info_span!(
            "revento.read",
            otel.name = target.template,
            url.template = target.template,
            revento.connection = self.who.key().map(tracing::field::display),
            revento.delivery_id = self.delivery_id.as_ref().map(tracing::field::display),
            revento.request_id = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let read = Read::begin(self, target);
        read.run().instrument(span).await
    }
}

impl Answer {
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let first = match serde_json::from_slice(&self.body) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if let Some(what) = no_json(&self.body) {
            return Err(self.unreadable(what));
        }
        // Looking for the place takes longer, so it is done for errors only.
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let problem = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) if error.path().iter().len() > 0 => {
                format!("at {}: {}", error.path(), error.inner())
            }
            _ => first.to_string(),
        };
        Err(self.unreadable(&one_line(&problem)))
    }

    fn unreadable(&self, problem: &str) -> Error {
        Error::Unreadable {
            problem: problem.to_owned(),
            request_id: self.request_id.clone(),
        }
    }
}

/// What a body is that a parser would only call unexpected.
fn no_json(body: &[u8]) -> Option<&'static str> {
    match body.trim_ascii() {
        [] => Some("it is empty"),
        [b'<', ..] => Some("it is a page in place of JSON: something else than the API may have answered"),
        [0x1f, 0x8b, ..] => Some("it is compressed, which nobody asked for"),
        _ => None,
    }
}

/// One read under way.
struct Read<'r> {
    reader: &'r Reader,
    shared: &'r Arc<Shared>,
    target: &'r Target,
    deadline: Option<Timestamp>,
    attempts: Attempts,
    /// Attempts that count against the policy.
    counted: u32,
    refreshed: bool,
}

/// What follows an attempt.
enum Next {
    Done(Answer),
    Again { pause: Duration, why: &'static str },
    Failed(Error),
}

impl<'r> Read<'r> {
    fn begin(reader: &'r Reader, target: &'r Target) -> Self {
        let shared = &reader.client.shared;
        let deadline = reader.retry.deadline;
        Self {
            reader,
            shared,
            target,
            deadline: deadline.map(|limit| shared.clock.now().saturating_add(limit)),
            attempts: Attempts::default(),
            counted: 0,
            refreshed: false,
        }
    }

    async fn run(mut self) -> Result<Answer, Error> {
        // What has ended is told at once, not after a wait for the budget.
        self.in_time(self.reader.who.credential(self.shared)).await?;
        loop {
            let permit = self.turn().await?;
            // A long wait may have outlived the token.
            let credential = match self.in_time(self.reader.who.credential(self.shared)).await {
                Ok(credential) => credential,
                Err(error) => {
                    permit.unsent().await;
                    return Err(error);
                }
            };
            match self.attempt(permit, &credential).await {
                Next::Done(answer) => return Ok(answer),
                Next::Failed(error) => {
                    tracing::Span::current().record("error.type", error_type(&error));
                    return Err(error);
                }
                Next::Again { pause, why } => self.pause(pause, why).await?,
            }
        }
    }

    async fn attempt(&mut self, permit: Permit, credential: &Credential) -> Next {
        self.counted += 1;
        if let Credential::Token(live) = credential {
            meter::time_to_expiry(live.usable_until.saturating_since(self.shared.clock.now()));
        }
        let request_id = self.shared.request_id();
        let span = tracing::Span::current();
        span.record("revento.request_id", request_id.as_str());
        if self.attempts.count() > 0 {
            span.record("http.request.resend_count", self.attempts.count());
        }
        let exchange = Exchange {
            shared: self.shared,
            target: self.target,
            request_id: &request_id,
            limit: self.time_left().min(self.reader.retry.attempt_timeout),
        };
        let response = match exchange.run(credential).await {
            Ok(response) => response,
            Err(exchange::Failed::Unmade(error)) => {
                permit.unsent().await;
                return Next::Failed(error);
            }
            Err(exchange::Failed::NeverSent(trouble)) => {
                permit.unsent().await;
                return self.unanswered(request_id, trouble);
            }
            Err(exchange::Failed::Unknown(trouble)) => {
                drop(permit);
                return self.unanswered(request_id, trouble);
            }
            Err(exchange::Failed::TooLarge(problem)) => {
                drop(permit);
                return Next::Failed(Error::Unreadable { problem, request_id });
            }
        };
        if response.status().is_success() {
            permit.done(&self.told(&response, "")).await;
            return Next::Done(Answer {
                body: response.into_body(),
                request_id,
            });
        }
        let refusal = Refusal::of(&response, request_id.clone());
        let told = self.told(&response, refusal.code.as_str());
        let is_paced = permit.is_paced();
        permit.done(&told).await;
        self.attempts.add(request_id, refusal.in_short());
        self.after_refusal(refusal, &told, credential, is_paced).await
    }

    async fn after_refusal(
        &mut self,
        refusal: Refusal,
        told: &RateLimitHeaders,
        credential: &Credential,
        is_paced: bool,
    ) -> Next {
        if let (Who::Connection(session), Credential::Token(live)) = (&self.reader.who, credential) {
            match refusal.code {
                ApiErrorCode::TokenExpired if !self.refreshed => {
                    self.refreshed = true;
                    self.counted -= 1;
                    let refreshed = async { Ok(session.token_after(self.shared, live).await?) };
                    return match self.in_time(refreshed).await {
                        Ok(_) => Next::Again {
                            pause: Duration::ZERO,
                            why: "token_expired",
                        },
                        Err(error) => Next::Failed(error),
                    };
                }
                ApiErrorCode::TokenRevoked => {
                    let attempts = std::mem::take(&mut self.attempts);
                    return Next::Failed(revoked(session, self.shared, live, refusal, attempts).await);
                }
                _ => {}
            }
        }
        match self.pause_after(&refusal, told, is_paced) {
            Some(pause) => Next::Again {
                pause,
                why: if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                    "too_many_requests"
                } else {
                    "server_error"
                },
            },
            None => Next::Failed(refusal.into_error(std::mem::take(&mut self.attempts))),
        }
    }

    /// How long to wait before the next attempt; `None` when there is to be none.
    fn pause_after(&self, refusal: &Refusal, told: &RateLimitHeaders, is_paced: bool) -> Option<Duration> {
        if !refusal.is_worth_repeating() || self.counted >= self.reader.retry.attempts {
            return None;
        }
        let jitter = self.shared.share_of(self.reader.retry.bound(self.counted));
        let asked = match told.outcome() {
            CallOutcome::RateLimited(Some(after)) => Some(after),
            CallOutcome::Answered => told.retry_after(),
            _ => None,
        };
        match asked {
            Some(after) if after > self.reader.retry.patience => None,
            // The whole token waits for it, in the queue that this call came from.
            _ if is_paced && told.outcome() != CallOutcome::Answered => Some(Duration::ZERO),
            Some(after) => Some(after.saturating_add(jitter)),
            None => Some(jitter),
        }
    }

    fn unanswered(&mut self, request_id: RequestId, trouble: String) -> Next {
        self.attempts.add(request_id.clone(), trouble.clone());
        if self.counted < self.reader.retry.attempts {
            return Next::Again {
                pause: self.shared.share_of(self.reader.retry.bound(self.counted)),
                why: "no_answer",
            };
        }
        let attempts = std::mem::take(&mut self.attempts);
        if self.time_left().is_zero() {
            return Next::Failed(Error::Deadline { trouble, attempts });
        }
        Next::Failed(Error::NoAnswer {
            trouble,
            request_id,
            attempts,
        })
    }

    /// Waits for the budget.
    async fn turn(&mut self) -> Result<Permit, Error> {
        let Some(key) = self.reader.who.key() else {
            return Ok(Permit::free());
        };
        let turn = self.shared.pacer.turn(self.shared, key, self.deadline).await;
        turn.map_err(|denied| match denied {
            Denied::QueueFull { waiting } => Error::QueueFull { waiting },
            Denied::TooLong { ready_at, why } => Error::Paced {
                ready_at,
                why,
                attempts: std::mem::take(&mut self.attempts),
            },
        })
    }

    /// Waits for a token, for no longer than the read may take. A refresh is not broken off by that: whoever asks
    /// next finds it where it stands, and the background drives it on.
    async fn in_time<T>(&self, token: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.deadline.is_none() {
            return token.await;
        }
        let out_of_time = self.shared.timer.sleep(self.time_left());
        match select(std::pin::pin!(token), out_of_time).await {
            Either::Left((token, _)) => token,
            Either::Right(_) => Err(Error::Deadline {
                trouble: "its token was still being refreshed".to_owned(),
                attempts: self.attempts.clone(),
            }),
        }
    }

    async fn pause(&mut self, pause: Duration, why: &'static str) -> Result<(), Error> {
        meter::retried(self.target.template, why);
        tracing::debug!(why, ?pause, "the request is made again");
        if pause >= self.time_left() {
            return Err(Error::Deadline {
                trouble: format!("the next attempt would have come too late; the last one ended with {why}"),
                attempts: std::mem::take(&mut self.attempts),
            });
        }
        if !pause.is_zero() {
            self.shared.timer.sleep(pause).await;
        }
        Ok(())
    }

    fn time_left(&self) -> Duration {
        let left = |deadline: Timestamp| deadline.saturating_since(self.shared.clock.now());
        self.deadline.map_or(Duration::MAX, left)
    }

    /// What an answer says about budgets, clocks and its endpoint's future.
    fn told(&self, response: &Response<Bytes>, error: &str) -> RateLimitHeaders {
        let now = self.shared.clock.now();
        let headers = response.headers();
        let header = |name| {
            let mut texts = headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok());
            match name {
                // Should a proxy have put one of its own beside the platform's, both are waited for.
                "retry-after" => texts.max_by_key(|text| retry_after(text, now)),
                _ => texts.next(),
            }
        };
        let told = RateLimitHeaders::read(response.status().as_u16(), error, header, now);
        self.shared
            .notices
            .look(self.target.template, headers, &told, now);
        told
    }
}

/// OpenTelemetry's `error.type`: few values.
fn error_type(error: &Error) -> String {
    match error {
        Error::Refused { status, .. } => status.to_string(),
        Error::Session(_) => "session".to_owned(),
        Error::NoAnswer { .. } => "no_answer".to_owned(),
        Error::Deadline { .. } => "timeout".to_owned(),
        _ => "other".to_owned(),
    }
}

/// The platform has ended the connection: no call after this one (contract §3.5).
async fn revoked(
    session: &Arc<Session>,
    shared: &Arc<Shared>,
    live: &Live,
    refusal: Refusal,
    attempts: Attempts,
) -> Error {
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
        Ok(_) => refusal.into_error(attempts),
    }
}
