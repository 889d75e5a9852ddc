//! One read under way: its attempts, its pauses, its deadline.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Response, StatusCode};
use revento_core::{
    ApiErrorCode, RequestId, Timestamp,
    error::chain,
    http_date::retry_after,
    pacing::{CallOutcome, RateLimitHeaders},
};
use tracing::Instrument as _;

use super::{
    answer::Answer,
    attempt::{Failed, RequestAttempt},
    context::{Executor, ReadOptions, Target},
    refusal::Refusal,
};
use crate::{
    auth::Authorization,
    error::{Attempts, Error, SendError, SessionError},
    http::metrics,
    limiter::{Denied, Permit},
    session::{CachedToken, Session},
};

impl Executor {
    /// Reads.
    pub(crate) async fn read(&self, target: &Target, options: &ReadOptions) -> Result<Answer, Error> {
        let key = options.credential.session().map(|session| session.key());
        let span = tracing::info_span!(
            "revento.read",
            otel.name = target.template,
            url.template = target.template,
            revento.connection = key.map(tracing::field::display),
            revento.delivery_id = options.delivery_id.as_ref().map(tracing::field::display),
            revento.request_id = tracing::field::Empty,
            http.request.resend_count = tracing::field::Empty,
            error.type = tracing::field::Empty,
        );
        let read = Read::new(self, target, options);
        let result = read.run().instrument(span.clone()).await;
        if let Err(error) = &result {
            span.record("error.type", error.kind().as_str());
        }
        result
    }
}

/// One read under way.
struct Read<'r> {
    executor: &'r Executor,
    target: &'r Target,
    options: &'r ReadOptions,
    deadline: Option<Timestamp>,
    attempts: Attempts,
    /// The attempts that count against the policy.
    counted: u32,
    has_refreshed: bool,
}

/// What follows an attempt.
enum Next {
    Done(Answer),
    Repeat { pause: Duration, reason: &'static str },
    Failed(Error),
}

impl<'r> Read<'r> {
    fn new(executor: &'r Executor, target: &'r Target, options: &'r ReadOptions) -> Self {
        let now = executor.runtime.now();
        Self {
            executor,
            target,
            options,
            deadline: options.retry.deadline.map(|limit| now.saturating_add(limit)),
            attempts: Attempts::default(),
            counted: 0,
            has_refreshed: false,
        }
    }

    async fn run(mut self) -> Result<Answer, Error> {
        // A connection that has ended fails at once, not after a wait for the budget.
        self.authorize().await?;
        loop {
            let permit = self.turn().await?;
            // A long wait may have outlived the token.
            let authorization = match self.authorize().await {
                Ok(authorization) => authorization,
                Err(error) => {
                    permit.unsent().await;
                    return Err(error);
                }
            };
            match self.attempt(permit, &authorization).await {
                Next::Done(answer) => return Ok(answer),
                Next::Failed(error) => return Err(error),
                Next::Repeat { pause, reason } => self.pause(pause, reason).await?,
            }
        }
    }

    async fn attempt(&mut self, permit: Permit, authorization: &Authorization) -> Next {
        let runtime = &self.executor.runtime;
        self.counted += 1;
        if let Some(token) = authorization.token() {
            metrics::token_expires_in(token.usable_until.saturating_since(runtime.now()));
        }
        let request_id = runtime.request_id();
        let span = tracing::Span::current();
        span.record("revento.request_id", request_id.as_str());
        if self.attempts.count() > 0 {
            span.record("http.request.resend_count", self.attempts.count());
        }
        let attempt = RequestAttempt {
            executor: self.executor,
            target: self.target,
            request_id: &request_id,
            limit: self.time_left().min(self.options.retry.attempt_timeout),
        };
        match attempt.run(authorization).await {
            Ok(response) if response.status().is_success() => {
                permit.answered(&self.limits(&response, "")).await;
                Next::Done(Answer {
                    body: response.into_body(),
                    request_id,
                    template: self.target.template,
                })
            }
            Ok(response) => {
                let refusal = Refusal::of(&response, request_id.clone());
                let limits = self.limits(&response, refusal.code.as_str());
                let is_paced = permit.is_paced();
                permit.answered(&limits).await;
                self.attempts.add(request_id, refusal.in_short());
                self.after_refusal(refusal, &limits, authorization, is_paced)
                    .await
            }
            Err(Failed::Unmade(error)) => {
                permit.unsent().await;
                Next::Failed(error)
            }
            Err(Failed::Send(error)) => {
                if error.may_have_taken_effect() {
                    drop(permit);
                } else {
                    permit.unsent().await;
                }
                self.after_no_answer(request_id, error)
            }
        }
    }

    async fn after_refusal(
        &mut self,
        refusal: Refusal,
        limits: &RateLimitHeaders,
        authorization: &Authorization,
        is_paced: bool,
    ) -> Next {
        if let (Some(session), Some(token)) = (self.options.credential.session(), authorization.token()) {
            match refusal.code {
                ApiErrorCode::TokenExpired if !self.has_refreshed => {
                    return self.refresh(session, token).await;
                }
                ApiErrorCode::TokenRevoked => {
                    let error = self.executor.revoked(session, token).await;
                    return Next::Failed(error.unwrap_or_else(|| self.refused(refusal)));
                }
                _ => {}
            }
        }
        match self.pause_after(&refusal, limits, is_paced) {
            Some(pause) => Next::Repeat {
                pause,
                reason: if refusal.status == StatusCode::TOO_MANY_REQUESTS {
                    "too_many_requests"
                } else {
                    "server_error"
                },
            },
            None => Next::Failed(self.refused(refusal)),
        }
    }

