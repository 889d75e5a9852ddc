//! The items of a list as a stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{Stream, future::BoxFuture, stream::FusedStream};
use serde::de::DeserializeOwned;

use super::{
    bookmark::Bookmark,
    list::{List, Progress},
    pages::Pages,
    read_page::ReadPage,
};
use crate::error::Error;

/// A stream of the items of a list. It keeps one page in memory.
///
/// The stream ends after its first error; [`bookmark`](Self::bookmark) is then the place to resume from, which is the item itself
/// if it cannot be read ([`List::on_bad_item`]). Dropping the stream cancels the request that is under way.
pub struct Items<T> {
    state: State<T>,
    page: Option<ReadPage<T>>,
    /// Where `page` begins, and how many of its items are done.
    from: Bookmark,
    progress: Progress,
}

enum State<T> {
    Idle(Box<Pages<T>>),
    Reading(BoxFuture<'static, Read<T>>),
    Done,
}

type Read<T> = (Box<Pages<T>>, Result<Option<ReadPage<T>>, Error>);

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// The items as a stream, which ends after its first error. Dropping it cancels the request that is under way.
    pub fn stream(self) -> Items<T> {
        Items::new(self.pages())
    }
}

impl<T: DeserializeOwned + Send + 'static> Items<T> {
    fn new(pages: Pages<T>) -> Self {
        Self {
            from: pages.bookmark().unwrap_or_default(),
            progress: pages.progress().clone(),
            state: State::Idle(Box::new(pages)),
            page: None,
        }
    }

    /// The place after the last item.
    pub fn bookmark(&self) -> &Bookmark {
        &self.from
    }

    /// The progress, in whole pages.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The next item of the page in memory that the filter accepts.
    fn next_in_memory(&mut self) -> Option<Result<T, Error>> {
        let State::Idle(pages) = &self.state else {
            return None;
        };
        let page = self.page.as_mut()?;
        loop {
            let (skipped, item) = page.next_item(pages.on_bad_item());
            self.from.skip += skipped;
            let item = match item? {
                Ok(item) => item,
                Err(error) => return Some(Err(error)),
            };
            self.from.skip += 1;
            if pages.filter().is_none_or(|filter| filter(&item)) {
                return Some(Ok(item));
            }
        }
    }

    /// How many items of the page in memory are left.
    fn in_memory(&self) -> usize {
        self.page.as_ref().map_or(0, ReadPage::len)
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.next_in_memory() {
                if item.is_err() {
                    this.state = State::Done;
                }
                return Poll::Ready(Some(item));
            }
            match std::mem::replace(&mut this.state, State::Done) {
                State::Done => return Poll::Ready(None),
                State::Idle(mut pages) => {
                    if let Some(from) = pages.bookmark() {
                        this.from = from;
                    }
                    this.state = State::Reading(Box::pin(async move {
                        let page = pages.next_unfiltered().await;
                        (pages, page)
                    }));
                }
                State::Reading(mut reading) => match reading.as_mut().poll(context) {
                    Poll::Pending => {
                        this.state = State::Reading(reading);
                        return Poll::Pending;
                    }
                    Poll::Ready((pages, Ok(Some(page)))) => {
                        this.progress = pages.progress().clone();
                        this.page = Some(page);
                        this.state = State::Idle(pages);
                    }
                    Poll::Ready((_, Ok(None))) => return Poll::Ready(None),
                    Poll::Ready((_, Err(error))) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let in_memory = self.in_memory();
        match &self.state {
            State::Done => (0, Some(0)),
            State::Idle(pages) => {
                let has_bad_items = self.page.as_ref().is_some_and(ReadPage::has_bad_items);
                let is_exact = pages.filter().is_none() && !has_bad_items;
                let least = if is_exact { in_memory } else { 0 };
                (least, pages.is_done().then_some(in_memory))
            }
            State::Reading(_) => (0, None),
        }
    }
}

impl<T: DeserializeOwned + Send + 'static> FusedStream for Items<T> {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("from", &self.from)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
