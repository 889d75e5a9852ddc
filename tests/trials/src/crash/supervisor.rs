//! The supervisor: starts, kills and restarts processes, moves the clock, and waits until every connection is stable.

mod herd;

use std::{net::TcpListener, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, bail};
use futures_util::TryStreamExt as _;
use revento_api::Client;
use revento_core::{Connection, ConnectionKey, ConnectionStatus};
use revento_sandbox::Sandbox;
use revento_store::{Clock, OsEntropy};
use revento_transport_reqwest::ReqwestTransport;
use tokio::time::Instant;

use super::{
    Options, Site,
    connect::{CALLBACK, client, consent, timing},
    database::{self, Engine},
    judge::Judge,
    verdict::Verdict,
    wall_clock::WallClock,
};
use crate::{ledger::Ledger, random::Random};
use herd::Herd;

/// How many participants are signed in, besides the organizers.
const USERS: usize = 40;
const PARTICIPANTS: u32 = 120;
const TICK: Duration = Duration::from_millis(12);
const GLANCE: Duration = Duration::from_millis(100);
/// A connection that is not stable after this time counts as a failure.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(90);
const HOUR: Duration = Duration::from_secs(3600);

/// Runs one engine until the requested number of processes was killed.
pub(super) async fn run(mut engine: Engine, options: &Options) -> Result<Verdict> {
    engine.start()?;
    let folder = tempfile::tempdir()?;
    let mut trial = Trial::begin(engine, &folder.path().join("clock"), options).await?;
    while !trial.is_spoilt() && trial.ledger.tally(|tally| tally.kills()) < options.kills {
        trial.cycle().await?;
    }
    if !trial.is_spoilt() {
        trial.finish().await?;
    }
    Ok(Verdict {
        tally: trial.ledger.tally(|tally| tally.clone()),
        kills_wanted: options.kills,
    })
}

struct Trial {
    engine: Engine,
    sandbox: Sandbox,
    clock: Arc<WallClock>,
    ledger: Arc<Ledger>,
    /// The supervisor's own client. It is never killed.
    client: Client,
    herd: Herd,
    random: Random,
}

impl Trial {
    async fn begin(engine: Engine, clock_file: &std::path::Path, options: &Options) -> Result<Self> {
        let front = TcpListener::bind("127.0.0.1:0")?;
        let back = TcpListener::bind("127.0.0.1:0")?;
        let sandbox_at = format!("http://{}", back.local_addr()?);
        let sandbox = Sandbox::builder()
            .listener(back)
            .public_url(format!("http://{}", front.local_addr()?))
            .redirect_uri(CALLBACK)
            .without_rate_limits()
            .start()
            .await?;
        let clock = Arc::new(WallClock::create(clock_file)?);
        let store = database::open(&engine.url(), 8).await?;
        let ledger = Arc::new(Ledger::new(Arc::clone(&store), timing().clock_skew));
        let info = sandbox.info();
        let judge = Judge {
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            transport: ReqwestTransport::new()?,
            sandbox: sandbox_at,
            client_id: info.client_id.clone(),
        };
        front.set_nonblocking(true)?;
        let front = tokio::net::TcpListener::from_std(front)?;
        tokio::spawn(async move { axum::serve(front, judge.router()).await });
        let mut site = Site {
            auth_base: info.auth_base.clone(),
            api_base: info.api_base.clone(),
            client_id: info.client_id.clone(),
            client_secret: info.client_secret.clone(),
            store: engine.url(),
            clock: clock_file.to_owned(),
            careless: options.careless,
            connections: Vec::new(),
        };
        let transport = Arc::new(ReqwestTransport::new()?);
        let shared_clock: Arc<dyn Clock> = Arc::<WallClock>::clone(&clock);
        let client = client(&site, transport, store, shared_clock, Arc::new(OsEntropy))?;
        site.connections = everybody(&client, &sandbox).await?;
        let herd = Herd::new(&site, options.seed)?;
        Ok(Self {
            engine,
            sandbox,
            clock,
            ledger,
            client,
            herd,
            random: Random::new(options.seed),
        })
    }

