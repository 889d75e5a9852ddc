//! Tests of sealing stored data again while others use it.

use std::{sync::Arc, time::Duration};

use revento_core::{Connection, ConnectionKey, Timestamp};
use revento_seal::{InsecurePlaintext, KeyRing, SealedUnder};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, InboxAdmin, InboxStore, NewDelivery, Record, SealError, Sealed,
    SealedDelivery, Sealer, Stored, SwapOutcome, TokenPairCodec, TokenStore,
    memory::{MemoryInbox, MemoryTokens},
    reseal::{
        ResealError, ResealOutcome, body_context, error_context, error_text, reseal_delivery, reseal_tokens,
    },
};

use crate::key;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);
const MINUTE: Duration = Duration::from_secs(60);

fn old() -> KeyRing {
    KeyRing::new(key(1)).with_previous(key(2)).unwrap()
}

fn new() -> KeyRing {
    KeyRing::new(key(2)).with_previous(key(1)).unwrap()
}

async fn record(ring: &KeyRing, generation: u64) -> Record {
    let connection = Connection {
        generation,
        ..Connection::example()
    };
    let pair = TokenPairCodec::encode(&format!("access {generation}").into(), None).unwrap();
    let context = TokenPairCodec::context(&connection.key);
    let tokens = Some(ring.seal(&context, &pair).await.unwrap());
    Record { connection, tokens }
}

async fn loaded(store: &MemoryTokens, key: &ConnectionKey) -> Stored {
    store.load(key).await.unwrap().unwrap()
}

/// The access token, if this ring opens it, and whether it is sealed under the ring's current key.
async fn access(ring: &KeyRing, stored: &Stored) -> (String, bool) {
    let context = TokenPairCodec::context(&stored.record.connection.key);
    let sealed = stored.record.tokens.as_ref().unwrap();
    let opened = ring.open(&context, sealed).await.unwrap();
    let (access, _) = TokenPairCodec::decode(&opened.plaintext).unwrap();
    (access.expose().to_owned(), !opened.reseal)
}

#[tokio::test]
async fn a_pair_is_sealed_under_the_current_key_and_nothing_else_changes() {
    let store = MemoryTokens::new();
    let first = record(&old(), 7).await;
    let key = first.connection.key.clone();
    store.create(&first).await.unwrap();
    let done = reseal_tokens(&store, &new(), &key, NOW).await.unwrap();
    assert_eq!(done, ResealOutcome::Resealed);
    let stored = loaded(&store, &key).await;
    assert_eq!(access(&new(), &stored).await, ("access 7".to_owned(), true));
    assert_eq!(stored.record.connection, first.connection);
    assert!(
        KeyRing::new(crate::key(2))
            .open(
                &TokenPairCodec::context(&key),
                stored.record.tokens.as_ref().unwrap()
            )
            .await
            .is_ok()
    );

    let again = reseal_tokens(&store, &new(), &key, NOW).await.unwrap();
    assert_eq!(again, ResealOutcome::UpToDate);
    assert_eq!(loaded(&store, &key).await, stored, "nothing is written twice");
    // No claim is left behind.
    let terms = ClaimTerms {
        version: stored.version,
        now: NOW,
        until: NOW.saturating_add(MINUTE),
    };
    let claim = store.claim(&key, terms).await.unwrap();
    assert!(
        matches!(claim, ClaimOutcome::Granted { abandoned: false, .. }),
        "{claim:?}"
    );

    // While somebody refreshes, the pair is left alone.
    store.remove(&key).await.unwrap();
    let CreateOutcome::Created(version) = store.create(&first).await.unwrap() else {
        panic!()
    };
    store.claim(&key, ClaimTerms { version, ..terms }).await.unwrap();
    let busy = reseal_tokens(&store, &new(), &key, NOW).await.unwrap();
    assert_eq!(busy, ResealOutcome::Busy);
    assert_eq!(loaded(&store, &key).await.record, first);

    // That somebody is gone, and the next refresh still has to hear of it.
    let late = NOW.saturating_add(2 * MINUTE);
    let done = reseal_tokens(&store, &new(), &key, late).await.unwrap();
    assert_eq!(done, ResealOutcome::Resealed);
    let stored = loaded(&store, &key).await;
    let terms = ClaimTerms {
        version: stored.version,
        now: late,
        until: late.saturating_add(MINUTE),
    };
    let claim = store.claim(&key, terms).await.unwrap();
    assert!(
        matches!(claim, ClaimOutcome::Granted { abandoned: true, .. }),
        "{claim:?}"
    );
}

#[tokio::test]
async fn what_does_not_open_stays_as_it_is() {
    let store = MemoryTokens::new();
    let first = record(&old(), 1).await;
    let key = first.connection.key.clone();
    let absent = reseal_tokens(&store, &new(), &key, NOW).await.unwrap();
    assert_eq!(absent, ResealOutcome::UpToDate);
    store.create(&first).await.unwrap();
    let stranger = KeyRing::new(crate::key(9));
    let error = reseal_tokens(&store, &stranger, &key, NOW).await.unwrap_err();
    assert!(
        matches!(&error, ResealError::Seal(SealError::UnknownKey { .. })),
        "{error:?}"
    );
    assert!(!error.is_transient() && !error.may_have_taken_effect());
    assert_eq!(loaded(&store, &key).await.record, first);
}

