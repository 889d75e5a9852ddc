//! A process that uses the SDK as a service would, until it is killed.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use revento_api::{Client, SessionError};
use revento_store::{OsEntropy, TokenStore};
use revento_transport_reqwest::ReqwestTransport;

use super::{
    Site,
    connect::client,
    database,
    doom::{DoomedStore, DoomedTransport},
    point::{Doom, Point},
    wall_clock::WallClock,
};
use crate::random::Random;

/// Callers in one process.
const CALLERS: u64 = 8;

/// A worker's command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    site: String,
    /// What the judge calls it
    #[arg(long)]
    number: u32,
    #[arg(long)]
    seed: u64,
    /// The crash point
    #[arg(long)]
    point: Option<Point>,
    /// The n-th time at which it dies
    #[arg(long, default_value_t = 1)]
    time: u32,
}

/// Works until it is killed.
pub(crate) fn run(options: Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(work(options))
}

async fn work(options: Options) -> Result<()> {
    let site: Site = serde_json::from_str(&options.site)?;
    let doom = Arc::new(Doom::new(options.point, options.time));
    let store: Arc<dyn TokenStore> = Arc::new(DoomedStore {
        inner: database::open(&site.store, 3).await?,
        doom: Arc::clone(&doom),
        careless: site.careless,
    });
    let transport = Arc::new(DoomedTransport {
        inner: ReqwestTransport::new()?,
        doom,
        number: options.number,
    });
    let clock = Arc::new(WallClock::open(&site.clock)?);
    let client = client(&site, transport, store, clock, Arc::new(OsEntropy))?;
    tokio::spawn(client.background().run(std::future::pending()));
    let callers = (0..CALLERS).map(|number| {
        let random = Random::new(options.seed.wrapping_add(number));
        tokio::spawn(call(client.clone(), site.connections.clone(), random))
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await?;
    }
    Ok(())
}

async fn call(client: Client, connections: Vec<(String, Option<String>)>, mut random: Random) {
    loop {
        if let Some((event, user)) = random.pick(&connections) {
            let read = random.chance(30);
            let _ = use_once(&client, event, user.as_deref(), read).await;
        }
        tokio::time::sleep(Duration::from_millis(1 + random.below(12))).await;
    }
}

async fn use_once(client: &Client, event: &str, user: Option<&str>, read: bool) -> Result<(), SessionError> {
    match user {
        Some(user) => {
            let client = client.user(event, user);
            client.access_token().await?;
            if read {
                let _ = client.profile().await;
            }
        }
        None => {
            let client = client.event(event);
            client.access_token().await?;
            if read {
                let _ = client.get().await;
            }
        }
    }
    Ok(())
}
