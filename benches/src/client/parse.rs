//! Measures parsing alone: into our page, and into a struct by hand.

use std::hint::black_box;

use revento::types::{Page, resource::Participant};

use crate::{bare, platform};

/// A body and the two ways to read it.
pub struct Parse(Vec<u8>);

impl Parse {
    pub fn new(limit: u16) -> Self {
        Self(platform::page(limit.into(), 0, u64::MAX).into_bytes())
    }

    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    pub fn ours(&self) {
        let page = Page::<Participant>::read(black_box(&self.0)).expect("a page");
        black_box(page);
    }

    pub fn bare(&self) {
        let page: bare::Page = serde_json::from_slice(black_box(&self.0)).expect("a page");
        black_box(page);
    }
}
