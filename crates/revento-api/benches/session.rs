//! What a token costs: from the cache, contended, and with a refresh. `cargo xtask bench session`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement"
)]

#[path = "../tests/it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests")]
mod support;

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use futures_util::{FutureExt, future::join_all};
use support::World;

fn runtime() -> tokio::runtime::Runtime {
    // The platform of the tests takes a moment that is none by this clock.
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

/// The cached path: neither store nor lock. The target is 200 ns.
fn cached(criterion: &mut Criterion) {
    let runtime = runtime();
    let world = runtime.block_on(World::connected());
    let event = world.event();
    runtime.block_on(event.access_token()).unwrap();
    criterion.bench_function("session/cached token", |bencher| {
        bencher.iter(|| event.access_token().now_or_never().unwrap().unwrap());
    });
}

/// Callers who all find the token at its end, and share one refresh.
fn contended(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("session/one refresh for");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for callers in [1, 16, 10_000] {
        group.bench_function(format!("{callers} callers"), |bencher| {
            let world = runtime.block_on(World::connected());
            let event = world.event();
            bencher.iter_batched(
                || world.clock.advance(Duration::from_secs(3600)),
                |()| {
                    let calls = (0..callers).map(|_| event.access_token());
                    for token in runtime.block_on(join_all(calls)) {
                        token.unwrap();
                    }
                },
                BatchSize::PerIteration,
            );
            assert!(!world.platform.is_revoked());
        });
    }
    group.finish();
}

criterion_group!(session, cached, contended);
criterion_main!(session);
