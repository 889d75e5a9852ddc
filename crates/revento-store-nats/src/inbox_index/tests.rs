//! An index is the same, in whatever order the messages came.

use std::collections::BTreeMap;

use proptest::prelude::*;
use revento_core::Timestamp;
use revento_store::{DeliverySlot, Lease, NewDelivery, RequeueAttempts, Sealed};

use super::{Entry, InboxIndex};
use crate::{follower::Index as _, names::token, stream::Message};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);
const EVER: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

#[derive(Debug, Clone, Copy)]
enum Action {
    Lease,
    Complete,
    Retry,
    Bury,
    Requeue,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::Lease),
        1 => Just(Action::Complete),
        1 => Just(Action::Retry),
        1 => Just(Action::Bury),
        1 => Just(Action::Requeue),
    ]
}

fn delivery(number: u8) -> NewDelivery {
    NewDelivery {
        envelope_id: format!("env_{number}").into(),
        delivery_id: format!("dlv_{}", number / 2).into(),
        event_type: "application.approved".into(),
        // Two queues, and deliveries without one.
        ordering_key: ["", "a", "b"][usize::from(number % 3)].to_owned(),
        occurred_at: NOW,
        signed_at: NOW,
        received_at: NOW,
        body: Sealed::from_bytes([number]),
        body_digest: [number; 32],
    }
}

fn change(slot: &mut DeliverySlot, seq: u64, action: Action) {
    let lease = Lease {
        envelope_id: slot.envelope_id().clone(),
        // The last lease, or none that is held.
        fence: slot
            .clone()
            .lease(seq.cast_signed(), EVER, EVER)
            .map_or(-1, |_| seq.cast_signed()),
    };
    match action {
        Action::Lease => drop(slot.lease(seq.cast_signed(), EVER, NOW)),
        Action::Complete | Action::Retry | Action::Bury => {
            // Leased anew with a known fence, then ended.
            if slot.lease(seq.cast_signed(), EVER, NOW).is_some() {
                match action {
                    Action::Complete => slot.complete(&lease, NOW),
                    Action::Retry => slot.retry(&lease, NOW, "failed"),
                    _ => slot.bury(&lease, NOW, "failed"),
                };
            }
        }
        Action::Requeue => drop(slot.requeue(NOW, RequeueAttempts::Full)),
    }
}

/// The messages of a history.
fn messages(history: &[(u8, Action)]) -> Vec<Message> {
    let mut rows: BTreeMap<u8, (u64, DeliverySlot)> = BTreeMap::new();
    let mut messages = Vec::new();
    for (seq, (number, action)) in (1..).zip(history) {
        let slot = match rows.remove(number) {
            None => DeliverySlot::new(delivery(*number)),
            Some((before, mut slot)) => {
                slot.arrived(i64::try_from(before).unwrap());
                change(&mut slot, seq, *action);
                slot
            }
        };
        let id = slot.envelope_id().to_string();
        messages.push(Message::written(&token(&id), seq, slot.to_bytes()));
        rows.insert(*number, (seq, slot));
    }
    messages
}

fn index<'a>(messages: impl IntoIterator<Item = &'a Message>) -> InboxIndex {
    let mut index = InboxIndex::default();
    for message in messages {
        index.apply(message).unwrap();
    }
    index
}

/// Everything that a store asks an index.
fn answers(index: &InboxIndex) -> String {
    let seqs = |entries: Vec<Entry>| entries.into_iter().map(|entry| entry.seq).collect::<Vec<_>>();
    let tokens: Vec<_> = (0..12).map(|number| token(&format!("env_{number}"))).collect();
    let behind: Vec<_> = tokens.iter().map(|token| index.is_behind(token)).collect();
    let same: Vec<_> = tokens
        .iter()
        .map(|token| seqs(index.same_delivery_id(token)))
        .collect();
    let lists = (
        seqs(index.due(EVER, u64::MAX, 100)),
        seqs(index.buried(None, 100)),
        seqs(index.done_before(EVER, 100)),
        seqs(index.with_body(None, 100)),
    );
    let (next, stats, count) = (index.next_due(), index.stats(NOW, NOW), index.count());
    format!("{lists:?} {next:?} {stats:?} {count} {behind:?} {same:?}")
}

/// The heads by a search through everything.
fn heads(messages: &[Message]) -> Vec<u64> {
    let mut last: BTreeMap<&str, &Message> = BTreeMap::new();
    for message in messages {
        last.insert(&message.token, message);
    }
    let entries: Vec<_> = last.values().map(|message| Entry::of(message).unwrap()).collect();
    let is_head = |entry: &&Entry| {
        let in_front =
            |other: &Entry| other.waits() && other.queue == entry.queue && other.arrival < entry.arrival;
        entry.waits() && (entry.queue.is_none() || !entries.iter().any(in_front))
    };
    let mut heads: Vec<_> = entries.iter().filter(is_head).collect();
    heads.sort_by_key(|entry| (entry.at, entry.arrival));
    heads.into_iter().map(|entry| entry.seq).collect()
}

proptest! {
    #[test]
    fn q14_an_index_is_the_same_in_whatever_order_messages_come(
        history in proptest::collection::vec((0..12_u8, action()), 1..80),
        seed in any::<u64>(),
    ) {
        let messages = messages(&history);
        let in_order = index(&messages);
        let due: Vec<_> = in_order.due(EVER, u64::MAX, 100).iter().map(|entry| entry.seq).collect();
        prop_assert_eq!(due, heads(&messages));

        let mut shuffled: Vec<_> = messages.iter().chain(messages.iter().step_by(3)).collect();
        shuffled.sort_by_key(|message| message.seq.wrapping_mul(seed | 1).rotate_left(17));
        prop_assert_eq!(answers(&index(shuffled)), answers(&in_order));
    }

    #[test]
    fn q14_what_is_replaced_need_not_be_seen(
        history in proptest::collection::vec((0..12_u8, action()), 1..80),
    ) {
        let messages = messages(&history);
        let last: BTreeMap<_, _> = messages.iter().map(|message| (&message.token, message)).collect();
        let sparse = index(last.into_values());
        prop_assert_eq!(answers(&sparse), answers(&index(&messages)));
    }
}
