//! The read API (contract §3.2).

mod bookmark;
mod event;
mod installations;
mod items;
mod list;
mod pages;
mod raw;
mod user;

pub use bookmark::{Bookmark, ParseBookmarkError};
pub use event::{EventClient, Participants};
pub use installations::Installations;
pub use items::Items;
pub use list::{List, Progress};
pub use pages::Pages;
pub use raw::Raw;
pub use user::UserClient;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What may stand in a path segment as it is (RFC 3986 §2.3).
pub(crate) const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An id as a path segment: whatever it contains, it stays one segment.
fn segment(id: &str) -> String {
    match id {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        _ => utf8_percent_encode(id, UNRESERVED).to_string(),
    }
}
