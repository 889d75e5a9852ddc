//! The pages of a list (contract §3.3).

use std::{
    collections::VecDeque,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use futures_core::Stream;
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use revento_core::Page;
use serde::de::DeserializeOwned;

use super::{
    bookmark::Bookmark,
    list::{BadItemCallback, List, Progress},
    read_page::ReadPage,
};
use crate::{
    error::Error,
    executor::{Answer, Target},
};

/// How many cursors are remembered exactly. [Brent's algorithm](Circle) finds longer circles.
const REMEMBERED: usize = 64;

/// The pages of a list.
///
/// `has_more` decides whether another page follows, as the contract says: an empty page can have a
/// successor. A page that promises another one without its cursor, or whose cursor came before, is an
/// error, not a loop.
pub struct Pages<T> {
    list: List<T>,
    next: Next,
    circle: Circle,
    progress: Progress,
}

/// A page, and where it leads.
struct Read<T> {
    page: ReadPage<T>,
    next: Next,
    /// How many items the page has, those included that a resumption skips.
    items: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Next {
    First,
    After(Box<str>),
    End,
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// The pages.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    fn new(list: List<T>) -> Self {
        let next = match &list.from.cursor {
            None => Next::First,
            Some(cursor) => Next::After(cursor.clone()),
        };
        Self {
            list,
            next,
            circle: Circle::default(),
            progress: Progress {
                pages: 0,
                items: 0,
                has_more: true,
            },
        }
    }

    /// Reads from a cursor on that [`cursor`](Self::cursor) gave, after a restart too.
    #[must_use]
    pub fn resume(mut self, cursor: impl Into<Box<str>>) -> Self {
        self.next = Next::After(cursor.into());
        self
    }

    /// The cursor of the next page, for [`resume`](Self::resume); `None` before the first page and after the last.
    pub fn cursor(&self) -> Option<&str> {
        match &self.next {
            Next::After(cursor) => Some(cursor),
            Next::First | Next::End => None,
        }
    }

    /// Whether the last page is read.
    pub fn is_done(&self) -> bool {
        self.next == Next::End
    }

    /// The progress.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Reads the next page; `None` after the last. After an error the next call reads the same page. A page of which the
    /// filter accepts nothing is empty.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(mut read) = self.read().await? else {
            return Ok(None);
        };
        let mut items = Vec::with_capacity(read.page.len());
        while let (_, Some(item)) = read.page.next_item(self.on_bad_item()) {
            items.push(item?);
        }
        self.advance(read.next, read.items);
        if let Some(filter) = &self.list.filter {
            items.retain(|item| filter(item));
        }
        Ok(Some(items))
    }

    /// The pages as a stream, which ends after the last page or the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<T>, Error>> + Send {
        stream::try_unfold(self, |mut pages| async move {
            let page = pages.next_page().await?;
            Ok(page.map(|page| (page, pages)))
        })
    }

    /// Reads the next page and goes on to the one after it.
    pub(super) async fn next_unfiltered(&mut self) -> Result<Option<ReadPage<T>>, Error> {
        let Some(read) = self.read().await? else {
            return Ok(None);
        };
        self.advance(read.next, read.items);
        Ok(Some(read.page))
    }

    async fn read(&mut self) -> Result<Option<Read<T>>, Error> {
        let Some(target) = self.target() else {
            return Ok(None);
        };
        let answer = self.list.reader.read(&target).await?;
        let mut page: Page<T> = answer.parse_page()?;
        let next =
            following(page.has_more, page.next_cursor.take()).map_err(|problem| circle(problem, &answer))?;
        if let Next::After(cursor) = &self.next {
            self.circle.add(cursor);
        }
        if let Next::After(cursor) = &next
            && self.circle.has(cursor)
        {
            return Err(circle("a page's next_cursor came before", &answer));
        }
        let mut page = ReadPage::new(page, answer.request_id, answer.template);
        let items = page.len();
        page.skip(self.list.from.skip);
        Ok(Some(Read { page, next, items }))
    }

    fn advance(&mut self, next: Next, items: usize) {
        self.progress.has_more = next != Next::End;
        self.next = next;
        self.progress.pages += 1;
        self.progress.items += items as u64;
        // Only the first page after a resumption begins in its middle.
        self.list.from.skip = 0;
        if let Some(callback) = &self.list.progress {
            callback(&self.progress);
        }
    }

    pub(super) fn on_bad_item(&self) -> Option<&BadItemCallback> {
        self.list.on_bad_item.as_ref()
    }

    pub(super) fn filter(&self) -> Option<&super::list::Filter<T>> {
        self.list.filter.as_ref()
    }

    /// The beginning of the next page.
    pub(super) fn bookmark(&self) -> Option<Bookmark> {
        match &self.next {
            Next::End => None,
            Next::First => Some(Bookmark {
                cursor: None,
                skip: self.list.from.skip,
            }),
            Next::After(cursor) => Some(Bookmark {
                cursor: Some(cursor.clone()),
                skip: self.list.from.skip,
            }),
        }
    }

    fn target(&self) -> Option<Target> {
        let List { target, limit, .. } = &self.list;
        let path = &target.path_and_query;
        let path_and_query = match &self.next {
            Next::End => return None,
            Next::First => format!("{path}?limit={limit}"),
            Next::After(cursor) => {
                let cursor = utf8_percent_encode(cursor, NON_ALPHANUMERIC);
                format!("{path}?limit={limit}&cursor={cursor}")
            }
        };
        Some(Target {
            template: target.template,
            path_and_query,
        })
    }
}

