//! The sandbox, the database, the proxy and the replicas.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use reqwest::{Client, redirect::Policy};
use revento_sandbox::{Action, ConsentDecision, Sandbox, Stats};
use revento_store::{Clock, InboxAdmin, SystemClock};
use revento_store_postgres::{PostgresOptions, PostgresStore};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{Options, balancer::Balancer, browser::Browser, replica::Replica};

/// A webhook that is not handled by then is lost.
const PATIENCE: Duration = Duration::from_secs(240);
/// When the platform repeats an attempt that a busy machine has failed to answer.
const FIRST_RETRY: Duration = Duration::from_secs(31);
const PAUSE: Duration = Duration::from_millis(50);
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) replicas: [Replica; 2],
    pub(super) balancer: Balancer,
    pub(super) http: Client,
    /// The public address: that of the proxy.
    pub(super) base: String,
    store: PostgresStore,
    _folder: TempDir,
}

impl World {
    pub(super) async fn create(options: &Options) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://localhost:{}", listener.local_addr()?.port());
        let sandbox = Sandbox::builder()
            .redirect_uri(format!("{base}/callback"))
            .webhook_url(format!(
                "http://127.0.0.1:{}/webhooks",
                listener.local_addr()?.port()
            ))
            .start()
            .await?;
        let http = Client::builder().no_proxy().redirect(Policy::none()).build()?;
        let schema = format!("revento_replicas_{}", std::process::id());
        let folder = tempfile::tempdir()?;
        let info = sandbox.info();
        let variables = || {
            vec![
                ("BASE_URL", base.clone()),
                ("DATABASE_URL", options.postgres_url.clone()),
                ("DATABASE_SCHEMA", schema.clone()),
                ("ENCRYPTION_KEY", KEY.to_owned()),
                ("REVENTO_AUTH_BASE", info.auth_base.clone()),
                ("REVENTO_API_BASE", info.api_base.clone()),
                ("REVENTO_CLIENT_ID", info.client_id.clone()),
                ("REVENTO_CLIENT_SECRET", info.client_secret.clone()),
                ("REVENTO_WEBHOOK_SECRET", info.webhook_secret.clone()),
                ("REVENTO_EVENT_ID", super::story::EVENT.to_owned()),
            ]
        };
        wait_for(&options.postgres_url).await?;
        let replica = |name| Replica::new(name, folder.path(), variables(), options.careless);
        let mut replicas = [replica("A")?, replica("B")?];
        // Both migrate the new schema, and one of them waits.
        let started = join_all(replicas.iter_mut().map(|replica| replica.start(&http))).await;
        started.into_iter().collect::<Result<Vec<()>>>()?;
        let bases = replicas.iter().map(|replica| replica.base.clone()).collect();
        Ok(Self {
            balancer: Balancer::start(listener, http.clone(), bases),
            store: PostgresOptions::new(&options.postgres_url)
                .schema(&schema)
                .connect()
                .await?,
            sandbox,
            replicas,
            http,
            base,
            _folder: folder,
        })
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::new(self.http.clone())
    }

    pub(super) async fn stats(&self) -> Result<Stats> {
        Ok(self.sandbox.stats().await?)
    }

    /// The same path at each replica.
    pub(super) fn at_each(&self, path: &str) -> Vec<String> {
        self.replicas
            .iter()
            .map(|replica| format!("{}{path}", replica.base))
            .collect()
    }

    /// Begins a flow over the proxy, and answers the consent page. Returns the path of the callback.
    pub(super) async fn consent(
        &self,
        browser: &mut Browser,
        path: &str,
        decision: ConsentDecision,
    ) -> Result<String> {
        let begun = browser.open(&format!("{}{path}", self.base)).await?;
        let consent_page = begun.location.context("no redirect to the consent page")?;
        let callback = self.sandbox.authorize(&consent_page, decision).await?;
        let callback = callback
            .strip_prefix(&self.base)
            .context("another redirect URI")?;
        Ok(callback.to_owned())
    }

    /// Organizers approve this many applications.
    pub(super) async fn approve(&self, event: &str, count: usize) -> Result<()> {
        let pending = self.sandbox.applications(event, "pending").await?;
        if pending.len() < count {
            bail!("{event} has only {} pending applications", pending.len());
        }
        for application in pending.into_iter().take(count) {
            self.sandbox.perform(Action::Approve(application)).await?;
        }
        Ok(())
    }

    /// Waits until this many webhooks are handled and the inbox has nothing to do. Returns what each replica has handled.
    pub(super) async fn handled(&self, expected: usize) -> Result<[Vec<String>; 2]> {
        let end = Instant::now() + PATIENCE;
        let mut failed = 0;
        loop {
            self.sandbox.deliveries_settled().await?;
            let stats = self.store.stats(SystemClock.now(), SystemClock.now()).await?;
            let waiting = stats.due + stats.later + stats.leased + stats.lapsed + stats.buried;
            let handled = self.lists().await?;
            let count: usize = handled.iter().map(Vec::len).sum();
            let platform = self.stats().await?;
            if waiting == 0 && stats.done >= u64::try_from(expected)? && platform.deliveries_pending == 0 {
                return Ok(handled);
            }
            if platform.attempts_failed > failed {
                failed = platform.attempts_failed;
                self.sandbox.advance(FIRST_RETRY).await?;
            }
            if Instant::now() > end {
                bail!("{count} of {expected} webhooks are handled: {stats:?}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The envelope ids that each replica has listed. A replica that is down lists none.
    async fn lists(&self) -> Result<[Vec<String>; 2]> {
        let [a, b] = &self.replicas;
        Ok([self.list(a).await?, self.list(b).await?])
    }

    async fn list(&self, replica: &Replica) -> Result<Vec<String>> {
        let text = match self.http.get(format!("{}/handled", replica.base)).send().await {
            Ok(answer) => answer.text().await?,
            Err(error) if error.is_connect() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let entries: Vec<Value> = serde_json::from_str(&text)?;
        let ids = entries
            .iter()
            .filter_map(|entry| entry.get("envelope_id")?.as_str());
        Ok(ids.map(str::to_owned).collect())
    }
}

/// A server that has just been started refuses connections for a moment.
async fn wait_for(postgres_url: &str) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        match PgConnection::connect(postgres_url).await {
            Ok(connection) => return Ok(connection.close().await?),
            Err(error) if Instant::now() > end => return Err(error).context("PostgreSQL does not answer"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