    /// Moves the clock to the end of the access tokens, so that all processes refresh, and kills some.
    async fn cycle(&mut self) -> Result<()> {
        let jump = if self.random.chance(60) {
            HOUR + Duration::from_secs(60)
        } else {
            HOUR - Duration::from_secs(300)
        };
        self.advance(jump).await?;
        self.herd.budget = 6 + self.random.below(24);
        let mut outage = self.random.chance(60).then(|| self.random.below(25));
        let mut down = 0;
        let started = Instant::now();
        let mut glanced = started;
        while !self.is_spoilt() {
            self.herd.tend(&self.ledger, started.elapsed())?;
            match (outage, down) {
                (Some(0), _) => {
                    outage = None;
                    if self.engine.kill() {
                        self.ledger.tally(|tally| tally.database_kills += 1);
                        down = 1 + self.random.below(40);
                    }
                }
                (Some(ticks), _) => outage = Some(ticks - 1),
                (None, 0) => {}
                (None, 1) => {
                    self.engine.start()?;
                    down = 0;
                }
                (None, _) => down -= 1,
            }
            tokio::time::sleep(TICK).await;
            if outage.is_none() && down == 0 && glanced.elapsed() > GLANCE {
                glanced = Instant::now();
                if self.is_at_rest().await? {
                    return Ok(());
                }
            }
            if started.elapsed() > RECOVERY_TIMEOUT {
                bail!("connections do not come to rest: {:?}", self.restless().await?);
            }
        }
        Ok(())
    }

    fn is_spoilt(&self) -> bool {
        self.ledger.tally(|tally| tally.is_spoilt())
    }

    /// Without further kills, every connection has to give a token.
    async fn finish(&mut self) -> Result<()> {
        self.herd.budget = 0;
        self.herd.end(&self.ledger);
        // Connections in doubt: their access tokens have ended, so the SDK tries the refresh tokens again.
        self.advance(2 * HOUR).await?;
        let connections: Vec<_> = self.client.connections().try_collect().await?;
        for connection in connections {
            let key = connection.key;
            let token = match &key.user_id {
                Some(user) => {
                    let user = self.client.user(key.event_id.clone(), user.clone());
                    user.access_token().await
                }
                None => self.client.event(key.event_id.clone()).access_token().await,
            };
            match token {
                Ok(_) => {}
                Err(error) if error.is_connection_ended() => self.ledger.ended(&key),
                Err(error) => bail!("{key} gives no token at the end: {error}"),
            }
        }
        Ok(())
    }

    async fn advance(&self, by: Duration) -> Result<()> {
        self.sandbox.advance(by).await?;
        self.clock.advance(by)
    }

    /// Whether all connections are stable. Judges ended connections and connects them again.
    async fn is_at_rest(&self) -> Result<bool> {
        let Ok(connections) = self.client.connections().try_collect::<Vec<_>>().await else {
            return Ok(false);
        };
        let mut at_rest = true;
        for connection in connections {
            if !connection.status.is_live() {
                self.ledger.ended(&connection.key);
                self.reconnect(&connection.key).await?;
            }
            at_rest &= self.rests(&connection);
        }
        Ok(at_rest)
    }

    async fn reconnect(&self, key: &ConnectionKey) -> Result<()> {
        let user = key.user_id.as_ref().map(|user| user.as_str());
        consent(&self.client, &self.sandbox, key.event_id.as_str(), user)
            .await
            .map(drop)
            .with_context(|| format!("connecting {key} again"))
    }

    fn rests(&self, connection: &Connection) -> bool {
        let left = connection.access_expires_at.saturating_since(self.clock.now());
        match connection.status {
            ConnectionStatus::Connected => left > HOUR / 2,
            ConnectionStatus::InDoubt => left > Duration::from_secs(30),
            _ => false,
        }
    }

    async fn restless(&self) -> Result<Vec<Connection>> {
        let mut connections: Vec<_> = self.client.connections().try_collect().await?;
        connections.retain(|connection| !self.rests(connection));
        Ok(connections)
    }
}

/// Connects every event that can be, and signs participants in.
async fn everybody(client: &Client, sandbox: &Sandbox) -> Result<Vec<(String, Option<String>)>> {
    let mut connected = Vec::new();
    for event in &sandbox.info().events {
        if consent(client, sandbox, event, None).await.is_ok() {
            connected.push((event.clone(), None));
        }
    }
    let event = sandbox.info().events.first().context("no events")?;
    for number in 1..=PARTICIPANTS {
        let user = format!("usr_{number:04}");
        if connected.len() < USERS && consent(client, sandbox, event, Some(&user)).await.is_ok() {
            connected.push((event.clone(), Some(user)));
        }
    }
    if connected.len() < USERS {
        bail!("only {} could be connected", connected.len());
    }
    Ok(connected)
}
