//! Why a JSON text cannot be read.

use std::{any::type_name, borrow::Cow, fmt};

use serde::de::{self, Unexpected};

use crate::{error::ErrorKind, text::printable};

/// A value in a JSON text is missing, illegible, or of another type than expected.
///
/// The text names the place and the types. It shows no value, because values can be personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonError {
    path: String,
    problem: Cow<'static, str>,
}

crate::readable_debug!(JsonError);

impl JsonError {
    pub(crate) fn new(problem: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: String::new(),
            problem: problem.into(),
        }
    }

    /// The place of the value, such as `data[3].email`. Empty for the whole text.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, without the place and without the value.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// Who is at fault: the author of the text.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Platform
    }

    /// Whether the same text can be read later: no.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: no.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }

    /// The same error, seen from the object around the value.
    pub(crate) fn in_member(self, name: &str) -> Self {
        let name = printable(name).to_string();
        self.below(name)
    }

    /// The same error, seen from the list around the value.
    pub(crate) fn in_element(self, index: usize) -> Self {
        self.below(format!("[{index}]"))
    }

    fn below(mut self, parent: String) -> Self {
        self.path = match self.path.chars().next() {
            None => parent,
            Some('[') => parent + &self.path,
            Some(_) => format!("{parent}.{}", self.path),
        };
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            "" => f.write_str(&self.problem),
            path => write!(f, "{path}: {}", self.problem),
        }
    }
}

impl std::error::Error for JsonError {}

impl de::Error for JsonError {
    /// The message of a type can quote the value, so it is not kept. An error of this type quotes none: [`WithJson`](crate::WithJson)
    /// passes it on.
    fn custom<T: fmt::Display>(message: T) -> Self {
        if type_name::<T>() == type_name::<Self>() {
            return Self::new(message.to_string());
        }
        Self::new("it is malformed")
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}, found {}", type_of(found)))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of: {}", expected.join(", ")))
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new("it has a field that is not expected")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("it is missing").in_member(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("it comes twice").in_member(field)
    }
}

fn type_of(value: Unexpected<'_>) -> &'static str {
    match value {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "another type",
    }
}
