//! The whole path over HTTP: wrk sends, a receiver verifies, stores and answers.

mod server;
mod wrk;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use revento_core::Timestamp;
use revento_store::InboxAdmin;
use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};
use tokio::process::Command;

pub(crate) use self::server::{ServerOptions, serve};
use self::{
    server::Server,
    wrk::{CONNECTIONS, Load, Sent},
};
use super::{
    Scale,
    deliveries::{Platform, now},
    site::{Engine, Site},
    turns::{Measured, Quantiles},
};

pub(super) const EXPRESS: &str = "express";
/// A guess that is too high only costs the time to sign what is not sent.
const FIRST_GUESS: usize = 20_000;

/// The programs that a measurement over HTTP needs.
pub(super) struct Programs {
    pub(super) wrk: PathBuf,
    /// Node, and the folder of the receiver on Express.
    pub(super) express: Option<(PathBuf, PathBuf)>,
}

/// A receiver's results.
pub(super) struct Served {
    pub(super) full: Measured,
    pub(super) half: HalfLoad,
}

/// The latencies at half of the rate that a receiver can reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct HalfLoad {
    /// The rate in relation to the full one.
    pub(super) share: f64,
    pub(super) latencies: Quantiles,
}

pub(super) fn name_of(engine: Engine) -> String {
    format!("http-{engine}")
}

/// Measures our endpoint on each engine, and Express.
pub(super) async fn measure(
    site: &Site,
    programs: &Programs,
    platform: &mut Platform,
    scale: &Scale,
) -> Result<Vec<Served>> {
    let mut receivers = Vec::new();
    for engine in site.engines() {
        receivers.push(ours(site, engine).await?);
    }
    if let Some((node, folder)) = &programs.express {
        receivers.push(express(site, node, folder).await?);
    }
    for round in 0..=scale.rounds {
        for receiver in &mut receivers {
            let sent = receiver.load(programs, platform, scale, Duration::ZERO).await?;
            if round > 0 {
                receiver.full.rates.push(sent.rate);
                receiver.full.latencies.push(sent.latencies);
            }
        }
    }
    let mut served = Vec::new();
    for mut receiver in receivers {
        let half = receiver.at_half_load(programs, platform, scale).await?;
        receiver.check().await?;
        served.push(Served {
            full: receiver.full,
            half,
        });
    }
    Ok(served)
}

struct Receiver {
    server: Server,
    full: Measured,
    /// How many requests it is expected to answer in a turn.
    expected: usize,
    acknowledged: u64,
    stored: Stored,
}

/// Where to count what a receiver has stored.
enum Stored {
    Inbox(Arc<dyn InboxAdmin>),
    Table(PathBuf),
}

async fn ours(site: &Site, engine: Engine) -> Result<Receiver> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("inbox-server");
    match engine {
        Engine::Sqlite => command.arg("--sqlite").arg(site.path("http")),
        Engine::Postgres => command.args(["--postgres-url", site.postgres_url()?, "--schema", "http"]),
    };
    let server = Server::start(&mut command).await?;
    let store = site.store(engine, "http").await?;
    Ok(Receiver::new(server, name_of(engine), Stored::Inbox(store)))
}

async fn express(site: &Site, node: &PathBuf, folder: &PathBuf) -> Result<Receiver> {
    let file = site.path(EXPRESS);
    let mut command = Command::new(node);
    command.arg("server.mjs").arg(&file).current_dir(folder);
    let server = Server::start(&mut command).await?;
    Ok(Receiver::new(server, EXPRESS.to_owned(), Stored::Table(file)))
}

impl Receiver {
    fn new(server: Server, name: String, stored: Stored) -> Self {
        Self {
            server,
            full: Measured::new(name),
            expected: FIRST_GUESS,
            acknowledged: 0,
            stored,
        }
    }

    async fn load(
        &mut self,
        programs: &Programs,
        platform: &mut Platform,
        scale: &Scale,
        pause: Duration,
    ) -> Result<Sent> {
        let load = Load {
            wrk: &programs.wrk,
            port: self.server.port,
            seconds: scale.wrk_seconds,
            pause,
        };
        let (sent, acknowledged) = load
            .send(platform, self.expected)
            .await
            .with_context(|| self.full.name.clone())?;
        self.acknowledged += acknowledged;
        self.expected = usize::try_from(sent.requests)? * 3 / 2;
        Ok(sent)
    }

    /// Each connection makes pauses, so that all of them together send half of what they could.
    async fn at_half_load(
        &mut self,
        programs: &Programs,
        platform: &mut Platform,
        scale: &Scale,
    ) -> Result<HalfLoad> {
        let full = self.full.rate();
        let apart = Duration::from_secs_f64(CONNECTIONS as f64 * 2.0 / full);
        // The time from a request to the next is the pause and the latency, of which the first attempt tells.
        let first = self.load(programs, platform, scale, apart).await?;
        let pause = apart
            .saturating_sub(first.latencies.p50)
            .max(Duration::from_millis(1));
        let sent = self.load(programs, platform, scale, pause).await?;
        Ok(HalfLoad {
            share: sent.rate / full,
            latencies: sent.latencies,
        })
    }

    /// Whatever was acknowledged is stored.
    async fn check(&self) -> Result<()> {
        let stored = match &self.stored {
            Stored::Inbox(store) => store.stats(now(), Timestamp::UNIX_EPOCH).await?.due,
            Stored::Table(file) => {
                let mut connection = SqliteConnectOptions::new().filename(file).connect().await?;
                let count: i64 = sqlx::query_scalar("SELECT count(*) FROM deliveries")
                    .fetch_one(&mut connection)
                    .await?;
                u64::try_from(count)?
            }
        };
        ensure!(
            stored >= self.acknowledged,
            "{} acknowledged {} deliveries and stored {stored}",
            self.full.name,
            self.acknowledged
        );
        Ok(())
    }
}
