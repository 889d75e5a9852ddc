//! Why a read failed.

use revento_core::{
    ApiErrorCode, BadItem, Extra, RequestId, Scope, Timestamp, error::ErrorKind, pacing::LimitedBy,
    text::printable,
};

use super::{
    attempts::{Attempt, Attempts},
    send::SendError,
    session::SessionError,
};

/// A read failed. Reads have no effects, so each may be repeated.
///
/// [`kind`](Self::kind) says who is at fault, [`remedy`](Self::remedy) what to do,
/// [`is_transient`](Self::is_transient) whether trying again later can help, and [`attempts`](Self::attempts) what was
/// tried. `docs/errors.md` lists all errors with their causes.
///
/// `endpoint` is the path with names in place of ids, such as `/events/{event_id}/participants`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no access token. No call was made, unless the platform ended the connection with its answer.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The platform refused.
    #[error("the platform answered {status} {}{}{attempts} (request {request_id})", printable(.code.as_str()), explained(.message))]
    Refused {
        /// The status.
        status: u16,
        /// The code to branch on; made from the status where the answer is no error envelope.
        code: ApiErrorCode,
        /// Text for humans.
        message: Option<Box<str>>,
        /// The request's id, for support.
        request_id: RequestId,
        /// What was read.
        endpoint: &'static str,
        /// The other fields of the envelope: some codes have fields of their own (contract §3.5).
        details: Extra,
        /// What was tried, this answer included.
        attempts: Attempts,
    },
    /// No answer came, after all attempts.
    #[error("no answer came{attempts}: try again later (request {request_id})")]
    NoAnswer {
        /// The last request's id.
        request_id: RequestId,
        /// What was read.
        endpoint: &'static str,
        /// What was tried.
        attempts: Attempts,
        /// What happened to the last request.
        source: SendError,
    },
    /// The deadline of the read passed.
    #[error("the deadline passed{attempts}, while the read was {doing}: allow more time or try again later")]
    Deadline {
        /// What the read was doing.
        doing: &'static str,
        /// What was read.
        endpoint: &'static str,
        /// What was tried.
        attempts: Attempts,
        /// What happened to the last request, when it got no answer.
        source: Option<SendError>,
    },
    /// The token's budget lets no call go within the time that a call may wait. Nothing was sent.
    #[error("the token's budget ({}) allows this call only at {ready_at}: come back then, or wait for longer", .limited_by.as_str())]
    Paced {
        /// When the call could go.
        ready_at: Timestamp,
        /// The budget that is exhausted.
        limited_by: LimitedBy,
        /// What was to be read.
        endpoint: &'static str,
        /// What was tried before.
        attempts: Attempts,
    },
    /// Too many calls wait for the same token. Nothing was sent.
    #[error("{waiting} calls already wait for the same token: make fewer calls at once")]
    QueueFull {
        /// How many calls wait.
        waiting: usize,
        /// What was to be read.
        endpoint: &'static str,
    },
    /// The answer breaks the contract.
    #[error(
        "the answer cannot be read ({problem}; request {request_id}): update the SDK, or ask the platform"
    )]
    Unreadable {
        /// What was wrong, with the place in the answer.
        problem: String,
        /// The request's id.
        request_id: RequestId,
        /// What was read.
        endpoint: &'static str,
    },
    /// An item of a list cannot be read: a promised field is missing, illegible or of another type. The items before are good.
    #[error(
        "an item of the list cannot be read ({item}; request {request_id}): skip it with `List::on_bad_item`, or ask the platform"
    )]
    BadItem {
        /// The item: its id as far as it is legible, and the field.
        item: Box<BadItem>,
        /// The request that brought the page.
        request_id: RequestId,
        /// What was read.
        endpoint: &'static str,
    },
    /// The pages form a circle or lead nowhere. The pages before are good.
    #[error("the pages do not end: {problem} (request {request_id}); the pages before are good")]
    Pages {
        /// What was wrong.
        problem: &'static str,
        /// The request that brought the page.
        request_id: RequestId,
        /// What was read.
        endpoint: &'static str,
    },
    /// No request can be made of the given path or credential. Nothing was sent.
    #[error("the request cannot be made: {problem}")]
    InvalidRequest {
        /// What was wrong.
        problem: String,
        /// What was to be read.
        endpoint: &'static str,
    },
}

revento_core::readable_debug!(Error);

