//! The answers to an organizer's own form.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess},
};
use serde_json::value::to_raw_value;

use crate::{
    error::ErrorKind,
    record::{LenientField, Mismatch},
    tolerant_json::{self, JsonError, RawJson},
};

/// `custom_form_fields`: a free-form object, kept as raw JSON until it is read (contract §3.4).
#[derive(Clone, Default)]
pub struct FormFields(Option<RawJson>);

impl FormFields {
    /// Answers out of a type of the caller's own.
    ///
    /// # Errors
    /// The type cannot be written as JSON.
    pub fn from_answers<T: Serialize>(answers: &T) -> Result<Self, ParseFormError> {
        let raw = to_raw_value(answers)
            .map_err(|_| ParseFormError(JsonError::new("they cannot be written as JSON")))?;
        Ok(Self(Some(RawJson::new(raw))))
    }

    /// Reads the answers as a type of the caller's own, [tolerantly](tolerant_json::read).
    ///
    /// # Errors
    /// The answers do not fit the type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ParseFormError> {
        tolerant_json::read(self.as_json().as_bytes()).map_err(ParseFormError)
    }

    /// The answers as JSON text; `{}` if there are none.
    pub fn as_json(&self) -> &str {
        self.0.as_ref().map_or("{}", RawJson::json)
    }
}

/// The answers do not fit the type of the caller. The text names what was expected and where, but no answer, because
/// answers are personal data.
#[derive(thiserror::Error)]
#[error(
    "the form's answers do not fit the type: {0}; make optional what an organizer can remove from the form"
)]
pub struct ParseFormError(JsonError);

crate::readable_debug!(ParseFormError);

impl ParseFormError {
    /// The place of the answer that does not fit, such as `favorite_track`. Empty for all answers.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// Who is at fault: the caller's type, which has to allow for each form that an organizer makes.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    /// Whether the same call can succeed later: no.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: no.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// Shows the size only, because answers are personal data.
impl std::fmt::Debug for FormFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FormFields({} bytes)", self.as_json().len())
    }
}

impl PartialEq for FormFields {
    fn eq(&self, other: &Self) -> bool {
        self.as_json() == other.as_json()
    }
}

impl<'de> Deserialize<'de> for FormFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        Ok(Self((raw.json() != "null").then_some(raw)))
    }
}

/// Any value is kept raw.
impl<'de> LenientField<'de> for FormFields {
    fn take<A: MapAccess<'de>>(map: &mut A) -> Result<(Self, Mismatch), A::Error> {
        Ok((map.next_value()?, None))
    }
}

/// Writes the original text; `{}` if there are no answers.
impl Serialize for FormFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(raw) => raw.serialize(serializer),
            None => serializer.collect_map::<&str, &str, _>([]),
        }
    }
}

#[cfg(any(test, feature = "test-util"))]
impl crate::record::OptionalField for FormFields {
    type Value = Self;

    fn present(value: Self) -> Self {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Answers {
        favorite_track: Option<String>,
    }

    #[test]
    fn answers_are_read_into_the_callers_type() {
        let fields: FormFields = serde_json::from_str(r#"{"favorite_track":"systems","x":[1]}"#).unwrap();
        assert_eq!(
            fields.parse::<Answers>().unwrap().favorite_track.as_deref(),
            Some("systems")
        );
        assert_eq!(format!("{fields:?}"), "FormFields(36 bytes)");
    }

    #[test]
    fn an_error_shows_no_answer() {
        let fields = FormFields::from_answers(&["planted"]).unwrap();
        let error = fields.parse::<[u8; 1]>().unwrap_err().to_string();
        assert!(
            error.contains("expected u8") && !error.contains("planted"),
            "{error}"
        );
    }

    #[test]
    fn no_answers_are_an_empty_object() {
        assert_eq!(FormFields::default().as_json(), "{}");
        assert_eq!(
            serde_json::from_str::<FormFields>("null").unwrap().as_json(),
            "{}"
        );
    }
}
