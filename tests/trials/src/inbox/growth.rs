//! Accepting and leasing on a small and on a large table, and with few and with many deliveries waiting.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use futures_util::future::{join_all, try_join_all};
use revento_core::EventType;
use revento_inbox::Policy;
use revento_store::{InboxAdmin, NewDelivery, Sealed};
use tokio::time::Instant;

use super::{
    Scale,
    deliveries::{Delivery, EVENT_TYPE, Platform, now},
    ours::Receiver,
    site::{Engine, Site},
    turns::{GROUP, median, median_of_numbers},
};

const CALLERS: usize = 64;
const LEASE: Duration = Duration::from_secs(600);
/// How many probes each table gets in a round.
const PROBES: usize = 4;
/// How many deliveries are filled in at once.
const AT_ONCE: usize = 1024;

/// What a table has many of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Many {
    /// Handled deliveries, which the inbox remembers.
    Rows,
    /// Deliveries that wait to be handled.
    Waiting,
}

impl Many {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Waiting => "waiting",
        }
    }
}

/// How the times of a small and of a large table compare.
pub(super) struct Growth {
    pub(super) engine: Engine,
    pub(super) many: Many,
    pub(super) counts: [usize; 2],
    /// The time of one delivery when 64 callers are accepted.
    pub(super) accept: [Duration; 2],
    /// The time to lease 64 deliveries.
    pub(super) lease: [Duration; 2],
    pub(super) accept_ratio: f64,
    pub(super) lease_ratio: f64,
}

pub(super) async fn measure(
    site: &Site,
    engine: Engine,
    many: Many,
    platform: &mut Platform,
    scale: &Scale,
) -> Result<Growth> {
    let counts = match many {
        Many::Rows => scale.rows,
        Many::Waiting => scale.waiting,
    };
    let [small, large] = counts;
    let table = |count: usize, round: usize| Table {
        site,
        engine,
        many,
        count,
        round,
    };
    let grown = table(large, 0).fill(platform).await?;
    let mut rounds = Vec::new();
    for round in 0..scale.rounds {
        // A small one does not stay small.
        let fresh = table(small, round).fill(platform).await?;
        rounds.push([
            probe(&fresh, platform, scale).await?,
            probe(&grown, platform, scale).await?,
        ]);
    }
    let medians = |of: fn(&Probe) -> Duration| {
        [0, 1].map(|which| {
            let times = rounds.iter().filter_map(|round| round.get(which)).map(of);
            median(times.collect()).unwrap_or_default()
        })
    };
    let ratio = |of: fn(&Probe) -> Duration| {
        let ratios = rounds
            .iter()
            .map(|[small, large]| of(large).as_secs_f64() / of(small).as_secs_f64());
        median_of_numbers(ratios.collect())
    };
    Ok(Growth {
        engine,
        many,
        counts,
        accept: medians(|probe| probe.accept),
        lease: medians(|probe| probe.lease),
        accept_ratio: ratio(|probe| probe.accept),
        lease_ratio: ratio(|probe| probe.lease),
    })
}

#[derive(Debug, Clone, Copy)]
struct Probe {
    accept: Duration,
    lease: Duration,
}

/// Accepts deliveries, and leases and completes as many: afterwards as many wait as before.
async fn probe(store: &Arc<dyn InboxAdmin>, platform: &mut Platform, scale: &Scale) -> Result<Probe> {
    let receiver = Receiver::new(Arc::clone(store), Policy::new())?;
    let (mut accepts, mut leases) = (Vec::new(), Vec::new());
    for _ in 0..PROBES {
        let deliveries = platform.sign(scale.probe);
        let accepted = receiver.receive_all(CALLERS, deliveries).await?;
        accepts.push(accepted.elapsed / u32::try_from(scale.probe)?);
        for _ in 0..scale.probe / GROUP {
            leases.push(handle(store, GROUP).await?);
        }
    }
    Ok(Probe {
        accept: median(accepts).unwrap_or_default(),
        lease: median(leases).unwrap_or_default(),
    })
}

/// Leases and completes deliveries. Returns the time of the lease.
async fn handle(store: &Arc<dyn InboxAdmin>, count: usize) -> Result<Duration> {
    let started = Instant::now();
    let leased = store.lease(now(), now().saturating_add(LEASE), count).await?;
    let elapsed = started.elapsed();
    ensure!(leased.len() == count, "{} of {count} leased", leased.len());
    let completed = try_join_all(
        leased
            .iter()
            .map(|delivery| store.complete(&delivery.lease, now())),
    )
    .await?;
    ensure!(completed.iter().all(|held| *held), "a lease was lost");
    Ok(elapsed)
}

/// A table to be filled.
struct Table<'a> {
    site: &'a Site,
    engine: Engine,
    many: Many,
    count: usize,
    round: usize,
}

impl Table<'_> {
    async fn fill(&self, platform: &mut Platform) -> Result<Arc<dyn InboxAdmin>> {
        let name = format!("{}_{}_{}", self.many.name(), self.count, self.round);
        let store = self.site.store(self.engine, &name).await?;
        let mut missing = self.count;
        while missing > 0 {
            let count = missing.min(AT_ONCE);
            missing -= count;
            let deliveries: Vec<_> = platform.sign(count).iter().map(|it| self.stored(it)).collect();
            for inserted in join_all(deliveries.iter().map(|delivery| store.insert(delivery))).await {
                inserted?;
            }
            if self.many == Many::Rows {
                handle(&store, count).await?;
            }
        }
        Ok(store)
    }

    /// Only what waits needs a body.
    fn stored(&self, delivery: &Delivery) -> NewDelivery {
        let body = match self.many {
            Many::Rows => vec![0],
            Many::Waiting => delivery.body.clone().into_bytes(),
        };
        NewDelivery {
            envelope_id: delivery.envelope_id.as_str().into(),
            delivery_id: delivery.delivery_id.as_str().into(),
            event_type: EventType::from(EVENT_TYPE),
            ordering_key: String::new(),
            occurred_at: now(),
            signed_at: now(),
            received_at: now(),
            body: Sealed::from_bytes(body),
            body_digest: [0; 32],
        }
    }
}