impl Error {
    /// Who is at fault, and so what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Session(error) => error.kind(),
            Self::Refused { status, code, .. } => refusal_kind(code, *status),
            Self::NoAnswer { source, .. } => source.kind(),
            Self::Deadline { .. } => ErrorKind::Timeout,
            Self::Paced { .. } | Self::QueueFull { .. } => ErrorKind::RateLimited,
            Self::Unreadable { .. } | Self::BadItem { .. } | Self::Pages { .. } => ErrorKind::Platform,
            Self::InvalidRequest { .. } => ErrorKind::Usage,
        }
    }

    /// Whether the same call can succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error) => error.is_transient(),
            Self::NoAnswer { .. } | Self::Deadline { .. } | Self::Paced { .. } | Self::QueueFull { .. } => {
                true
            }
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. }
            | Self::BadItem { .. }
            | Self::Pages { .. }
            | Self::InvalidRequest { .. } => false,
        }
    }

    /// Whether something may have happened that cannot be undone. Reads have no effects; only a refresh whose answer was
    /// lost may have spent a token.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Session(error) if error.may_have_taken_effect())
    }

    /// Whether the connection has ended: stop background work for it, and offer to connect again.
    pub fn is_connection_ended(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_connection_ended())
    }

    /// The id of the request that failed, for support; `None` when this call sent none.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Session(error) => error.request_id(),
            Self::Refused { request_id, .. }
            | Self::NoAnswer { request_id, .. }
            | Self::Unreadable { request_id, .. }
            | Self::BadItem { request_id, .. }
            | Self::Pages { request_id, .. } => Some(request_id),
            Self::Deadline { attempts, .. } | Self::Paced { attempts, .. } => {
                attempts.as_slice().last().map(|attempt| &attempt.request_id)
            }
            Self::QueueFull { .. } | Self::InvalidRequest { .. } => None,
        }
    }

    /// The path that was read, with names in place of ids; the token endpoint's when a refresh failed.
    pub fn endpoint(&self) -> Option<&'static str> {
        match self {
            Self::Session(error) => error.endpoint(),
            Self::Refused { endpoint, .. }
            | Self::NoAnswer { endpoint, .. }
            | Self::Deadline { endpoint, .. }
            | Self::Paced { endpoint, .. }
            | Self::QueueFull { endpoint, .. }
            | Self::Unreadable { endpoint, .. }
            | Self::BadItem { endpoint, .. }
            | Self::Pages { endpoint, .. }
            | Self::InvalidRequest { endpoint, .. } => Some(endpoint),
        }
    }

    /// What was tried, the oldest first; empty when nothing was sent, or when the first answer settled it.
    pub fn attempts(&self) -> &[Attempt] {
        match self {
            Self::Refused { attempts, .. }
            | Self::NoAnswer { attempts, .. }
            | Self::Deadline { attempts, .. }
            | Self::Paced { attempts, .. } => attempts.as_slice(),
            _ => &[],
        }
    }

    /// The scope that the organizer has not granted, when that is the reason: ask for consent again with it.
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

    /// What to do, in a sentence.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Session(error) if error.is_connection_ended() => {
                "stop background work for this connection and offer to connect again"
            }
            Self::Session(SessionError::Refused { .. }) => "check the client id and secret",
            Self::Session(SessionError::Sealing { .. }) => "give the sealer the key that sealed the tokens",
            Self::Session(SessionError::Unsaved { .. }) => {
                "repair the store, and do not restart this process"
            }
            Self::Session(_) | Self::NoAnswer { .. } => "try again later",
            Self::Refused { code, status, .. } => refusal_remedy(code, *status),
            Self::Deadline { .. } => "allow more time, or try again later",
            Self::Paced { .. } => "come back at `ready_at`, or let the call wait for longer",
            Self::QueueFull { .. } => "make fewer calls at once",
            Self::Unreadable { .. } => {
                "update the SDK; if it is up to date, tell the platform the request's id"
            }
            Self::BadItem { .. } => {
                "skip the item with `List::on_bad_item`, and tell the platform the item and the request's id"
            }
            Self::Pages { .. } => "keep the pages before, and tell the platform the request's id",
            Self::InvalidRequest { .. } => "correct the path or the credential",
        }
    }
}

/// The table of contract §3.5.
fn refusal_kind(code: &ApiErrorCode, status: u16) -> ErrorKind {
    match code {
        ApiErrorCode::InsufficientScope | ApiErrorCode::TokenRevoked => ErrorKind::ConsentRequired,
        ApiErrorCode::UserTokenRequired
        | ApiErrorCode::InstallationTokenRequired
        | ApiErrorCode::EventNotAuthorized
        | ApiErrorCode::InvalidRequest => ErrorKind::Usage,
        ApiErrorCode::InvalidToken => ErrorKind::Configuration,
        _ => match status {
            429 => ErrorKind::RateLimited,
            400..500 => ErrorKind::Refused,
            _ => ErrorKind::Platform,
        },
    }
}

/// The table of contract §3.5.
fn refusal_remedy(code: &ApiErrorCode, status: u16) -> &'static str {
    match code {
        ApiErrorCode::InvalidToken => {
            "the platform does not know this token: check that the client's settings are those of this environment"
        }
        ApiErrorCode::TokenExpired => "set this machine's clock; the platform refuses even a fresh token",
        ApiErrorCode::TokenRevoked => "stop background work for this connection and offer to connect again",
        ApiErrorCode::UserTokenRequired => "read this with a user's connection",
        ApiErrorCode::InstallationTokenRequired => "read this with an organizer's connection",
        ApiErrorCode::EventNotAuthorized => "a connection is bound to one event: use the one of that event",
        ApiErrorCode::InsufficientScope => "ask for consent again with the missing scope",
        ApiErrorCode::NotFound => "check the id: the resource does not exist, or exists no longer",
        ApiErrorCode::InvalidRequest => {
            "correct the limit or the cursor; a cursor fits only the list that it came from"
        }
        ApiErrorCode::RateLimitExceeded | ApiErrorCode::ConcurrentLimitExceeded => {
            "let the client pace the calls, and share the budget between replicas"
        }
        _ if status >= 500 => "try again later",
        _ if status < 400 => "correct the API's base URL: the client follows no redirect with a credential",
        ApiErrorCode::Other(code) if code.starts_with("http_") => {
            "look for a proxy or a wrong API base URL: the answer is not the platform's"
        }
        _ => "update the SDK, or ask the platform what the code means",
    }
}

fn explained(message: &Option<Box<str>>) -> String {
    message
        .as_ref()
        .map(|text| format!(": {}", printable(text)))
        .unwrap_or_default()
}
