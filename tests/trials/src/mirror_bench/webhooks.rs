//! Webhooks through the inbox's runner: with handlers that do nothing, and with those of a mirror.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use revento_api::Client;
use revento_core::{EventId, Timestamp};
use revento_inbox::{Handlers, Inbox, Policy};
use revento_mirror::{Mirror, ResourceKind, memory::MemoryMirror, store::MirrorStore};
use revento_store::{Clock as _, InboxStore as _, SystemClock};
use revento_store_sqlite::{SqliteMirror, SqliteStore};
use revento_webhooks::{Headers, Signer, Verifier};
use tokio::{sync::Notify, time::Instant};

use super::{Rate, Sizes};
use crate::ledger::key_ring;

const SECRET: &str = "whsec_6f1c0b9a7e5d4c3b2a19087f6e5d4c3b";
const EVENT: &str = "evt_1";
/// How many webhooks are handled at once.
const CONCURRENCY: usize = 64;

pub(super) async fn measure(sizes: Sizes) -> Result<Vec<Rate>> {
    let folder = tempfile::tempdir()?;
    let mut rates = [Rate::new("inbox"), Rate::new("memory"), Rate::new("sqlite")];
    for round in 0..sizes.rounds {
        for rate in &mut rates {
            one(folder.path(), round, sizes, rate).await?;
        }
    }
    Ok(rates.into())
}

async fn one(folder: &Path, round: usize, sizes: Sizes, rate: &mut Rate) -> Result<()> {
    let name = rate.name.clone();
    let store = SqliteStore::open(&folder.join(format!("inbox-{name}-{round}.db"))).await?;
    let inbox = Inbox::builder(store.clone(), key_ring())
        .policy(Policy::new().concurrency(CONCURRENCY))
        .build();
    fill(&inbox, sizes.webhooks).await?;
    let mirror_store: Option<Arc<dyn MirrorStore>> = match name.as_str() {
        "inbox" => None,
        "memory" => Some(Arc::new(MemoryMirror::new())),
        _ => Some(Arc::new(SqliteMirror::open(&store).await?)),
    };
    let mut handlers = Handlers::new();
    if let Some(mirror_store) = &mirror_store {
        mirror_store
            .begin(&EventId::new(EVENT), r#"{"consented_at":"2026-01-01T00:00:00Z"}"#)
            .await?;
        let mirror = Mirror::builder(offline_client()?, Arc::clone(mirror_store)).build();
        handlers = mirror.register(handlers);
    }
    let left = Arc::new(AtomicUsize::new(sizes.webhooks));
    let handled = Arc::new(Notify::new());
    let last = Arc::clone(&handled);
    let handlers = handlers.on_any(move |_| {
        if left.fetch_sub(1, Ordering::Relaxed) == 1 {
            last.notify_one();
        }
        async { Ok(()) }
    });
    let runner = inbox.runner(handlers);
    let started = Instant::now();
    runner.run(handled.notified()).await;
    rate.add(sizes.webhooks, started.elapsed());
    ensure!(store.next_due().await?.is_none(), "the runner left deliveries");
    if let Some(mirror_store) = mirror_store {
        let counts = mirror_store.counts(&EventId::new(EVENT)).await?;
        ensure!(
            counts.of(ResourceKind::Participant) as usize == sizes.webhooks,
            "{counts:?}"
        );
    }
    Ok(())
}

/// Accepts one webhook for each of so many participants.
async fn fill(inbox: &Inbox, count: usize) -> Result<()> {
    let (signer, verifier) = (Signer::new(SECRET)?, Verifier::new(SECRET)?);
    let now = SystemClock.now().unix_seconds();
    let numbers: Vec<usize> = (0..count).collect();
    for numbers in numbers.chunks(256) {
        let accept = |number: usize| {
            let body = body(number, now);
            let signature = signer.sign(now, body.as_bytes());
            let verifier = &verifier;
            async move {
                let id = format!("00000000-0000-4000-8000-{number:012}");
                let timestamp = now.to_string();
                let headers = Headers::collect([
                    ("X-Revento-Event", "application.approved"),
                    ("X-Revento-Delivery-Id", &id),
                    ("X-Revento-Timestamp", &timestamp),
                    ("X-Revento-Signature", &signature),
                ])?;
                let verified = verifier.verify(&headers, body.as_bytes(), now)?;
                inbox.accept(&verified).await?;
                anyhow::Ok(())
            }
        };
        try_join_all(numbers.iter().copied().map(accept)).await?;
    }
    Ok(())
}

/// About a kibibyte.
fn body(number: usize, now: i64) -> String {
    let at = Timestamp::from_unix_seconds(now);
    let notes = "x".repeat(560);
    format!(
        r#"{{"id":"evt_delivery_{number}","type":"application.approved","occurred_at":"{at}","event_id":"{EVENT}","organization_id":"org_1","data":{{"id":"app_{number}","participant_id":"ptp_{number}","user_id":"usr_{number}","status":"approved","approved_at":"{at}","approver_id":"usr_org_1","custom_form_fields":{{"dietary_notes":"vegan","favorite_track":"systems","notes":"{notes}"}}}}}}"#
    )
}

/// The mirror asks its client only for the time here.
fn offline_client() -> Result<Client> {
    use revento_oauth::{Endpoints, Integration};
    use revento_store::memory::MemoryTokens;
    use revento_transport_reqwest::ReqwestTransport;

    let endpoints = Endpoints::new("https://auth.invalid", "https://api.invalid/api/v1")?;
    let integration = Integration::new(endpoints, "client", "https://app.invalid/callback")?;
    Ok(Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(MemoryTokens::new())
        .sealer(key_ring())
        .build()?)
}
