//! Webhooks on their way: some are lost, late, doubled, or overtaken by others.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use revento_core::{Envelope, Timestamp};
use revento_sandbox::WebhookDelivery;

use crate::random::Random;

#[derive(Debug, Default)]
pub(super) struct InFlight {
    seen: BTreeSet<String>,
    on_the_way: BTreeMap<(Timestamp, u64), Envelope>,
    number: u64,
    pub(super) sent: u64,
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) later_than_a_minute: u64,
}

impl InFlight {
    /// Takes over the deliveries that are new.
    pub(super) fn take(
        &mut self,
        deliveries: &[WebhookDelivery],
        now: Timestamp,
        random: &mut Random,
        lose_all: bool,
    ) {
        for delivery in deliveries {
            if !self.seen.insert(delivery.id.clone()) {
                continue;
            }
            let Ok(envelope) = Envelope::parse(delivery.body.as_bytes()) else {
                continue;
            };
            self.sent += 1;
            // The end of a connection is told by a webhook that is replayed until it arrives.
            let is_end = delivery.event_type == "data.deletion_required";
            if !is_end && (lose_all || random.chance(3)) {
                self.lost += 1;
                continue;
            }
            self.add(envelope.clone(), now, random);
            if random.chance(10) {
                self.doubled += 1;
                self.add(envelope, now, random);
            }
        }
    }

    fn add(&mut self, envelope: Envelope, now: Timestamp, random: &mut Random) {
        let seconds = match random.below(10) {
            0..6 => random.below(5),
            6..9 => random.below(600),
            _ => random.below(24 * 3600),
        };
        if seconds > 60 {
            self.later_than_a_minute += 1;
        }
        self.put(envelope, now.saturating_add(Duration::from_secs(seconds)));
    }

    fn put(&mut self, envelope: Envelope, at: Timestamp) {
        self.number += 1;
        self.on_the_way.insert((at, self.number), envelope);
    }

    /// The webhooks that arrive until now.
    pub(super) fn arrived(&mut self, now: Timestamp) -> Vec<Envelope> {
        let later = self.on_the_way.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.on_the_way, later)
            .into_values()
            .collect()
    }

    /// Handling has failed: the inbox hands it over again.
    pub(super) fn again(&mut self, envelope: Envelope, now: Timestamp) {
        self.put(envelope, now.saturating_add(Duration::from_secs(60)));
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.on_the_way.keys().next().map(|(at, _)| *at)
    }
}
