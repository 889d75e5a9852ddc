//! Whatever happens in whatever order: after a reconciliation the mirror is equal to the platform, and what arrives later does not
//! change that.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use revento_mirror::memory::MemoryMirror;

use crate::{
    platform::{Cursors, EVENT},
    world::World,
};

#[derive(Debug, Clone)]
enum Event {
    Submit(u8),
    Review(u8, u8),
    Cancel(u8),
    Rename(u8, u8),
    Vanish(u8),
    UpdateActivity(u8, u8),
    SignUp(u8, u8),
    /// Delivers a webhook that waits, whichever.
    Deliver(u8),
    /// Delivers one, which will be delivered again.
    DeliverTwice(u8),
    Lose(u8),
    Tick(u32),
    /// Reads at most so many pages; then the process crashes, or the network is gone.
    Read(u8),
    /// Another replica does the same.
    ReadElsewhere(u8),
    Revoke,
    Reconnect,
    ChangeCursorFormat,
}

fn event() -> impl Strategy<Value = Event> {
    use Event::*;
    let person = 0..9_u8;
    let small = 0..4_u8;
    prop_oneof![
        4 => person.clone().prop_map(Submit),
        4 => (person.clone(), 0..3_u8).prop_map(|(id, how)| Review(id, how)),
        2 => person.clone().prop_map(Cancel),
        2 => (person.clone(), small.clone()).prop_map(|(id, name)| Rename(id, name)),
        2 => person.prop_map(Vanish),
        2 => (small.clone(), small.clone()).prop_map(|(id, title)| UpdateActivity(id, title)),
        2 => (small.clone(), 0..60_u8).prop_map(|(id, signups)| SignUp(id, signups)),
        6 => any::<u8>().prop_map(Deliver),
        2 => any::<u8>().prop_map(DeliverTwice),
        1 => any::<u8>().prop_map(Lose),
        4 => prop_oneof![0..4_u32, 0..4_000_u32, 0..100_000_u32].prop_map(Tick),
        6 => small.clone().prop_map(Read),
        2 => small.prop_map(ReadElsewhere),
        1 => Just(Revoke),
        1 => Just(Reconnect),
        1 => Just(ChangeCursorFormat),
    ]
}

impl World {
    async fn happen(&self, event: &Event) {
        let person = |id: &u8| format!("p{id}");
        match event {
            Event::Submit(id) => self.platform.submit(&person(id), "vegan"),
            Event::Review(id, how) => {
                let status = ["approved", "rejected", "revision_requested"][usize::from(*how)];
                self.platform.review(&person(id), status);
            }
            Event::Cancel(id) => self.platform.cancel(&person(id)),
            Event::Rename(id, name) => self.platform.rename(&person(id), &format!("Name {name}")),
            Event::Vanish(id) => self.platform.vanish(&person(id)),
            Event::UpdateActivity(id, title) => {
                self.platform
                    .update_activity(&format!("a{id}"), &format!("Title {title}"));
            }
            Event::SignUp(id, signups) => self.platform.sign_up(&format!("a{id}"), u64::from(*signups)),
            Event::Deliver(number) => {
                if let Some(number) = self.nth(*number)
                    && let Some(webhook) = self.platform.take_webhook(number)
                {
                    self.apply(&webhook).await;
                }
            }
            Event::DeliverTwice(number) => {
                if let Some(number) = self.nth(*number) {
                    self.apply(&self.platform.webhooks()[number]).await;
                }
            }
            Event::Lose(number) => {
                if let Some(number) = self.nth(*number) {
                    self.platform.take_webhook(number);
                }
            }
            Event::Tick(seconds) => self
                .clock
                .advance(Duration::from_millis(u64::from(*seconds) * 1000 + 130)),
            Event::Read(pages) => self.read(&self.mirror, *pages).await,
            Event::ReadElsewhere(pages) => self.read(&self.replica(|it| it), *pages).await,
            Event::Revoke => {
                if !self.platform.is_revoked() {
                    self.platform.revoke();
                }
            }
            Event::Reconnect => {
                if self.platform.is_revoked() {
                    self.clock.advance(Duration::from_secs(2));
                    self.connect().await;
                }
            }
            Event::ChangeCursorFormat => self.platform.change_cursor_format(),
        }
    }

    fn nth(&self, number: u8) -> Option<usize> {
        let count = self.platform.webhooks().len();
        (count > 0).then(|| usize::from(number) % count)
    }

    async fn read(&self, mirror: &revento_mirror::Mirror, pages: u8) {
        self.platform.answer_only(Some(u32::from(pages)));
        // An error is the crash that the model asks for.
        let _ = mirror.advance(&EVENT.into()).await;
        self.platform.answer_only(None);
    }
}

fn check(cursors: Cursors, events: &[Event]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = World::with(cursors, 3, Arc::new(MemoryMirror::new())).await;
        for event in events {
            world.happen(event).await;
        }
        world.happen(&Event::Reconnect).await;
        // The clocks of webhooks and reads are compared to two seconds.
        world.clock.advance(Duration::from_secs(10));
        world.reconcile().await;
        world.assert_equal().await;
        // What was delayed arrives at last, the newest first.
        let mut late = world.platform.webhooks();
        late.reverse();
        for webhook in &late {
            world.apply(webhook).await;
        }
        world.assert_equal().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_reconciliation_the_mirror_is_equal_to_the_platform(
        cursors in prop_oneof![Just(Cursors::LastId), Just(Cursors::Offset)],
        events in prop::collection::vec(event(), 0..60),
    ) {
        check(cursors, &events);
    }
}