/// The newest pair is there in the end, whatever the order of steps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_new_pair_is_lost_to_it() {
    for _ in 0..20 {
        let store = Arc::new(MemoryTokens::new());
        let first = record(&old(), 1).await;
        let key = first.connection.key.clone();
        store.create(&first).await.unwrap();
        let service = tokio::spawn({
            let (store, key) = (Arc::clone(&store), key.clone());
            async move {
                let mut generation = 1;
                while generation < 30 {
                    let version = loaded(&store, &key).await.version;
                    let until = NOW.saturating_add(MINUTE);
                    let terms = ClaimTerms {
                        version,
                        now: NOW,
                        until,
                    };
                    let ClaimOutcome::Granted { fence, .. } = store.claim(&key, terms).await.unwrap() else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    // The platform answers, and the old token is spent.
                    tokio::task::yield_now().await;
                    generation += 1;
                    let ring = if generation % 2 == 0 { old() } else { new() };
                    let next = record(&ring, generation).await;
                    let swapped = store.compare_and_swap(version, &next, Some(fence)).await.unwrap();
                    assert!(
                        matches!(swapped, SwapOutcome::Swapped(_)),
                        "a holder of the claim is disturbed"
                    );
                }
                generation
            }
        });
        let mut resealed = 0;
        while !service.is_finished() {
            let outcome = reseal_tokens(&*store, &new(), &key, NOW).await.unwrap();
            resealed += u32::from(outcome == ResealOutcome::Resealed);
            tokio::task::yield_now().await;
        }
        let generation = service.await.unwrap();
        reseal_tokens(&*store, &new(), &key, NOW).await.unwrap();
        let stored = loaded(&store, &key).await;
        assert_eq!(stored.record.connection.generation, generation);
        let newest = (format!("access {generation}"), true);
        assert_eq!(access(&new(), &stored).await, newest, "after {resealed} times");
    }
}

#[tokio::test]
async fn a_body_and_its_error_are_sealed_again() {
    let store = MemoryInbox::new();
    let id = "evt_delivery_1".into();
    let sealed = |ring: KeyRing, context: String, text: &'static [u8]| async move {
        ring.seal(&context, text).await.unwrap()
    };
    let delivery = NewDelivery {
        envelope_id: "evt_delivery_1".into(),
        delivery_id: "dlv_1".into(),
        event_type: "event.published".into(),
        ordering_key: String::new(),
        occurred_at: NOW,
        signed_at: NOW,
        received_at: NOW,
        body: sealed(old(), body_context(&id), b"{}").await,
        body_digest: [0; 32],
    };
    store.insert(&delivery).await.unwrap();
    let leased = store.lease(NOW, NOW, 1).await.unwrap().remove(0);
    let error = error_text(&sealed(old(), error_context(&id), b"no such table").await);
    store.bury(&leased.lease, NOW, &error).await.unwrap();

    let current = store.sealed(None, 1).await.unwrap().remove(0);
    let done = reseal_delivery(&store, &new(), &current).await.unwrap();
    assert_eq!(done, ResealOutcome::Resealed);
    let stale = reseal_delivery(&store, &new(), &current).await.unwrap();
    assert_eq!(stale, ResealOutcome::Busy, "the store has other bytes by now");
    let after: SealedDelivery = store.sealed(None, 1).await.unwrap().remove(0);
    let again = reseal_delivery(&store, &new(), &after).await.unwrap();
    assert_eq!(again, ResealOutcome::UpToDate);
    let only_new = KeyRing::new(key(2));
    let body = only_new.open(&body_context(&id), &after.body).await.unwrap();
    assert_eq!(*body.plaintext, b"{}");
    let error = only_new
        .open(&error_context(&id), &after.sealed_error().unwrap())
        .await
        .unwrap();
    assert_eq!(*error.plaintext, b"no such table");
}

#[tokio::test]
async fn the_key_of_sealed_bytes_is_read_without_it() {
    let ring = KeyRing::new(key(1).with_id("2026-05").unwrap());
    let sealed = ring.seal("context", b"secret").await.unwrap();
    assert_eq!(SealedUnder::of(&sealed).unwrap(), SealedUnder::Key("2026-05"));
    assert_eq!(ring.key_ids().collect::<Vec<_>>(), ["2026-05"]);
    let plain = InsecurePlaintext::i_accept_that_tokens_are_stored_readable()
        .seal("context", b"secret")
        .await
        .unwrap();
    assert_eq!(SealedUnder::of(&plain).unwrap(), SealedUnder::Nothing);
    for bytes in [&b""[..], b"\x01", b"\x07something else"] {
        let error = SealedUnder::of(&Sealed::from_bytes(bytes))
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(error, SealError::Unreadable));
    }
}
