//! Errors with their causes, as one text.

use std::{error::Error, fmt};

use crate::{json_error::describe, text::printable};

/// Writes an error and its causes, separated by `: `, as one [printable](crate::text::printable) line.
///
/// A cause whose text the message contains already is left out, because some libraries print their source as well. Of an error in
/// JSON it shows the place and what was expected, and never the value that was found.
///
/// ```
/// let error = revento_core::Envelope::parse(b"[").unwrap_err();
/// println!("the webhook was dropped: {}", revento_core::error::chain(&error));
/// ```
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl fmt::Display + 'a {
    Chain(error)
}

/// Implements `Debug` of your error types with [`chain`]: a sentence for each cause, as `Display` writes it.
///
/// Rust prints with `Debug` the error of a `main` that returns `Result<(), Box<dyn Error>>`, and the error of an `unwrap`. A person reads
/// it there, so each error of the SDK says what happened and what to do:
///
/// ```
/// #[derive(thiserror::Error)]
/// #[error("there is no port {0}: choose one from 1 to 65535")]
/// struct PortError(u32);
///
/// revento_core::readable_debug!(PortError);
///
/// let returned: Box<dyn std::error::Error> = PortError(70_000).into();
/// assert_eq!(format!("{returned:?}"), "there is no port 70000: choose one from 1 to 65535");
/// ```
#[macro_export]
macro_rules! readable_debug {
    ($($error:ty),+ $(,)?) => {$(
        impl ::core::fmt::Debug for $error {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&$crate::error::chain(self), f)
            }
        }
    )+};
}

struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        let mut next = Some(self.0);
        while let Some(error) = next {
            append(&mut text, error);
            next = error.source();
        }
        fmt::Display::fmt(&printable(&text).whole(), f)
    }
}

fn append(text: &mut String, error: &(dyn Error + 'static)) {
    let raw = error.to_string();
    let shown = match error.downcast_ref::<serde_json::Error>() {
        Some(json) if !json.is_io() => describe(json),
        _ => raw.clone(),
    };
    if text.contains(&raw) {
        *text = text.replace(&raw, &shown);
    } else {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h4_a_json_error_shows_no_value_wherever_it_stands() {
        #[derive(Debug, thiserror::Error)]
        #[error("the settings: {0}")]
        struct Printed(#[source] serde_json::Error);

        let error = || serde_json::from_str::<u8>("\"planted\"").unwrap_err();
        assert!(error().to_string().contains("planted"));
        assert_eq!(chain(&error()).to_string(), "expected u8 (line 1 column 9)");
        assert_eq!(
            chain(&Printed(error())).to_string(),
            "the settings: expected u8 (line 1 column 9)"
        );
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the connection cannot be loaded")]
    struct Outer(#[source] Middle);

    #[derive(Debug, thiserror::Error)]
    #[error("the store failed: {0}")]
    struct Middle(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("page 7 is torn")]
    struct Inner;

    #[test]
    fn every_cause_is_written_once() {
        let text = chain(&Outer(Middle(Inner))).to_string();
        assert_eq!(
            text,
            "the connection cannot be loaded: the store failed: page 7 is torn"
        );
    }
}
