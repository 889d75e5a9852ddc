//! A platform in memory: a token endpoint that rotates tokens and detects reuse, and a read endpoint. It fails on command.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{AUTHORIZATION, RETRY_AFTER},
};
use revento_transport::{Transport, TransportError};

/// What happens to one request to the token endpoint.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    NeverSent,
    LoseRequest,
    LoseAnswer,
    Answer(u16, &'static str),
    /// The transport itself panics.
    Panic,
    /// The request arrives, and the transport never returns.
    Hang,
}

/// Answers after a delay, as over a network.
#[derive(Debug, Default)]
pub(crate) struct Platform(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    current: u64,
    revoked: bool,
    refreshes: u32,
    exchanges: u32,
    exchange_plan: Option<Plan>,
    reads: u32,
    plans: VecDeque<Plan>,
    /// The next read gets a 429 with this `Retry-After`, in seconds.
    busy: Option<u32>,
    last_bearer: String,
    /// The error codes of the next reads.
    read_errors: VecDeque<&'static str>,
}

impl Platform {
    pub(crate) fn plan(&self, plans: impl IntoIterator<Item = Plan>) {
        self.state().plans.extend(plans);
    }

    pub(crate) fn refuse_reads(&self, codes: impl IntoIterator<Item = &'static str>) {
        self.state().read_errors.extend(codes);
    }

    /// The refresh requests, answered or not.
    pub(crate) fn refreshes(&self) -> u32 {
        self.state().refreshes
    }

    pub(crate) fn reads(&self) -> u32 {
        self.state().reads
    }

    /// The next read is answered with 429 and `Retry-After`.
    pub(crate) fn is_busy_for(&self, seconds: u32) {
        self.state().busy = Some(seconds);
    }

    /// The credential of the last read.
    pub(crate) fn last_bearer(&self) -> String {
        self.state().last_bearer.clone()
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.state().revoked
    }

    /// What happens to the next exchange of a code.
    pub(crate) fn plan_exchange(&self, plan: Plan) {
        self.state().exchange_plan = Some(plan);
    }

    /// The code exchanges, answered or not.
    pub(crate) fn exchanges(&self) -> u32 {
        self.state().exchanges
    }

    fn exchange(&self) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.state();
        state.exchanges += 1;
        match state.exchange_plan.take() {
            Some(Plan::NeverSent) => Err(TransportError::never_sent("refused")),
            Some(Plan::Answer(status, body)) => Ok(answer(status, body.to_owned())),
            Some(_) => Err(TransportError::may_have_been_sent("reset")),
            None => Ok(state.issue()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if request.uri().path() != "/oauth/token" {
            return Ok(self.state().read(&request));
        }
        let fields: Vec<_> = form_urlencoded::parse(request.body()).into_owned().collect();
        let field = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        let Some(token) = field("refresh_token") else {
            return self.exchange();
        };
        let plan = {
            let mut state = self.state();
            state.refreshes += 1;
            state.plans.pop_front()
        };
        let lost = || TransportError::may_have_been_sent("reset");
        match plan {
            None => Ok(self.state().refresh(token)),
            Some(Plan::NeverSent) => Err(TransportError::never_sent("refused")),
            Some(Plan::LoseRequest) => Err(lost()),
            Some(Plan::LoseAnswer) => {
                self.state().refresh(token);
                Err(lost())
            }
            Some(Plan::Answer(status, body)) => Ok(answer(status, body.to_owned())),
            Some(Plan::Panic) => panic!("a planned panic of the transport"),
            Some(Plan::Hang) => {
                self.state().refresh(token);
                std::future::pending().await
            }
        }
    }
}

impl State {
    fn refresh(&mut self, token: &str) -> Response<Bytes> {
        self.revoked |= token != format!("rev_refresh_{}", self.current);
        if self.revoked {
            return answer(400, r#"{"error":"invalid_grant"}"#.to_owned());
        }
        self.issue()
    }

    fn issue(&mut self) -> Response<Bytes> {
        self.current += 1;
        let number = self.current;
        answer(
            200,
            format!(
                r#"{{"access_token":"rev_install_{number}","refresh_token":"rev_refresh_{number}","token_type":"Bearer",
                "expires_in":3600,"scope":"event.read participants.read","event_id":"evt_1","organization_id":"org_1"}}"#
            ),
        )
    }

    fn read(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        self.reads += 1;
        if let Some(code) = self.read_errors.pop_front() {
            return answer(
                401,
                format!(r#"{{"error":"{code}","message":"no","request_id":"r"}}"#),
            );
        }
        self.last_bearer = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        if let Some(seconds) = self.busy.take() {
            let mut busy = answer(
                429,
                r#"{"error":"rate_limit_exceeded","message":"slow down"}"#.to_owned(),
            );
            busy.headers_mut().insert(RETRY_AFTER, seconds.into());
            return busy;
        }
        answer(200, r#"{"id":"evt_1","publish_status":"published"}"#.to_owned())
    }
}

fn answer(status: u16, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
