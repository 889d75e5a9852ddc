//! Why a read gave nothing.

use std::fmt;

use revento_core::{ApiErrorCode, Extra, RequestId, Scope, Timestamp, error::one_line, pacing::LimitedBy};

use crate::SessionError;

/// A read failed. Reads have no effects, so each may be repeated.
///
/// [`fault`](Self::fault) says whose doing it is, [`remedy`](Self::remedy) what to do,
/// [`is_transient`](Self::is_transient) whether trying again later can help, and [`attempts`](Self::attempts) what has
/// been tried. All errors with their causes are listed in `docs/errors.md`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no access token. No call was made, unless the platform ended the connection with its answer.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The platform refused.
    #[error("the platform answered {status} {}{}{attempts} (request {request_id})", one_line(.code.as_str()), told(.message))]
    Refused {
        /// The status.
        status: u16,
        /// What to branch on; where the answer was no error envelope, a code made from the status.
        code: ApiErrorCode,
        /// For humans.
        message: Option<String>,
        /// The request's id, for support.
        request_id: RequestId,
        /// What else the envelope carries: some codes have fields of their own (contract §3.5).
        details: Extra,
        /// What was tried, this answer included.
        attempts: Attempts,
    },
    /// No answer came, after the attempts that make sense.
    #[error("no answer ({trouble}){attempts}: try again later (request {request_id})")]
    NoAnswer {
        /// What happened last.
        trouble: String,
        /// The last request's id.
        request_id: RequestId,
        /// What was tried.
        attempts: Attempts,
    },
    /// The time that the read may take ran out.
    #[error(
        "the read was not done by its deadline ({trouble}){attempts}: allow more time or try again later"
    )]
    Deadline {
        /// What it was doing.
        trouble: String,
        /// What was tried.
        attempts: Attempts,
    },
    /// The token's budget lets no call go in the time that one may wait. Nothing was sent.
    #[error("the token's budget ({}) allows this call only at {ready_at}: come back then, or wait for longer", .why.as_str())]
    Paced {
        /// When it could go.
        ready_at: Timestamp,
        /// Which of the budgets has too little left.
        why: LimitedBy,
        /// What was tried before.
        attempts: Attempts,
    },
    /// Too many calls wait for the same token. Nothing was sent.
    #[error("{waiting} calls wait for the same token already: ask for less at once")]
    QueueFull {
        /// How many.
        waiting: usize,
    },
    /// An answer came that is not what the contract promises.
    #[error(
        "the answer cannot be read ({problem}; request {request_id}): update the SDK, or ask the platform"
    )]
    Unreadable {
        /// What was wrong, with the place in the answer.
        problem: String,
        /// The request's id.
        request_id: RequestId,
    },
    /// The pages go round in circles or lead nowhere. What came before is good.
    #[error("the pages do not end: {problem} (request {request_id}); what came before is good")]
    Pages {
        /// What was wrong.
        problem: &'static str,
        /// The request that brought the page.
        request_id: RequestId,
    },
    /// The request cannot be made of what was given: a path or header that is none. Nothing was sent.
    #[error("the request cannot be made: {problem}")]
    Request {
        /// What was wrong.
        problem: String,
    },
}

/// Whose doing an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// This program's: its code or its configuration has to change.
    Integration,
    /// The organizer's or participant's: they did not consent, or no longer.
    Consent,
    /// The platform's: it failed, or broke its contract.
    Platform,
    /// The network's, between here and the platform.
    Network,
    /// This service's own store or sealer.
    Store,
    /// Nobody's: too much was asked for in too little time.
    Load,
}

