//! The vocabulary of the Revento platform.
//!
//! Everything that the other crates of the SDK talk about and that needs no I/O, no clock and no
//! randomness: [ids](id), [scopes](scope), [secrets](secret), [times](time), [error codes](error),
//! [limits], [connections](connection), [pages](page), [resources](resource) and
//! [webhook envelopes](envelope).
//!
//! Reading is tolerant, as §9 of the contract asks: an unknown scope, event type, error code or
//! enum value is a value and keeps its text; an unknown field is never an error; what the contract
//! promises and does not arrive is an error that names the field.
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
mod text_enum;
pub mod time;
pub mod tolerant_json;

pub use connection::{Connection, ConnectionKey, Reason, Status};
pub use envelope::{Envelope, EnvelopeError};
pub use error::{ApiErrorBody, ApiErrorCode, ErrorKind};
pub use event_type::EventType;
pub use id::{
    ActivityId, ApplicationId, ClientId, DeliveryId, EnvelopeId, EventId, LocationId, OrganizationId,
    ParticipantId, RequestId, ThreadId, UserId, WaveId,
};
pub use page::Page;
pub use record::Extra;
#[cfg(feature = "test-util")]
pub use record::OptionalField;
pub use scope::{Scope, Scopes, TokenKind};
pub use secret::{AccessToken, ClientSecret, RefreshToken};
pub use time::Timestamp;
