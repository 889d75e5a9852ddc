//! `kill -9` during a handler: another process handles the delivery again.
//!
//! The test starts its own binary as a child process that handles deliveries, and kills it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use revento_inbox::Handlers;
use revento_store::DeliveryState::{Done, Leased};

use crate::{
    engines::{self, Place},
    world::{Ahead, Seen, builder, inbox, run_until, sent},
};

pub(crate) const PLACE: &str = "REVENTO_INBOX_CRASH_PLACE";

/// The child process: starts to handle a delivery, reports it, then blocks until it is killed.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(place) = std::env::var(PLACE) else {
        return; // Nobody's child: an ordinary run of all tests.
    };
    let place = Place::from_text(&place);
    let handlers = Handlers::new().on_any(async |webhook| {
        println!("\nhandling {} {}", webhook.envelope.id, webhook.attempt);
        std::future::pending::<()>().await;
        Ok(())
    });
    let inbox = inbox(place.open().await);
    inbox.runner(handlers).run(std::future::pending()).await;
}

/// Starts the test with this name as a child process, kills it when it handles a delivery, and returns the delivery.
pub(crate) fn kill_mid_handler(place: &Place, test: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(PLACE, place.to_text())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let handling = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("handling ").map(str::to_owned));
    child.kill().unwrap();
    child.wait().unwrap();
    handling.expect("the child handles something")
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_a_delivery_whose_process_is_killed_is_handled_again() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let survivor = builder(place.open().await).clock(clock.clone()).build();
        let sent = sent("1");
        sent.arrive(&survivor).await.unwrap();
        assert_eq!(kill_mid_handler(&place, "crash::child"), "env_1 1", "{place:?}");
        assert_eq!(survivor.state(&sent.id()).await.unwrap(), Some(Leased));

        // The dead process holds its lease until it has run out: an attempt and half a minute.
        clock.advance(Duration::from_secs(120));
        let seen = Seen::default();
        let noted = seen.clone();
        let handlers = Handlers::new().on_any(move |webhook| {
            noted.note(format!("{} {}", webhook.envelope.id, webhook.attempt));
            std::future::ready(Ok(()))
        });
        run_until(&survivor, handlers, &sent.id(), Done).await;
        assert_eq!(seen.all(), ["env_1 2"], "{place:?}");
    }
}
