//! What tokens and sessions that nobody uses cost.

use std::{sync::Arc, time::Duration};

use revento_api::{Client, MemoryUse};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, SystemClock, memory::MemoryTokens};
use revento_transport::testing::Scripted;

use crate::{
    scripted::{EVENT, answer, connect, integration},
    support::ManualClock,
};

#[tokio::test(start_paused = true)]
async fn a18_a_thousand_tokens_cost_bytes_and_idle_ones_are_forgotten() {
    let store = Arc::new(MemoryTokens::new());
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    for number in 0..1100 {
        connect(&store, &sealer, &format!("evt_{number}")).await;
    }
    let clock = Arc::new(ManualClock::default());
    clock.advance(Duration::from_secs(
        SystemClock.now().unix_seconds().unsigned_abs(),
    ));
    let wire = Arc::new(Scripted::new((0..2001).map(|_| answer(200, &[], EVENT))));
    let client = Client::builder(integration())
        .transport(wire)
        .store(store)
        .sealer(sealer)
        .clock(Arc::<ManualClock>::clone(&clock))
        .build()
        .unwrap();
    for number in 0..1000 {
        client.event(format!("evt_{number}")).get().await.unwrap();
    }
    let MemoryUse {
        entries: tokens,
        bytes,
        ..
    } = client.pacing_memory();
    assert_eq!(tokens, 1000);
    assert!(bytes < 1000 * 700, "{} bytes for each", bytes / 1000);
    let MemoryUse {
        entries: sessions,
        bytes,
        ..
    } = client.session_memory();
    assert_eq!(sessions, 1000);
    assert!(bytes < 1000 * 700, "{} bytes for each", bytes / 1000);
    let held = client.event("evt_0");
    // After an hour all of them are idle, and new ones evict them.
    clock.advance(Duration::from_secs(3601));
    for number in 1000..1100 {
        client.event(format!("evt_{number}")).get().await.unwrap();
    }
    assert!(
        client.pacing_memory().entries <= 100,
        "{}",
        client.pacing_memory().entries
    );
    let sessions = client.session_memory().entries;
    // The ones that were used since, and the one that the test holds.
    assert!((1..=101).contains(&sessions), "{sessions}");
    drop(held);
}