impl Error {
    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Session(error) => match error {
                SessionError::NotConnected
                | SessionError::NeedsConsent { .. }
                | SessionError::Revoked { .. } => Fault::Consent,
                SessionError::Refused { .. } => Fault::Integration,
                SessionError::Store { .. } | SessionError::Unsaved { .. } => Fault::Store,
                SessionError::Busy => Fault::Load,
                _ => Fault::Network,
            },
            Self::Refused { code, .. } if *code == ApiErrorCode::InsufficientScope => Fault::Consent,
            Self::Refused { code, .. } if *code == ApiErrorCode::TokenRevoked => Fault::Consent,
            Self::Refused { status: 429, .. } => Fault::Load,
            Self::Refused { status, .. } if *status >= 500 || *status < 400 => Fault::Platform,
            Self::Refused { .. } | Self::Request { .. } => Fault::Integration,
            Self::NoAnswer { .. } => Fault::Network,
            Self::Deadline { .. } | Self::Paced { .. } | Self::QueueFull { .. } => Fault::Load,
            Self::Unreadable { .. } | Self::Pages { .. } => Fault::Platform,
        }
    }

    /// Whether something may have happened that cannot be undone. No read has effects; only a refresh whose answer was
    /// lost may have spent a token.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self,
            Self::Session(SessionError::InDoubt { .. } | SessionError::Unsaved { .. })
        )
    }

    /// Whether the connection itself has ended: stop background work for it and offer to connect again.
    pub fn is_connection_ended(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_ended())
    }

    /// Whether trying again later can help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error) => error.is_transient(),
            Self::NoAnswer { .. } | Self::Deadline { .. } | Self::Paced { .. } | Self::QueueFull { .. } => {
                true
            }
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. } | Self::Pages { .. } | Self::Request { .. } => false,
        }
    }

    /// What to do, in a sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Session(error) if error.is_ended() => {
                "stop background work for this connection and offer to connect again"
            }
            Self::Session(SessionError::Refused { .. }) => "check the client id and secret",
            Self::Session(SessionError::Unsaved { .. }) => {
                "repair the store, and do not restart this process"
            }
            Self::Session(_) | Self::NoAnswer { .. } => "try again later",
            Self::Refused { code, status, .. } => refusal_remedy(code, *status),
            Self::Deadline { .. } => "allow more time, or try again later",
            Self::Paced { .. } => "come back at `ready_at`, or let the call wait for longer",
            Self::QueueFull { .. } => "ask for less at once",
            Self::Unreadable { .. } => {
                "update the SDK; if it is up to date, tell the platform the request's id"
            }
            Self::Pages { .. } => "keep what came, and tell the platform the request's id",
            Self::Request { .. } => "correct what was given",
        }
    }

    /// The scope that the organizer has not granted, when that is the reason; ask for consent again with it.
    pub fn missing_scope(&self) -> Option<Scope> {
        let Self::Refused { code, details, .. } = self else {
            return None;
        };
        if *code != ApiErrorCode::InsufficientScope {
            return None;
        }
        let scope: String = serde_json::from_str(details.json("required_scope")?).ok()?;
        Some(Scope::from(scope.as_str()))
    }

    /// The id of the request that failed, for support; none was sent where there is no token.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Refused { request_id, .. }
            | Self::NoAnswer { request_id, .. }
            | Self::Unreadable { request_id, .. }
            | Self::Pages { request_id, .. } => Some(request_id),
            Self::Deadline { attempts, .. } | Self::Paced { attempts, .. } => {
                attempts.0.last().map(|attempt| &attempt.request_id)
            }
            Self::Session(_) | Self::QueueFull { .. } | Self::Request { .. } => None,
        }
    }

    /// What was tried, the oldest first; empty where nothing was sent, or the first answer settled it.
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            Self::Refused { attempts, .. }
            | Self::NoAnswer { attempts, .. }
            | Self::Deadline { attempts, .. }
            | Self::Paced { attempts, .. } => &attempts.0,
            _ => &[],
        }
    }
}

/// The table of contract §3.5.
fn refusal_remedy(code: &ApiErrorCode, status: u16) -> &'static str {
    match code {
        ApiErrorCode::InvalidToken => {
            "the platform does not know this token: look whether the configuration is the right one"
        }
        ApiErrorCode::TokenExpired => "set this machine's clock; the platform refuses even a fresh token",
        ApiErrorCode::TokenRevoked => "stop background work for this connection and offer to connect again",
        ApiErrorCode::UserTokenRequired => "read this with a user's connection",
        ApiErrorCode::InstallationTokenRequired => "read this with an organizer's connection",
        ApiErrorCode::EventNotAuthorized => "a connection is bound to one event: use the one of that event",
        ApiErrorCode::InsufficientScope => "ask for consent again with the missing scope",
        ApiErrorCode::NotFound => "there is no such thing, or no longer",
        ApiErrorCode::InvalidRequest => {
            "correct the limit or the cursor; a cursor fits only the list that it came from"
        }
        ApiErrorCode::RateLimitExceeded | ApiErrorCode::ConcurrentLimitExceeded => {
            "let the client pace, and share the budget between replicas"
        }
        _ if status >= 500 => "try again later",
        _ if status < 400 => {
            "give the address that it leads to as the API's base: no redirect is followed with a credential"
        }
        ApiErrorCode::Other(code) if code.starts_with("http_") => {
            "look for a proxy or a wrong address of the API's base: the answer is not the platform's"
        }
        _ => "update the SDK, or ask the platform what the code means",
    }
}

/// One request of a read, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its id, fresh for each request.
    pub request_id: RequestId,
    /// What came of it: a status and code, or why there was no answer.
    pub outcome: String,
}

/// What was tried. As text it is empty for a single attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attempts(Vec<Attempt>);

impl Attempts {
    pub(crate) fn add(&mut self, request_id: RequestId, outcome: String) {
        self.0.push(Attempt { request_id, outcome });
    }

    /// How many requests were sent.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each request, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Attempt> {
        self.0.iter()
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 | 1 => Ok(()),
            count => write!(f, " after {count} attempts"),
        }
    }
}

fn told(message: &Option<String>) -> String {
    message
        .as_ref()
        .map(|text| format!(": {}", one_line(text)))
        .unwrap_or_default()
}
