//! Errors as one line of text.

use std::error::Error;

/// An error and its causes. A cause that the text has already is not said again.
pub(crate) fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use revento_store::{StoreError, StoreErrorKind};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer: {0}")]
    struct Outer(#[source] StoreError);

    #[test]
    fn every_cause_is_said_once() {
        let inner = StoreError::new(StoreErrorKind::Corrupt, "loading", "page 7 is torn");
        assert_eq!(
            in_words(&Outer(inner)),
            "outer: the store's data cannot be read while loading; restore it from a backup: page 7 is torn"
        );
    }
}
