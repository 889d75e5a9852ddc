//! Whether the keys fit what is stored.

use std::collections::BTreeSet;

use anyhow::Result;
use revento::{
    KeyRing,
    store::{
        RecordPages, Sealed, Sealer, TokenPairCodec,
        reseal::{body_context, error_context},
    },
};

use super::{
    super::{Stores, keys::count::Under},
    findings::Finding,
};

/// How many deliveries are read at once: each comes with its body.
const PAGE: usize = 20;

/// Counts the records that the ring does not open. Of each key one record is really opened, which shows that its bytes are right; for the
/// others the id tells.
struct Trial<'a> {
    ring: &'a KeyRing,
    opened: BTreeSet<Under>,
    failed: BTreeSet<Under>,
    closed: usize,
}

impl Trial<'_> {
    async fn sealed(&mut self, context: &str, sealed: &Sealed) {
        let under = Under::of(sealed);
        if self.opened.contains(&under) {
            return;
        }
        if !self.failed.contains(&under) {
            if self.ring.open(context, sealed).await.is_ok() {
                self.opened.insert(under);
                return;
            }
            self.failed.insert(under);
        }
        self.closed += 1;
    }
}

pub(super) async fn look(stores: &Stores, ring: &KeyRing) -> Result<Option<Finding>> {
    let mut trial = Trial {
        ring,
        opened: BTreeSet::new(),
        failed: BTreeSet::new(),
        closed: 0,
    };
    for client in stores.clients(None).await? {
        let mut pages = RecordPages::of_client(stores.tokens.as_ref(), client);
        while let Some(page) = pages.next().await? {
            for record in page.iter().map(|stored| &stored.record) {
                if let Some(sealed) = &record.tokens {
                    let context = TokenPairCodec::context(&record.connection.key);
                    trial.sealed(&context, sealed).await;
                }
            }
        }
    }
    if let Some(inbox) = stores.has_inbox() {
        let mut after = None;
        loop {
            let page = inbox.sealed(after.as_ref(), PAGE).await?;
            for delivery in &page {
                let id = &delivery.envelope_id;
                trial.sealed(&body_context(id), &delivery.body).await;
                if let Some(error) = delivery.sealed_error() {
                    trial.sealed(&error_context(id), &error).await;
                }
            }
            if page.len() < PAGE {
                break;
            }
            after = page.last().map(|last| last.envelope_id.clone());
        }
    }
    Ok((trial.closed > 0).then(|| Finding {
        id: "keys_do_not_fit",
        of: Some(("record", "records")),
        what: format!(
            "closed to the given keys ({})",
            trial.failed.iter().map(Under::name).collect::<Vec<_>>().join(", ")
        )
        .into(),
        count: trial.closed,
        remedy: "the service cannot use them either, unless it has more keys: restore the missing key, see revento ops keys status",
    }))
}
