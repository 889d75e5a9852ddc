//! Accepting at half of the rate that 64 callers reach: latency without a queue of our own making.

use anyhow::Result;
use revento_inbox::Policy;

use super::{
    Scale,
    deliveries::Platform,
    http::HalfLoad,
    ours::Receiver,
    site::{Engine, Site},
    turns::{Quantiles, median_of_numbers, open_loop},
};

pub(super) async fn measure(
    site: &Site,
    engine: Engine,
    full: f64,
    platform: &mut Platform,
    scale: &Scale,
) -> Result<HalfLoad> {
    // While the disk stalls, deliveries wait here and are not refused, so that each has a latency.
    let policy = Policy::new().max_concurrent_accepts(1_000_000);
    let receiver = Receiver::new(site.store(engine, "half_load").await?, policy)?;
    let (mut rounds, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let count = (full / 2.0 * scale.half_load.as_secs_f64()) as usize;
        let deliveries = platform.sign(count.max(scale.fewest));
        let sent = deliveries.len() as f64;
        let receiver = receiver.clone();
        let call = move |delivery| {
            let receiver = receiver.clone();
            async move { receiver.receive(&delivery).await }
        };
        let turn = open_loop(full / 2.0, deliveries, call).await?;
        shares.push(sent / turn.elapsed.as_secs_f64() / full);
        rounds.extend(Quantiles::of(turn.latencies));
    }
    Ok(HalfLoad {
        share: median_of_numbers(shares),
        latencies: Quantiles::medians(&rounds).unwrap_or_default(),
    })
}
