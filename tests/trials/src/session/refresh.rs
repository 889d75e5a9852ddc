//! Measures a refresh against its bare request, and a refresh for many callers at once.

use std::{fs::File, io::Write as _, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use revento_core::{RefreshToken, RequestId};
use revento_oauth::{TokenAnswer, TokenRequest};
use revento_sandbox::ConsentDecision;
use revento_store::{Clock, TokenStore, memory::MemoryTokens};
use revento_store_postgres::PostgresStore;
use revento_store_sqlite::SqliteStore;
use revento_transport::Transport;
use tokio::time::Instant;

use super::{
    report::{Report, median},
    site::{Hands, Site},
};

const ROUNDS: usize = 101;
/// A record of the log of a database.
const APPENDED: [u8; 1024] = [7; 1024];
/// A refresh is two durable writes. Each may take half as long again as an append to a file.
const APPENDS: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);

pub(super) async fn measure(report: &mut Report, postgres: Option<&str>) -> Result<()> {
    let site = Site::new().await?;
    let folder = tempfile::tempdir()?;
    let sqlite = SqliteStore::open(folder.path().join("revento.db")).await?;
    let mut disk = File::create(folder.path().join("appended"))?;
    let mut stores: Vec<(&str, Arc<dyn TokenStore>)> = vec![
        ("memory", Arc::new(MemoryTokens::new())),
        ("SQLite", Arc::new(sqlite)),
    ];
    if let Some(url) = postgres {
        stores.push(("PostgreSQL", Arc::new(PostgresStore::connect(url).await?)));
    }
    for (name, store) in stores {
        let many: &[usize] = if name == "memory" { &[1, 16, 10_000] } else { &[1] };
        for callers in many {
            let who = if *callers == 1 {
                String::new()
            } else {
                format!(", {callers} callers")
            };
            let disk = (name == "SQLite").then_some(&mut disk);
            case(
                report,
                &site,
                format!("refresh on {name}{who}"),
                &store,
                *callers,
                disk,
            )
            .await?;
        }
    }
    Ok(())
}

async fn case(
    report: &mut Report,
    site: &Site,
    name: String,
    store: &Arc<dyn TokenStore>,
    callers: usize,
    mut disk: Option<&mut File>,
) -> Result<()> {
    let hands = Arc::new(Hands::default());
    let clock: Arc<dyn Clock> = Arc::<Hands>::clone(&hands);
    let client = site.client(Arc::clone(store), clock).await?;
    let event = client.event(site.event.as_str());
    let mut bare = Bare::new(site).await?;
    let (mut ours, mut theirs, mut with_appends) = (Vec::new(), Vec::new(), Vec::new());
    let rounds = if callers > 100 { ROUNDS / 5 } else { ROUNDS };
    let before = site.sandbox.stats().await?.refreshes;
    for _ in 0..rounds {
        hands.advance(HOUR);
        let started = Instant::now();
        for token in join_all((0..callers).map(|_| event.access_token())).await {
            token?;
        }
        ours.push(started.elapsed());
        let started = Instant::now();
        bare.refresh(site).await?;
        theirs.push(started.elapsed());
        if let Some(disk) = &mut disk {
            for _ in 0..APPENDS {
                disk.write_all(&APPENDED)?;
                disk.sync_data()?;
            }
            with_appends.push(started.elapsed());
        }
    }
    let refreshes = site.sandbox.stats().await?.refreshes - before;
    anyhow::ensure!(
        refreshes == 2 * rounds as u64,
        "{refreshes} refreshes in {rounds} rounds"
    );
    let ours = median(ours);
    report.add(name.clone(), ours, "the bare request", median(theirs));
    if disk.is_some() {
        report.add(
            name,
            ours,
            "the bare request and 3 synced appends",
            median(with_appends),
        );
    }
    Ok(())
}

/// The baseline: it sends the request and keeps the tokens in a variable.
struct Bare(RefreshToken);

impl Bare {
    async fn new(site: &Site) -> Result<Self> {
        let integration = site.integration()?;
        let random = [7; 64];
        let now = revento_store::SystemClock.now();
        let begun = revento_oauth::authorize::begin(&integration, &site.request(), &random, now);
        let home = site
            .sandbox
            .authorize(&begun.url, ConsentDecision::Authorize)
            .await?;
        let (_, query) = home.split_once('?').context("no query")?;
        let grant = begun.pending.callback(query, now)?;
        let request = TokenRequest::exchange(&integration, &grant, &RequestId::new("1"));
        Ok(Self(sent(site, request).await?))
    }

    async fn refresh(&mut self, site: &Site) -> Result<()> {
        let request = TokenRequest::refresh(&site.integration()?, &self.0, &RequestId::new("1"));
        self.0 = sent(site, request).await?;
        Ok(())
    }
}

async fn sent(site: &Site, request: TokenRequest) -> Result<RefreshToken> {
    match TokenAnswer::read(&site.http.send(request.into_http()).await?) {
        TokenAnswer::Issued(issued) => issued.refresh_token.context("no refresh token"),
        other => bail!("no tokens: {other:?}"),
    }
}
