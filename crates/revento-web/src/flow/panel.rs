//! What the platform's integrations panel says when it opens the integration's connect page (contract §2).

use http::request::Parts;
use revento_core::EventId;

use super::error::FlowError;

/// The parameter of the query that names the event.
const EVENT_ID: &str = "event_id";
const LONGEST_ID: usize = 512;

/// Whether the query says anything about the event.
pub(crate) fn names_event(request: &Parts) -> bool {
    let query = request.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == EVENT_ID)
}

/// The event of `{connect_url}?event_id=evt_…`.
pub(super) fn event_id(request: &Parts) -> Result<EventId, FlowError> {
    let query = request.uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == EVENT_ID);
    let value = match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.is_empty() => value,
        (Some(_), Some(_)) => return Err(FlowError::NoEvent("the address has two `event_id`s")),
        _ => return Err(FlowError::NoEvent("the address has no `event_id`")),
    };
    let is_id = value.len() <= LONGEST_ID
        && !value.contains(|char: char| {
            char.is_control() || char.is_whitespace() || char == char::REPLACEMENT_CHARACTER
        });
    if is_id {
        Ok(value.into_owned().into())
    } else {
        Err(FlowError::NoEvent("the `event_id` in the address cannot be one"))
    }
}
