//! Counts what is sealed under each key, without the keys.

use std::collections::BTreeMap;

use anyhow::Result;
use revento::{
    seal::SealedUnder,
    store::{RecordPages, Sealed},
};

use super::super::{Stores, shown};

/// How many deliveries are read at once: each comes with its body.
const PAGE: usize = 20;

/// What sealed bytes name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Under {
    Key(String),
    /// They are not encrypted.
    Nothing,
    /// No sealer of the SDK wrote them.
    Unreadable,
}

impl Under {
    pub(crate) fn of(sealed: &Sealed) -> Self {
        match SealedUnder::of(sealed) {
            Ok(SealedUnder::Key(id)) => Self::Key(id.to_owned()),
            Ok(SealedUnder::Nothing) => Self::Nothing,
            Err(_) => Self::Unreadable,
        }
    }

    /// As people see it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Key(id) => format!("key {}", shown(id)),
            Self::Nothing => "not encrypted".to_owned(),
            Self::Unreadable => "unreadable".to_owned(),
        }
    }
}

/// How many records are sealed under one key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) tokens: u64,
    pub(crate) bodies: u64,
    pub(crate) errors: u64,
}

impl Counts {
    pub(crate) fn all(self) -> u64 {
        self.tokens + self.bodies + self.errors
    }
}

/// Reads every record of the store.
pub(crate) async fn count(stores: &Stores) -> Result<BTreeMap<Under, Counts>> {
    let mut counts: BTreeMap<Under, Counts> = BTreeMap::new();
    for client in stores.clients(None).await? {
        let mut pages = RecordPages::of_client(stores.tokens.as_ref(), client);
        while let Some(page) = pages.next().await? {
            for sealed in page.iter().filter_map(|stored| stored.record.tokens.as_ref()) {
                counts.entry(Under::of(sealed)).or_default().tokens += 1;
            }
        }
    }
    let Some(inbox) = stores.has_inbox() else {
        return Ok(counts);
    };
    let mut after = None;
    loop {
        let page = inbox.sealed(after.as_ref(), PAGE).await?;
        for delivery in &page {
            counts.entry(Under::of(&delivery.body)).or_default().bodies += 1;
            if let Some(error) = delivery.sealed_error() {
                counts.entry(Under::of(&error)).or_default().errors += 1;
            }
        }
        if page.len() < PAGE {
            return Ok(counts);
        }
        after = page.last().map(|last| last.envelope_id.clone());
    }
}
