//! The types that all crates of the Revento SDK share, without I/O, clock or randomness.
//!
//! [Ids](id), [scopes](scope), [secrets](secret), [times](time), [errors](error), [limits], [rate limiting](pacing),
//! [connections](connection), [pages](page), [resources](resource), [foreign text](text) in messages, and webhooks as
//! [envelopes](envelope) and [kinds](kind).
//!
//! Reading is tolerant (contract §9): an unknown scope, event type, error code or enum value keeps its text, an unknown field
//! is kept, and a promised field that is missing is an error that names the field.
//!
//! ```
//! use revento_core::{EventId, Scope, Scopes, TokenKind};
//!
//! let event = EventId::new("evt_test_published");
//! let granted = Scopes::parse("event.read participants.read future.scope");
//! assert!(granted.contains(&Scope::ParticipantsRead));
//! assert_eq!(granted.token_kind(), Some(TokenKind::Installation));
//! assert_eq!(event.as_str(), "evt_test_published");
//! ```
//!
//! # Features
//! No feature is on by default, and each only adds.
//!
//! | feature | what it adds |
//! |---|---|
//! | `jiff`, `chrono`, `time` | conversions of [`Timestamp`] to and from the times of these crates |
//! | `test-util` | [examples](resource#in-tests) of resources and webhooks with setters, so that a test of a handler needs no JSON |
//!
//! # What it does not do
//! No I/O, no clock, no randomness: values and rules only. Most programs meet these types through the crate `revento`, as `revento::types`.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod api_error;
pub mod claim;
pub mod connection;
pub mod envelope;
pub mod error;
mod event_type;
pub mod http_date;
pub mod id;
mod json_error;
pub mod kind;
pub mod limits;
pub mod pacing;
pub mod page;
mod record;
pub mod resource;
pub mod scope;
pub mod secret;
pub mod text;
mod text_enum;
pub mod time;
pub mod tolerant_json;
mod with_json;

pub use api_error::{ApiErrorBody, ApiErrorCode};
pub use connection::{Connection, ConnectionKey, ConnectionStatus, StatusReason};
pub use envelope::{Envelope, EnvelopeError};
pub use error::ErrorKind;
pub use event_type::EventType;
pub use id::{
    ActivityId, ApplicationId, ClientId, DeliveryId, EnvelopeId, EventId, LocationId, OrganizationId,
    ParticipantId, RequestId, ThreadId, UserId, WaveId,
};
pub use page::{BadItem, Page};
pub use record::Extra;
#[cfg(feature = "test-util")]
pub use record::OptionalField;
pub use scope::{Scope, Scopes, TokenKind};
pub use secret::{AccessToken, ClientSecret, RefreshToken};
pub use time::Timestamp;
pub use with_json::WithJson;
