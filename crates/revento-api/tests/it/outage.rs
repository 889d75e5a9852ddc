//! The store of the shared budget fails while two replicas read, and works again (contract §3.6).

use std::{sync::Arc, time::Duration};

use futures_util::{
    future::{join, join3},
    stream::{FuturesUnordered, StreamExt},
};
use revento_api::{EventClient, Pacing};
use revento_store::{BudgetStore, Clock};
use tracing::instrument::WithSubscriber as _;

use crate::{
    support::{
        engines::{OnTheWire, postgres, redis, server},
        live::{Live, PUBLISHED, Wire},
        relay::{Line, Relay},
    },
    telemetry::Lines,
};

const AWAY: &str = "rate budgets cannot be shared";
const BACK: &str = "rate budgets are shared again";

/// Two replicas, each with a connection to the store over one relay.
struct Replicas {
    live: Live,
    ours: EventClient,
    theirs: EventClient,
    line: Relay,
}

impl Replicas {
    async fn on(stores: [Arc<dyn BudgetStore>; 2], line: Relay) -> Self {
        let pacing = |store, wire: &Arc<Wire>| {
            let wire = Arc::clone(wire);
            Pacing::default().shared(Arc::new(OnTheWire { wire, store }))
        };
        let [ours, theirs] = stores;
        let live = Live::with_wire(|builder, wire| builder.pacing(pacing(ours, wire))).await;
        let theirs = live.replica(|builder| builder.pacing(pacing(theirs, &live.wire)));
        Self {
            ours: live.event(),
            theirs: theirs.event(PUBLISHED),
            live,
            line,
        }
    }

    /// Each replica makes this many reads at once, without an error. Returns how many calls the platform refused.
    async fn read(&self, times: usize) -> u64 {
        let before = self.live.rate_limited().await;
        join(read(&self.ours, times), read(&self.theirs, times)).await;
        self.live.rate_limited().await - before
    }

    /// The same, and after half of the reads the relay changes its state.
    async fn read_while(&self, times: usize, line: Line) -> u64 {
        let before = self.live.rate_limited().await;
        self.live.wire.take_reads();
        let change = async {
            let mut reads = 0;
            while reads < times / 2 {
                tokio::time::sleep(Duration::from_millis(2)).await;
                reads += self.live.wire.take_reads().len();
            }
            self.line.set(line);
        };
        join3(read(&self.ours, times), read(&self.theirs, times), change).await;
        self.live.rate_limited().await - before
    }

    async fn later(&self, seconds: u64) {
        let time = Duration::from_secs(seconds);
        self.live.time.advance(&self.live.sandbox, time).await;
    }
}

async fn read(event: &EventClient, times: usize) {
    let mut reads: FuturesUnordered<_> = (0..times).map(|_| event.get()).collect();
    while let Some(read) = reads.next().await {
        read.unwrap();
    }
}

async fn the_store_goes_and_comes_back(replicas: Replicas, fault: Line) {
    let lines = Lines::default();
    let story = async {
        assert_eq!(replicas.read(20).await, 0, "shared");
        let begun = replicas.live.time.now();
        let refused = replicas.read_while(60, fault).await;
        let minutes = replicas.live.time.now().saturating_since(begun).as_secs() / 60 + 1;
        assert!(refused <= 8 * minutes, "{refused} in {minutes} minutes apart");
        let refused = replicas.read_while(40, Line::Good).await;
        assert!(refused <= 8 * 4, "{refused} while it comes back");
        // A replica notices it with the first call after a pause, and the engine's driver may need a moment.
        while lines.text().matches(BACK).count() < 2 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            replicas.later(6).await;
            replicas.read(1).await;
        }
        replicas.later(61).await;
        let begun = replicas.live.time.now();
        assert_eq!(replicas.read(60).await, 0, "shared again");
        let took = replicas.live.time.now().saturating_since(begun).as_secs();
        assert!((180..=260).contains(&took), "{took} s for 120 calls");
    };
    story.with_subscriber(lines.subscriber()).await;
    let text = lines.text();
    assert_eq!(text.matches(AWAY).count(), 2, "each replica says so once");
    assert_eq!(text.matches(BACK).count(), 2);
}

async fn on_redis(test: &str, fault: Line) {
    let Some(url) = server("REVENTO_TEST_REDIS") else {
        return;
    };
    let (line, url) = relayed(&url).await;
    let stores = [redis(&url, test).await, redis(&url, test).await];
    the_store_goes_and_comes_back(Replicas::on(stores, line).await, fault).await;
}

async fn relayed(url: &str) -> (Relay, String) {
    let parsed = url::Url::parse(url).unwrap();
    let server = format!("{}:{}", parsed.host_str().unwrap(), parsed.port().unwrap());
    let line = Relay::to(server.clone()).await;
    let url = url.replace(&server, &line.address.to_string());
    (line, url)
}

#[tokio::test]
async fn a17_redis_goes_away_and_comes_back() {
    on_redis("cut", Line::Cut).await;
}

#[tokio::test]
async fn a17_redis_falls_silent_and_comes_back() {
    on_redis("silent", Line::Silent).await;
}

#[tokio::test]
async fn a17_postgres_goes_away_and_comes_back() {
    let Some(url) = server("REVENTO_TEST_POSTGRES") else {
        return;
    };
    let (line, url) = relayed(&url).await;
    let stores = [postgres(&url, "cut").await, postgres(&url, "cut").await];
    the_store_goes_and_comes_back(Replicas::on(stores, line).await, Line::Cut).await;
}