/// A longer cursor, percent-encoded to three times its length, fits into no address.
const LONGEST_CURSOR: usize = 20_000;

fn following(has_more: bool, cursor: Option<String>) -> Result<Next, &'static str> {
    match (has_more, cursor.as_deref()) {
        (false, _) => Ok(Next::End),
        // An empty cursor would name the first page.
        (true, None | Some("")) => Err("has_more is true, but next_cursor is missing or empty"),
        (true, Some(cursor)) if cursor.len() > LONGEST_CURSOR => Err("next_cursor is too long to be sent"),
        (true, Some(cursor)) => Ok(Next::After(cursor.into())),
    }
}

fn circle(problem: &'static str, answer: &Answer) -> Error {
    Error::Pages {
        problem,
        request_id: answer.request_id.clone(),
        endpoint: answer.template,
    }
}

/// Finds a cursor that came before, in constant memory: it remembers the hashes of the last cursors, and one anchor that
/// it replaces after 1, 2, 4, 8 … pages, so that any circle returns to it (Brent).
#[derive(Debug, Clone, Default)]
struct Circle {
    last: VecDeque<u64>,
    anchor: Option<Box<str>>,
    since: u64,
    power: u64,
}

impl Circle {
    fn add(&mut self, cursor: &str) {
        if self.last.len() == REMEMBERED {
            self.last.pop_front();
        }
        self.last.push_back(hash(cursor));
        self.since += 1;
        if self.since > self.power {
            self.anchor = Some(cursor.into());
            self.power = self.power.saturating_mul(2).max(1);
            self.since = 0;
        }
    }

    fn has(&self, cursor: &str) -> bool {
        self.anchor.as_deref() == Some(cursor) || self.last.contains(&hash(cursor))
    }
}

fn hash(cursor: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    cursor.hash(&mut hasher);
    hasher.finish()
}

impl<T> Clone for Pages<T> {
    fn clone(&self) -> Self {
        Self {
            list: self.list.clone(),
            next: self.next.clone(),
            circle: self.circle.clone(),
            progress: self.progress.clone(),
        }
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("list", &self.list)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_has_more_decides() {
        let following = |has_more, cursor: Option<&str>| following(has_more, cursor.map(str::to_owned)).ok();
        assert_eq!(following(false, Some("x")), Some(Next::End));
        assert_eq!(following(true, Some("x")), Some(Next::After("x".into())));
        assert_eq!(following(true, None), None);
        assert_eq!(following(true, Some("")), None);
        let long = "é".repeat(LONGEST_CURSOR / 2);
        assert_eq!(
            following(true, Some(&long)),
            Some(Next::After(long.as_str().into()))
        );
        assert_eq!(following(true, Some(&format!("{long}x"))), None);
    }

    #[test]
    fn a2_circles_of_any_length_are_found_in_constant_memory() {
        for length in [1u64, 2, 3, 63, 64, 65, 1000] {
            for before in [0, 5, 2000] {
                let cursor = |page: u64| {
                    let page = if page < before {
                        page
                    } else {
                        before + (page - before) % length
                    };
                    format!("cursor {page}")
                };
                let mut circle = Circle::default();
                let found = (0..).find(|page| {
                    circle.add(&cursor(*page));
                    circle.has(&cursor(page + 1))
                });
                let found = found.unwrap();
                assert!(
                    found + 1 >= before + length,
                    "found before a cursor repeats: {length} {before} {found}"
                );
                if length <= 64 {
                    assert_eq!(found + 1, before + length);
                }
                assert!(found < 4 * (before + length) + 8, "{length} {before} {found}");
                assert!(circle.last.len() <= REMEMBERED);
            }
        }
    }
}
