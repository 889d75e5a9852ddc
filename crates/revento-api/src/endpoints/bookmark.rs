//! A place in a list.

use std::{fmt, str::FromStr};

use revento_core::error::ErrorKind;

/// A place in a list. Store it and give it to [`List::resume`](super::List::resume), after a restart too.
///
/// Its text is the number of items of the page that are done, `~`, and the platform's cursor. It is valid as long
/// as the platform accepts the cursor. Items that are added to or removed from the same page meanwhile shift it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Bookmark {
    pub(super) cursor: Option<Box<str>>,
    pub(super) skip: usize,
}

impl Bookmark {
    /// The beginning of the list.
    pub fn start() -> Self {
        Self::default()
    }

    /// The beginning of the page of this cursor.
    pub fn at_cursor(cursor: impl Into<Box<str>>) -> Self {
        Self {
            cursor: Some(cursor.into()),
            skip: 0,
        }
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.skip, self.cursor.as_deref().unwrap_or_default())
    }
}

/// The text is no bookmark.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the text is no bookmark of a list: begin at the start, or give the text that was stored")]
pub struct ParseBookmarkError;

revento_core::readable_debug!(ParseBookmarkError);

impl ParseBookmarkError {
    /// Always [`ErrorKind::Usage`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    /// Never: the same text stays no bookmark.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Never: nothing was sent.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl FromStr for Bookmark {
    type Err = ParseBookmarkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (skip, cursor) = text.split_once('~').ok_or(ParseBookmarkError)?;
        if !skip.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseBookmarkError);
        }
        Ok(Self {
            cursor: (!cursor.is_empty()).then(|| cursor.into()),
            skip: skip.parse().map_err(|_| ParseBookmarkError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a3_a_bookmark_survives_as_text() {
        for bookmark in [
            Bookmark::start(),
            Bookmark::at_cursor("a~b==/+ ü"),
            Bookmark {
                cursor: Some("c".into()),
                skip: 49,
            },
        ] {
            assert_eq!(bookmark.to_string().parse(), Ok(bookmark));
        }
        for odd in ["", "x", "-1~c", "+1~c", "~c", "99999999999999999999999~c"] {
            assert_eq!(odd.parse::<Bookmark>(), Err(ParseBookmarkError), "{odd}");
        }
    }
}
