//! All contestants take turns, in several rounds, so that a slow moment of the machine affects all of them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use async_trait::async_trait;
use tokio::{task::JoinSet, time::Instant};

use super::{
    Scale,
    deliveries::{Delivery, Platform},
};
use crate::random::Random;

/// A way to keep or handle deliveries.
#[async_trait]
pub(super) trait Contestant: Send {
    /// Its part of the key in JSON.
    fn name(&self) -> String;

    /// Works until it has kept or handled all of these, whose number is a multiple of [`GROUP`].
    async fn turn(&mut self, deliveries: Vec<Delivery>) -> Result<Turn>;
}

/// How many records one group has.
pub(super) const GROUP: usize = 64;

/// What one turn took.
pub(super) struct Turn {
    pub(super) elapsed: Duration,
    /// The time of each call; empty where there is no caller that waits.
    pub(super) latencies: Vec<Duration>,
}

/// A contestant's results, round by round.
pub(super) struct Measured {
    pub(super) name: String,
    /// Deliveries per second.
    pub(super) rates: Vec<f64>,
    pub(super) latencies: Vec<Quantiles>,
}

/// What half of the calls stay below, and what all but one in a hundred do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quantiles {
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

impl Quantiles {
    pub(super) fn of(mut latencies: Vec<Duration>) -> Option<Self> {
        latencies.sort_unstable();
        let at = |share: usize| latencies.get(latencies.len() * share / 100).copied();
        Some(Self {
            p50: at(50)?,
            p99: at(99)?,
        })
    }

    /// The medians over several rounds.
    pub(super) fn medians(rounds: &[Self]) -> Option<Self> {
        let (p50, p99) = rounds.iter().map(|round| (round.p50, round.p99)).unzip();
        Some(Self {
            p50: median(p50)?,
            p99: median(p99)?,
        })
    }
}

impl Measured {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            rates: Vec::new(),
            latencies: Vec::new(),
        }
    }

    /// The median rate.
    pub(super) fn rate(&self) -> f64 {
        median_of_numbers(self.rates.clone())
    }

    /// The median of our rate divided by the peer's. Each ratio is taken within one round, in which the machine was equally fast for
    /// both.
    pub(super) fn ratio(&self, peer: &Self) -> f64 {
        let pairs = self.rates.iter().zip(&peer.rates);
        median_of_numbers(pairs.map(|(ours, theirs)| ours / theirs).collect())
    }
}

pub(super) fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

pub(super) fn median_of_numbers(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures all contestants. The first round only tells how many deliveries fill a turn.
pub(super) async fn measure(
    contestants: &mut [Box<dyn Contestant>],
    platform: &mut Platform,
    scale: &Scale,
) -> Result<Vec<Measured>> {
    let mut counts = vec![scale.fewest; contestants.len()];
    let mut all: Vec<_> = contestants
        .iter()
        .map(|contestant| Measured::new(contestant.name()))
        .collect();
    for round in 0..=scale.rounds {
        for ((contestant, count), measured) in contestants.iter_mut().zip(&mut counts).zip(&mut all) {
            let turn = contestant.turn(platform.sign(*count)).await?;
            let rate = *count as f64 / turn.elapsed.as_secs_f64();
            if round > 0 {
                measured.rates.push(rate);
                measured.latencies.extend(Quantiles::of(turn.latencies));
            }
            *count = fitting(rate, scale);
        }
    }
    Ok(all)
}

/// How many deliveries fill a turn at this rate, in whole groups.
fn fitting(rate: f64, scale: &Scale) -> usize {
    let count = (rate * scale.turn.as_secs_f64()) as usize;
    count.clamp(scale.fewest, 100_000).next_multiple_of(GROUP)
}

/// This many callers take the deliveries, each the next one when it has its answer.
pub(super) async fn closed_loop<F>(
    callers: usize,
    deliveries: Vec<Delivery>,
    call: impl Fn(Delivery) -> F + Clone + Send + 'static,
) -> Result<Turn>
where
    F: Future<Output = Result<()>> + Send,
{
    let list = Arc::new(Mutex::new(deliveries.into_iter()));
    let next = move || list.lock().unwrap_or_else(PoisonError::into_inner).next();
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (next, call) = (next.clone(), call.clone());
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            while let Some(delivery) = next() {
                let began = Instant::now();
                call(delivery).await?;
                latencies.push(began.elapsed());
            }
            Ok::<_, anyhow::Error>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    Ok(Turn {
        elapsed: started.elapsed(),
        latencies,
    })
}

/// Deliveries arrive at random times, on average at this rate, whether earlier ones are answered or not.
pub(super) async fn open_loop<F>(
    rate: f64,
    deliveries: Vec<Delivery>,
    call: impl Fn(Delivery) -> F,
) -> Result<Turn>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut random = Random::new(2);
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    let mut arrives = started;
    for delivery in deliveries {
        // The gaps of a Poisson process.
        let uniform = (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
        arrives += Duration::from_secs_f64(-(1.0 - uniform).ln() / rate);
        tokio::time::sleep_until(arrives).await;
        let work = call(delivery);
        // A delivery that waits for a thread waits for its answer, too.
        let began = Instant::now();
        tasks.spawn(async move {
            work.await?;
            Ok::<_, anyhow::Error>(began.elapsed())
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.push(done??);
    }
    Ok(Turn {
        elapsed: started.elapsed(),
        latencies,
    })
}
