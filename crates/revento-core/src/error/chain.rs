//! Errors with their causes, as one text.

use std::{error::Error, fmt};

use crate::text::printable;

/// Writes an error and its causes, separated by `: `, as one [printable](crate::text::printable) line.
///
/// A cause whose text the message contains already is left out, because some libraries print their source as well.
///
/// ```
/// let error = revento_core::Envelope::parse(b"[").unwrap_err();
/// println!("the webhook was dropped: {}", revento_core::error::chain(&error));
/// ```
pub fn chain<'a>(error: &'a (dyn Error + 'a)) -> impl fmt::Display + 'a {
    Chain(error)
}

struct Chain<'a>(&'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.0.to_string();
        let mut source = self.0.source();
        while let Some(error) = source {
            let cause = error.to_string();
            if !text.contains(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            source = error.source();
        }
        fmt::Display::fmt(&printable(&text).whole(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
