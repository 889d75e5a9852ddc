//! A replica of a service: callers and the two workers.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use revento_api::{Client, Pacing, SessionError};
use revento_core::ConnectionKey;
use revento_oauth::{Endpoints, Integration, refresh::Timing};
use revento_sandbox::SandboxInfo;
use revento_store::{Clock, Entropy, EntropyError, TokenStore};
use revento_transport::Transport;

use crate::{ledger::key_ring, random::Random};

pub(super) const CALLBACK: &str = "http://localhost:3000/callback";

/// A claim lasts twice as long as a request, and the pause of a doubt lasts longer than an attempt to store.
pub(super) fn timing() -> Timing {
    Timing::default().claim_ttl(Duration::from_secs(8))
}

/// Reproducible random bytes.
#[derive(Debug)]
pub(super) struct Seeded(pub(super) std::sync::Mutex<Random>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        let mut random = self.0.lock().map_err(|_| EntropyError)?;
        for chunk in bytes.chunks_mut(8) {
            let drawn = random.next().to_le_bytes();
            chunk
                .iter_mut()
                .zip(drawn)
                .for_each(|(byte, drawn)| *byte = drawn);
        }
        Ok(())
    }
}

pub(super) fn client(
    info: &SandboxInfo,
    transport: Arc<dyn Transport>,
    store: Arc<dyn TokenStore>,
    clock: Arc<dyn Clock>,
    random: Random,
) -> Result<Client> {
    let integration = Integration::new(
        Endpoints::sandbox(&info.auth_base)?.allow_insecure_http(),
        info.client_id.as_str(),
        CALLBACK,
    )?
    .with_secret(info.client_secret.as_str());
    Ok(Client::builder(integration)
        .transport(transport)
        .store(store)
        .sealer(key_ring())
        .clock(clock)
        .entropy(Seeded(std::sync::Mutex::new(random)))
        .pacing(Pacing::off())
        .timing(timing())
        .build()?)
}

/// Works until it crashes. Callers use the `busy` connections; `refresh_idle` keeps the others alive.
pub(super) async fn work(client: Client, busy: Vec<ConnectionKey>, random: Random) -> turmoil::Result {
    let refresh_idle = client
        .refresh_idle()
        .every(Duration::from_secs(3))
        .pause(Duration::from_millis(20));
    let background = client.background().with_refresh_idle(refresh_idle);
    tokio::spawn(background.run(std::future::pending()));
    for number in 0..3 {
        let mut random = random.clone();
        for _ in 0..number {
            random.next();
        }
        tokio::spawn(call(client.clone(), busy.clone(), random));
    }
    std::future::pending().await
}

async fn call(client: Client, busy: Vec<ConnectionKey>, mut random: Random) {
    loop {
        if let Some(key) = random.pick(&busy) {
            let read = random.chance(25);
            let _ = use_once(&client, key, read).await;
        }
        tokio::time::sleep(Duration::from_millis(50 + random.below(500))).await;
    }
}

async fn use_once(client: &Client, key: &ConnectionKey, read: bool) -> Result<(), SessionError> {
    match &key.user_id {
        Some(user) => {
            let user = client.user(key.event_id.clone(), user.clone());
            user.access_token().await?;
            if read {
                let _ = user.profile().await;
            }
        }
        None => {
            let event = client.event(key.event_id.clone());
            event.access_token().await?;
            if read {
                let _ = event.get().await;
            }
        }
    }
    Ok(())
}
