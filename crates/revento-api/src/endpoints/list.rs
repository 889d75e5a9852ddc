//! A list of the read API: what to read, and how.

use std::{fmt, sync::Arc};

use revento_core::{BadItem, WithJson, limits};
use serde::de::DeserializeOwned;

use super::{bookmark::Bookmark, reader::Reader};
use crate::executor::Target;

/// A list of the read API, not yet read.
///
/// ```no_run
/// # use futures_util::TryStreamExt;
/// # use revento_core::resource::ApplicationStatus::Approved;
/// # async fn example(client: revento_api::Client) -> Result<(), revento_api::Error> {
/// let mut people = client.event("evt_1").participants().status(Approved).stream();
/// while let Some(person) = people.try_next().await? {
///     println!("{:?}", person.name);
///     let _resume_here_after_a_restart = people.bookmark().to_string();
/// }
/// # Ok(()) }
/// ```
pub struct List<T> {
    pub(super) reader: Reader,
    pub(super) target: Target,
    pub(super) limit: u16,
    pub(super) from: Bookmark,
    pub(super) filter: Option<Filter<T>>,
    pub(super) progress: Option<Callback>,
    pub(super) on_bad_item: Option<BadItemCallback>,
}

pub(super) type Filter<T> = Arc<dyn Fn(&T) -> bool + Send + Sync>;
pub(super) type Callback = Arc<dyn Fn(&Progress) + Send + Sync>;
pub(super) type BadItemCallback = Arc<dyn Fn(&BadItem) -> OnBadItem + Send + Sync>;

/// What to do with an item of a list that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnBadItem {
    /// The list ends with [`Error::BadItem`](crate::Error::BadItem).
    #[default]
    Fail,
    /// The list goes on with the next item.
    Skip,
}

/// The progress of reading a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The pages read since the start or the resumption.
    pub pages: u64,
    /// The items of these pages, whether or not a filter accepts them.
    pub items: u64,
    /// Whether the platform says that more pages follow. It does not say how many.
    pub has_more: bool,
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    pub(super) fn new(reader: Reader, target: Target) -> Self {
        Self {
            reader,
            target,
            limit: limits::MAX_PAGE_SIZE,
            from: Bookmark::start(),
            filter: None,
            progress: None,
            on_bad_item: None,
        }
    }

    /// How many items a page has, 1 to 50 (contract §3.3). The default is the largest page, because each page costs one
    /// call of the token's budget.
    #[must_use]
    pub fn per_page(mut self, limit: u16) -> Self {
        self.limit = limit;
        self
    }

    /// Reads from a stored place on.
    #[must_use]
    pub fn resume(mut self, from: Bookmark) -> Self {
        self.from = from;
        self
    }

    /// Only the items that the filter accepts. The platform filters nothing (contract §3.2), so all pages are read.
    #[must_use]
    pub fn filter(mut self, accepts: impl Fn(&T) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Some(match self.filter.take() {
            None => Arc::new(accepts),
            Some(before) => Arc::new(move |item| before(item) && accepts(item)),
        });
        self
    }

    /// Called after each page.
    #[must_use]
    pub fn on_progress(mut self, callback: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(callback));
        self
    }

    /// The same list, whose items come with their JSON text.
    pub fn with_json(self) -> List<WithJson<T>> {
        let filter = self.filter.map(|accepts| -> Filter<WithJson<T>> {
            Arc::new(move |item: &WithJson<T>| accepts(&item.value))
        });
        List {
            reader: self.reader,
            target: self.target,
            limit: self.limit,
            from: self.from,
            filter,
            progress: self.progress,
            on_bad_item: self.on_bad_item,
        }
    }

    /// Decides about each item that cannot be read, because a promised field is missing, illegible or of another type. Without
    /// it the list ends with [`Error::BadItem`](crate::Error::BadItem). A value that is not promised never makes an item bad
    /// (contract §9).
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # async fn example(client: revento_api::Client) -> Result<(), revento_api::Error> {
    /// use revento_api::OnBadItem;
    ///
    /// let people = client.event("evt_1").participants().on_bad_item(|bad| {
    ///     eprintln!("left out: {:?}, because of {:?}: {bad}", bad.id(), bad.field());
    ///     OnBadItem::Skip
    /// });
    /// let legible: Vec<_> = people.stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn on_bad_item(mut self, decide: impl Fn(&BadItem) -> OnBadItem + Send + Sync + 'static) -> Self {
        self.on_bad_item = Some(Arc::new(decide));
        self
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self {
            reader: self.reader.clone(),
            target: self.target.clone(),
            limit: self.limit,
            from: self.from.clone(),
            filter: self.filter.clone(),
            progress: self.progress.clone(),
            on_bad_item: self.on_bad_item.clone(),
        }
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("path", &self.target.path_and_query)
            .field("limit", &self.limit)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}