    /// `token_expired` costs one refresh and one repetition that the policy does not count (contract §3.5).
    async fn refresh(&mut self, session: &Arc<Session>, refused: &CachedToken) -> Next {
        self.has_refreshed = true;
        self.counted -= 1;
        match self.in_time(session.token_after(refused)).await {
            Ok(_) => Next::Repeat {
                pause: Duration::ZERO,
                reason: "token_expired",
            },
            Err(error) => Next::Failed(error),
        }
    }

    /// How long to wait before the next attempt; `None` when there is none.
    fn pause_after(&self, refusal: &Refusal, limits: &RateLimitHeaders, is_paced: bool) -> Option<Duration> {
        let retry = &self.options.retry;
        if !refusal.is_worth_repeating() || self.counted >= retry.attempts {
            return None;
        }
        let jitter = self.executor.runtime.jitter(retry.bound(self.counted));
        let asked = match limits.outcome() {
            CallOutcome::RateLimited(Some(after)) => Some(after),
            CallOutcome::Answered => limits.retry_after(),
            _ => None,
        };
        match asked {
            Some(after) if after > retry.max_retry_after => None,
            // All calls of the token wait in the queue that this call came from.
            _ if is_paced && limits.outcome() != CallOutcome::Answered => Some(Duration::ZERO),
            Some(after) => Some(after.saturating_add(jitter)),
            None => Some(jitter),
        }
    }

    fn after_no_answer(&mut self, request_id: RequestId, error: SendError) -> Next {
        if !error.is_transient() {
            return Next::Failed(Error::Unreadable {
                problem: chain(&error).to_string(),
                request_id,
                endpoint: self.target.template,
            });
        }
        self.attempts.add(request_id.clone(), chain(&error).to_string());
        let retry = &self.options.retry;
        if self.counted < retry.attempts {
            return Next::Repeat {
                pause: self.executor.runtime.jitter(retry.bound(self.counted)),
                reason: "no_answer",
            };
        }
        if self.time_left().is_zero() {
            return Next::Failed(self.too_late("waiting for the answer", Some(error)));
        }
        Next::Failed(Error::NoAnswer {
            request_id,
            endpoint: self.target.template,
            attempts: std::mem::take(&mut self.attempts),
            source: error,
        })
    }

    /// Waits for the budget.
    async fn turn(&mut self) -> Result<Permit, Error> {
        let Some(session) = self.options.credential.session() else {
            return Ok(Permit::unpaced());
        };
        let turn = self.executor.limiter.turn(session.key(), self.deadline).await;
        turn.map_err(|denied| match denied {
            Denied::QueueFull { waiting } => Error::QueueFull {
                waiting,
                endpoint: self.target.template,
            },
            Denied::TooLong { ready_at, limited_by } => Error::Paced {
                ready_at,
                limited_by,
                endpoint: self.target.template,
                attempts: std::mem::take(&mut self.attempts),
            },
        })
    }

    async fn authorize(&mut self) -> Result<Authorization, Error> {
        self.in_time(self.options.credential.authorize()).await
    }

    /// Waits for a token until the deadline. The deadline does not end a refresh: the next caller joins it, and the
    /// background worker drives it.
    async fn in_time<T>(&mut self, token: impl Future<Output = Result<T, SessionError>>) -> Result<T, Error> {
        if self.deadline.is_none() {
            return Ok(token.await?);
        }
        match self.executor.runtime.timeout(self.time_left(), token).await {
            Ok(token) => Ok(token?),
            Err(_) => Err(self.too_late("waiting for a token", None)),
        }
    }

    async fn pause(&mut self, pause: Duration, reason: &'static str) -> Result<(), Error> {
        metrics::request_repeated(self.target.template, reason);
        tracing::debug!(reason, ?pause, "the request is repeated");
        if pause >= self.time_left() {
            return Err(self.too_late("waiting to repeat the request", None));
        }
        if !pause.is_zero() {
            self.executor.runtime.sleep(pause).await;
        }
        Ok(())
    }

    fn time_left(&self) -> Duration {
        let now = self.executor.runtime.now();
        self.deadline
            .map_or(Duration::MAX, |deadline| deadline.saturating_since(now))
    }

    fn too_late(&mut self, doing: &'static str, source: Option<SendError>) -> Error {
        Error::Deadline {
            doing,
            endpoint: self.target.template,
            attempts: std::mem::take(&mut self.attempts),
            source,
        }
    }

    fn refused(&mut self, refusal: Refusal) -> Error {
        refusal.into_error(self.target.template, std::mem::take(&mut self.attempts))
    }

    /// What an answer says about budgets, clocks and the future of its endpoint.
    fn limits(&self, response: &Response<Bytes>, error: &str) -> RateLimitHeaders {
        let now = self.executor.runtime.now();
        let headers = response.headers();
        let header = |name| {
            let mut texts = headers
                .get_all(name)
                .iter()
                .filter_map(|value| value.to_str().ok());
            match name {
                // A proxy may have added one: the client waits for the longer one.
                "retry-after" => texts.max_by_key(|text| retry_after(text, now)),
                _ => texts.next(),
            }
        };
        let limits = RateLimitHeaders::read(response.status().as_u16(), error, header, now);
        self.executor
            .advisories
            .read(self.target.template, headers, &limits, now);
        limits
    }
}
