//! Reads JSON as far as it is legible (contract §9).
//!
//! A strict parser refuses a whole body because of one invalid value: a number out of range, half a surrogate pair, a member that
//! comes twice, a byte that is not UTF-8, deep nesting. That would lose a new pair of tokens, which the platform does not issue
//! again (invariant T2), or stop a list at one of its items.
//!
//! [`read`] reads a value of any type, and [`TolerantObject`] the members of an object in any surroundings.

mod error;
mod object;
mod raw_json;
mod reader;
mod value;

pub use self::{error::JsonError, object::TolerantObject};
pub(crate) use self::{
    raw_json::RawJson,
    value::{RAW_TEXT, Value},
};

use serde::de::DeserializeOwned;

/// Reads a JSON text strictly, and tolerantly if that fails.
///
/// A byte that is not UTF-8 and half a surrogate pair become U+FFFD. Of several members with one name the last counts. A member
/// that the type does not know may have any value. A resource keeps an illegible value of an optional field in
/// [`extra()`](crate::Extra).
///
/// ```
/// use revento_core::{resource::Participant, tolerant_json};
///
/// let json = br#"{"id":"ptp_1","application_status":"approved","name":"Ada \ud83d","last_reviewed_at":1e999}"#;
/// let participant: Participant = tolerant_json::read(json)?;
/// assert_eq!(participant.name.as_deref(), Some("Ada \u{fffd}"));
/// assert_eq!(participant.extra().json("last_reviewed_at"), Some("1e999"));
/// # Ok::<(), tolerant_json::JsonError>(())
/// ```
///
/// # Errors
/// The text is not JSON, or a value that the type needs is missing, illegible or of another type. The error names the place.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    serde_json::from_slice(json).or_else(|_| read_with(json, |value| T::deserialize(value)))
}

/// Reads a JSON text tolerantly.
pub(crate) fn read_with<T>(
    json: &[u8],
    read: impl FnOnce(Value<'_>) -> Result<T, JsonError>,
) -> Result<T, JsonError> {
    let text = String::from_utf8_lossy(json);
    read(Value::new(&text))
}

#[cfg(test)]
mod tests;
