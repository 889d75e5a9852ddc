//! Pages and their cursors (contract section 3.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use subtle::ConstantTimeEq as _;

use crate::machine::digest;
use crate::platform::table::{Row, Table};

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 50;
/// Marks a cursor as this platform's own. Whoever changes one byte of it is told.
const CURSOR_KEY: &[u8] = b"revento sandbox cursors";

/// What a client asked for is no page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadPage {
    Limit,
    Cursor,
}

/// A page as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Page<S> {
    data: Vec<S>,
    next_cursor: Option<String>,
    has_more: bool,
}

/// A request for one page of one list.
#[derive(Debug)]
pub(crate) struct PageRequest {
    limit: usize,
    after: Option<String>,
}

impl PageRequest {
    /// Reads `limit` and `cursor`; a cursor fits only the list that it came from.
    pub(crate) fn parse(limit: Option<&str>, cursor: Option<&str>, prefix: &str) -> Result<Self, BadPage> {
        let limit = match limit {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse::<usize>()
                .ok()
                .filter(|limit| (1..=MAX_LIMIT).contains(limit) && text.bytes().all(|b| b.is_ascii_digit()))
                .ok_or(BadPage::Limit)?,
        };
        let after = cursor
            .map(|cursor| open(cursor, prefix).ok_or(BadPage::Cursor))
            .transpose()?;
        Ok(Self { limit, after })
    }

    /// The page of rows whose keys start with `prefix`.
    pub(crate) fn answer<'t, T: Row, S>(
        &self,
        table: &'t Table<T>,
        prefix: &'t str,
        show: impl Fn(&'t T) -> S,
    ) -> Page<S> {
        let mut rows = table.range(prefix, self.after.as_deref());
        let page: Vec<&T> = rows.by_ref().take(self.limit).collect();
        let has_more = rows.next().is_some();
        let next_cursor = page
            .last()
            .filter(|_| has_more)
            .map(|row| seal(row.key(), prefix));
        Page {
            data: page.into_iter().map(show).collect(),
            next_cursor,
            has_more,
        }
    }
}

fn tag(key: &str, prefix: &str) -> String {
    digest::hmac_hex(CURSOR_KEY, &[prefix.as_bytes(), b"|", key.as_bytes()])
        .chars()
        .take(24)
        .collect()
}

fn seal(key: &str, prefix: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{key}", tag(key, prefix)))
}

fn open(cursor: &str, prefix: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (sent, key) = text.split_at_checked(24)?;
    let genuine = bool::from(sent.as_bytes().ct_eq(tag(key, prefix).as_bytes()));
    (genuine && key.starts_with(prefix)).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_opens_where_it_was_sealed(key in "[a-z0-9_]{0,20}") {
            let key = format!("par_x_{key}");
            prop_assert_eq!(open(&seal(&key, "par_x_"), "par_x_"), Some(key.clone()));
            prop_assert_eq!(open(&seal(&key, "par_x_"), "par_y_"), None);
        }

        #[test]
        fn a_changed_cursor_does_not_open(key in "[a-z0-9_]{1,20}", at in 0_usize..40, to in "[A-Za-z0-9_-]") {
            let sealed = seal(&format!("par_x_{key}"), "par_x_");
            let at = at % sealed.len();
            let changed = format!("{}{to}{}", &sealed[..at], &sealed[at + 1..]);
            prop_assume!(changed != sealed);
            prop_assert_eq!(open(&changed, "par_x_"), None);
        }

        #[test]
        fn no_cursor_makes_it_panic(cursor in "\\PC{0,60}") {
            let _ = PageRequest::parse(None, Some(&cursor), "par_x_");
        }
    }
}
