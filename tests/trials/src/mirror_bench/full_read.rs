//! The full read of an event, from a sandbox over HTTP, without pacing.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use revento_api::{Client, Pacing};
use revento_core::{EventId, Scopes};
use revento_mirror::{Mirror, ResourceKind, memory::MemoryMirror, store::MirrorStore};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_sandbox::{ConsentDecision, Sandbox};
use revento_store::memory::MemoryTokens;
use revento_store_sqlite::{SqliteMirror, SqliteStore};
use revento_transport_reqwest::ReqwestTransport;
use tokio::time::Instant;

use super::{Rate, Sizes};
use crate::{ledger::key_ring, mirror::platform};

const CALLBACK: &str = "http://localhost:3000/callback";

pub(super) async fn measure(sizes: Sizes) -> Result<Vec<Rate>> {
    let folder = tempfile::tempdir()?;
    let seed = folder.path().join("seed.json");
    std::fs::write(&seed, platform::seed(u32::try_from(sizes.people)?).await?)?;
    let sandbox = Sandbox::builder()
        .seed_file(&seed)
        .redirect_uri(CALLBACK)
        .without_rate_limits()
        .start()
        .await?;
    let client = connected(&sandbox).await?;
    let mut rates = [Rate::new("without"), Rate::new("memory"), Rate::new("sqlite")];
    for round in 0..sizes.rounds {
        for rate in &mut rates {
            let store: Arc<dyn MirrorStore> = match rate.name.as_str() {
                "without" => {
                    plain(&client, sizes, rate).await?;
                    continue;
                }
                "memory" => Arc::new(MemoryMirror::new()),
                _ => {
                    let file = folder.path().join(format!("mirror-{round}.db"));
                    let store = SqliteStore::open(&file).await?;
                    Arc::new(SqliteMirror::open(&store).await?)
                }
            };
            mirrored(&client, store, sizes, rate).await?;
        }
    }
    sandbox.shutdown().await;
    Ok(rates.into())
}

async fn plain(client: &Client, sizes: Sizes, rate: &mut Rate) -> Result<()> {
    let started = Instant::now();
    let mut pages = client.event(platform::EVENT).participants().pages();
    let mut count = 0;
    while let Some(page) = pages.next_page().await? {
        count += page.len();
    }
    ensure!(count >= sizes.people, "{count} participants");
    rate.add(count, started.elapsed());
    Ok(())
}

async fn mirrored(client: &Client, store: Arc<dyn MirrorStore>, sizes: Sizes, rate: &mut Rate) -> Result<()> {
    let mirror = Mirror::builder(client.clone(), store)
        .leaves_out(ResourceKind::Activity)
        .build();
    let started = Instant::now();
    mirror.advance(&EventId::new(platform::EVENT)).await?;
    let elapsed = started.elapsed();
    let status = mirror.status(platform::EVENT).await?.context("no status")?;
    let count = usize::try_from(status.counts.of(ResourceKind::Participant))?;
    ensure!(count >= sizes.people, "{count} participants");
    rate.add(count, elapsed);
    Ok(())
}

async fn connected(sandbox: &Sandbox) -> Result<Client> {
    let info = sandbox.info();
    let endpoints = Endpoints::sandbox(&info.auth_base)?;
    let integration = Integration::new(endpoints, info.client_id.as_str(), CALLBACK)?
        .with_secret(info.client_secret.as_str());
    let client = Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(MemoryTokens::new())
        .sealer(key_ring())
        .pacing(Pacing::off())
        .build()?;
    let request = AuthorizationRequest {
        event_id: platform::EVENT.into(),
        scopes: Scopes::parse("event.read participants.read"),
    };
    let begun = client.begin_authorization(&request)?;
    let url = sandbox.authorize(&begun.url, ConsentDecision::Authorize).await?;
    let (_, query) = url.split_once('?').context("no query")?;
    client
        .finish_authorization(begun.pending.callback(query, client.now())?)
        .await?;
    Ok(client)
}
