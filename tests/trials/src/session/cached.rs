//! Measures a cached token for one caller and for many. The read uses neither the store nor a lock.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use revento_core::AccessToken;
use revento_store::{SystemClock, memory::MemoryTokens};
use tokio::{sync::Mutex, time::Instant};

use super::{
    report::{Report, median},
    site::Site,
};

const ROUNDS: usize = 31;
/// The number of tokens in a round.
const TOKENS: usize = 100_000;

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let site = Site::new().await?;
    let client = site
        .client(Arc::new(MemoryTokens::new()), Arc::new(SystemClock))
        .await?;
    let event = Arc::new(client.event(site.event.as_str()));
    let locked = Arc::new(Mutex::new(event.access_token().await?));
    for callers in [1, 16, 10_000] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // Alternately, so that a slow moment of the machine affects both.
        for _ in 0..ROUNDS {
            let event = Arc::clone(&event);
            ours.push(round(callers, move || cached(Arc::clone(&event))).await?);
            let locked = Arc::clone(&locked);
            theirs.push(round(callers, move || guarded(Arc::clone(&locked))).await?);
        }
        report.add(
            format!("cached token, {callers} callers"),
            median(ours),
            "a token behind a mutex",
            median(theirs),
        );
    }
    Ok(())
}

async fn cached(event: Arc<revento_api::EventClient>) -> Option<AccessToken> {
    event.access_token().await.ok()
}

async fn guarded(locked: Arc<Mutex<AccessToken>>) -> Option<AccessToken> {
    Some(locked.lock().await.clone())
}

/// The time for one token when this many callers take tokens at once.
async fn round<F>(callers: usize, take: impl Fn() -> F + Clone + Send + 'static) -> Result<Duration>
where
    F: Future<Output = Option<AccessToken>> + Send + 'static,
{
    let each = TOKENS / callers;
    let started = Instant::now();
    if callers == 1 {
        several(each, take).await?;
    } else {
        let tasks: Vec<_> = (0..callers)
            .map(|_| tokio::spawn(several(each, take.clone())))
            .collect();
        for task in tasks {
            task.await??;
        }
    }
    Ok(started.elapsed() / u32::try_from(each * callers)?)
}

async fn several<F>(count: usize, take: impl Fn() -> F) -> Result<()>
where
    F: Future<Output = Option<AccessToken>> + Send,
{
    for _ in 0..count {
        let token = std::hint::black_box(take().await);
        anyhow::ensure!(token.is_some(), "there is no token");
    }
    Ok(())
}
