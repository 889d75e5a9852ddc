//! Pages and their cursors (contract §3.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use subtle::ConstantTimeEq as _;

use crate::platform::table::{Row, Table};
use crate::primitives::digest;

const DEFAULT_LIMIT: usize = 25;
const MAX_LIMIT: usize = 50;
/// The key that authenticates cursors, so that a changed cursor is refused.
const CURSOR_KEY: &[u8] = b"revento sandbox cursors";

/// Why a page request is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadPage {
    Limit,
    Cursor,
}

/// A page of an answer.
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
    /// Reads `limit` and `cursor`. A cursor is valid only for the list that it came from.
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
            .map(|cursor| decode(cursor, prefix).ok_or(BadPage::Cursor))
            .transpose()?;
        Ok(Self { limit, after })
    }

    /// The page of the rows whose keys start with `prefix`.
    pub(crate) fn answer<'t, T: Row, S>(
        &self,
        table: &'t Table<T>,
        prefix: &'t str,
        render: impl Fn(&'t T) -> S,
    ) -> Page<S> {
        let mut rows = table.range(prefix, self.after.as_deref());
        let page: Vec<&T> = rows.by_ref().take(self.limit).collect();
        let has_more = rows.next().is_some();
        let next_cursor = page
            .last()
            .filter(|_| has_more)
            .map(|row| encode(row.key(), prefix));
        Page {
            data: page.into_iter().map(render).collect(),
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

fn encode(key: &str, prefix: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{key}", tag(key, prefix)))
}

fn decode(cursor: &str, prefix: &str) -> Option<String> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (sent, key) = text.split_at_checked(24)?;
    let is_ours = bool::from(sent.as_bytes().ct_eq(tag(key, prefix).as_bytes()));
    (is_ours && key.starts_with(prefix)).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_valid_for_its_own_list_only(key in "[a-z0-9_]{0,20}") {
            let key = format!("par_x_{key}");
            prop_assert_eq!(decode(&encode(&key, "par_x_"), "par_x_"), Some(key.clone()));
            prop_assert_eq!(decode(&encode(&key, "par_x_"), "par_y_"), None);
        }

        #[test]
        fn a_changed_cursor_is_refused(key in "[a-z0-9_]{1,20}", at in 0_usize..40, to in "[A-Za-z0-9_-]") {
            let sealed = encode(&format!("par_x_{key}"), "par_x_");
            let at = at % sealed.len();
            let changed = format!("{}{to}{}", &sealed[..at], &sealed[at + 1..]);
            prop_assume!(changed != sealed);
            prop_assert_eq!(decode(&changed, "par_x_"), None);
        }

        #[test]
        fn no_cursor_causes_a_panic(cursor in "\\PC{0,60}") {
            let _ = PageRequest::parse(None, Some(&cursor), "par_x_");
        }
    }
}
