//! A list, before it is read.

use std::{fmt, sync::Arc};

use revento_core::limits;
use serde::de::DeserializeOwned;

use super::{Bookmark, Items, Pages};
use crate::request::Reader;

/// A list of the read API, before it is read: how to read it, and from where on.
///
/// ```no_run
/// # use futures_util::TryStreamExt;
/// # use revento_core::resource::ApplicationStatus::Approved;
/// # async fn example(client: revento_api::Client) -> Result<(), revento_api::Error> {
/// let mut people = client.event("evt_1").participants().status(Approved).stream();
/// while let Some(person) = people.try_next().await? {
///     println!("{:?}", person.name);
///     let _goes_on_from_here_after_a_restart = people.bookmark().to_string();
/// }
/// # Ok(()) }
/// ```
pub struct List<T> {
    pub(super) reader: Reader,
    pub(super) template: &'static str,
    pub(super) path: String,
    pub(super) limit: u16,
    pub(super) from: Bookmark,
    pub(super) filter: Option<Filter<T>>,
    pub(super) progress: Option<Callback>,
}

pub(super) type Filter<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;
pub(super) type Callback = Arc<dyn Fn(&Progress) + Send + Sync>;

/// How far the reading of a list has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Pages that came, since this reading began.
    pub pages: u64,
    /// Items that came, whether or not a filter takes them.
    pub items: u64,
    /// Whether the platform says that there is more. How much more it does not say.
    pub has_more: bool,
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    pub(super) fn new(reader: Reader, template: &'static str, path: String) -> Self {
        Self {
            reader,
            template,
            path,
            limit: limits::MAX_PAGE_SIZE,
            from: Bookmark::start(),
            filter: None,
            progress: None,
        }
    }

    /// How many to ask for at a time, 1 to 50 (contract §3.3); the most unless said otherwise, because each page costs a
    /// call of the token's budget.
    #[must_use]
    pub fn per_page(mut self, limit: u16) -> Self {
        self.limit = limit;
        self
    }

    /// Goes on from a place that was stored.
    #[must_use]
    pub fn resume(mut self, from: Bookmark) -> Self {
        self.from = from;
        self
    }

    /// Takes only these. The platform filters nothing (contract §3.2), so all pages are read all the same.
    #[must_use]
    pub fn filter(mut self, takes: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(match self.filter.take() {
            None => Arc::new(takes),
            Some(before) => Arc::new(move |item| before(item) && takes(item)),
        });
        self
    }

    /// Tells after each page how far it has come.
    #[must_use]
    pub fn on_progress(mut self, tell: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(tell));
        self
    }

    /// One item after the other. The stream ends after its first error; dropping it cancels what is under way.
    pub fn stream(self) -> Items<T> {
        Items::new(self.pages())
    }

    /// Page by page.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            reader: self.reader.clone(),
            template: self.template,
            path: self.path.clone(),
            limit: self.limit,
            from: self.from.clone(),
            filter: self.filter.clone(),
            progress: self.progress.clone(),
        }
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("path", &self.path)
            .field("limit", &self.limit)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
