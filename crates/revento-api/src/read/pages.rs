//! Walking pages (contract §3.3).

use std::{fmt, marker::PhantomData};

use futures_core::Stream;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use revento_core::{Page, limits};
use serde::de::DeserializeOwned;

use crate::{Error, request::Reader};

/// The pages of a list.
///
/// `has_more` decides whether there is another page, as the contract says: an empty page may have a
/// successor. A page that promises another without naming it, or names the one it came from, is an
/// error, not a loop.
pub struct Pages<T> {
    reader: Reader,
    path: String,
    limit: u16,
    next: Next,
    items: PhantomData<fn() -> T>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    First,
    After(String),
    End,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    pub(crate) fn new(reader: Reader, path: String) -> Self {
        Self {
            reader,
            path,
            limit: limits::LARGEST_PAGE,
            next: Next::First,
            items: PhantomData,
        }
    }

    pub(crate) fn per_page(mut self, limit: u16) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on from a cursor that [`cursor`](Self::cursor) gave, also after a restart.
    pub fn resume(mut self, cursor: impl Into<String>) -> Self {
        self.next = Next::After(cursor.into());
        self
    }

    /// The mark of the next page, to be kept and given to [`resume`](Self::resume); `None` before the
    /// first page and after the last.
    pub fn cursor(&self) -> Option<&str> {
        match &self.next {
            Next::After(cursor) => Some(cursor),
            Next::First | Next::End => None,
        }
    }

    /// Reads the next page; `None` after the last. After an error the same page is read again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        let path = match &self.next {
            Next::End => return Ok(None),
            Next::First => format!("{}?limit={}", self.path, self.limit),
            Next::After(cursor) => {
                let cursor = utf8_percent_encode(cursor, NON_ALPHANUMERIC);
                format!("{}?limit={}&cursor={cursor}", self.path, self.limit)
            }
        };
        let page: Page<T> = self.reader.get(&path).await?;
        self.next = following(&self.next, page.has_more, page.next_cursor)?;
        Ok(Some(page.data))
    }

    /// All items, one after the other.
    pub(crate) fn items(self) -> impl Stream<Item = Result<T, Error>> + Send + Unpin {
        let pages = stream::try_unfold(self, |mut pages| async move {
            let page = pages.next_page().await?;
            Ok::<_, Error>(page.map(|page| (page, pages)))
        });
        pages
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }
}

fn following(current: &Next, has_more: bool, cursor: Option<String>) -> Result<Next, Error> {
    match (has_more, cursor) {
        (false, _) => Ok(Next::End),
        (true, None) => Err(Error::Pages {
            problem: "has_more is true, but next_cursor is missing",
        }),
        (true, Some(cursor)) => match Next::After(cursor) {
            next if next == *current => Err(Error::Pages {
                problem: "a page names itself as the next one",
            }),
            next => Ok(next),
        },
    }
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self {
            reader: self.reader.clone(),
            path: self.path.clone(),
            limit: self.limit,
            next: self.next.clone(),
            items: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("path", &self.path)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_has_more_decides() {
        assert_eq!(
            following(&Next::First, false, Some("x".into())).unwrap(),
            Next::End
        );
        assert_eq!(
            following(&Next::First, true, Some("x".into())).unwrap(),
            Next::After("x".into())
        );
    }

    #[test]
    fn a2_pages_that_lead_nowhere_are_errors() {
        assert!(following(&Next::First, true, None).is_err());
        assert!(following(&Next::After("x".into()), true, Some("x".into())).is_err());
    }
}
