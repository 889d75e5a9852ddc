//! The items of one page in their order, those that cannot be read included.

use std::{iter::Peekable, vec};

use revento_core::{BadItem, Page, RequestId};

use super::list::{BadItemCallback, OnBadItem};
use crate::error::Error;

/// The rest of a page.
pub(super) struct ReadPage<T> {
    good: vec::IntoIter<T>,
    bad: Peekable<vec::IntoIter<BadItem>>,
    /// The position of the next item in the page.
    position: usize,
    request_id: RequestId,
    endpoint: &'static str,
}

impl<T> ReadPage<T> {
    pub(super) fn new(page: Page<T>, request_id: RequestId, endpoint: &'static str) -> Self {
        Self {
            good: page.data.into_iter(),
            bad: page.bad_items.into_iter().peekable(),
            position: 0,
            request_id,
            endpoint,
        }
    }

    /// Drops the first items.
    pub(super) fn skip(&mut self, items: usize) {
        while self.position < items && self.next_entry().is_some() {}
    }

    /// The items that are left, good or bad.
    pub(super) fn len(&self) -> usize {
        self.good.len() + self.bad.len()
    }

    pub(super) fn has_bad_items(&self) -> bool {
        self.bad.len() > 0
    }

    /// The next item, good or bad.
    fn next_entry(&mut self) -> Option<Result<T, BadItem>> {
        let position = self.position;
        let entry = match self.bad.next_if(|bad| bad.index() == position) {
            Some(bad) => Err(bad),
            None => Ok(self.good.next()?),
        };
        self.position += 1;
        Some(entry)
    }

    /// The next item that can be read, and how many items were passed over before it.
    pub(super) fn next_item(
        &mut self,
        on_bad_item: Option<&BadItemCallback>,
    ) -> (usize, Option<Result<T, Error>>) {
        let mut skipped = 0;
        loop {
            let bad = match self.next_entry() {
                None => return (skipped, None),
                Some(Ok(item)) => return (skipped, Some(Ok(item))),
                Some(Err(bad)) => bad,
            };
            match on_bad_item.map_or(OnBadItem::Fail, |decide| decide(&bad)) {
                OnBadItem::Skip => skipped += 1,
                OnBadItem::Fail => return (skipped, Some(Err(self.failed(bad)))),
            }
        }
    }

    fn failed(&self, item: BadItem) -> Error {
        Error::BadItem {
            item: Box::new(item),
            request_id: self.request_id.clone(),
            endpoint: self.endpoint,
        }
    }
}
