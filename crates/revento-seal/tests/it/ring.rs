//! Sealed bytes open under the same key and context, and in no other case.

use std::collections::HashSet;

use proptest::prelude::*;
use revento_seal::KeyRing;
use revento_store::{SealError, Sealer};

use crate::{CONTEXT, SECRET, key, refusal};

async fn sealed() -> (KeyRing, Vec<u8>) {
    let ring = KeyRing::new(key(1));
    let bytes = ring.seal(CONTEXT, SECRET).await.unwrap().as_bytes().to_vec();
    (ring, bytes)
}

#[tokio::test]
async fn k21_sealed_bytes_show_nothing_of_the_plaintext() {
    let (_, bytes) = sealed().await;
    assert!(
        !bytes
            .windows(8)
            .any(|window| SECRET.windows(8).any(|part| part == window))
    );
    assert!(
        !bytes
            .windows(CONTEXT.len())
            .any(|window| window == CONTEXT.as_bytes())
    );
}

#[tokio::test]
async fn k21_every_truncation_is_an_error() {
    let (ring, bytes) = sealed().await;
    let shortest_readable = 2 + key(1).id().len() + 32 + 24 + 16;
    for length in 0..bytes.len() {
        let error = refusal(&ring, CONTEXT, &bytes[..length]).await;
        match error {
            SealError::Unreadable => assert!(length < shortest_readable, "{length}"),
            SealError::NotAuthentic => assert!(length >= shortest_readable, "{length}"),
            other => panic!("{length} bytes: {other}"),
        }
    }
    refusal(&ring, CONTEXT, &[bytes.as_slice(), &[0]].concat()).await;
}

#[tokio::test]
async fn k21_every_flipped_bit_is_an_error() {
    let (ring, bytes) = sealed().await;
    for bit in 0..bytes.len() * 8 {
        let mut altered = bytes.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        refusal(&ring, CONTEXT, &altered).await;
    }
}

#[tokio::test]
async fn k21_a_row_cannot_be_swapped_for_another() {
    let (ring, bytes) = sealed().await;
    for context in ["", "clt_1/evt_2", "clt_1/evt_1/", "clt_1/evt_", " clt_1/evt_1"] {
        assert!(matches!(
            refusal(&ring, context, &bytes).await,
            SealError::NotAuthentic
        ));
    }
}

#[tokio::test]
async fn k21_bytes_cannot_move_between_key_id_and_context() {
    let ring = KeyRing::new(key(1).with_id("ab").unwrap())
        .with_previous(key(2).with_id("a").unwrap())
        .unwrap();
    let bytes = ring.seal("c", SECRET).await.unwrap().as_bytes().to_vec();
    let mut moved = bytes.clone();
    moved.remove(3);
    moved[1] = 1;
    refusal(&ring, "bc", &moved).await;
}

#[tokio::test]
async fn k21_an_unknown_key_is_named() {
    let (_, bytes) = sealed().await;
    let SealError::UnknownKey { key_id } = refusal(&KeyRing::new(key(2)), CONTEXT, &bytes).await else {
        panic!("the key is unknown")
    };
    assert_eq!(key_id, key(1).id());
}

#[tokio::test]
async fn k21_the_right_id_with_the_wrong_bytes_does_not_open() {
    let named = |byte| KeyRing::new(key(byte).with_id("main").unwrap());
    let sealed = named(1).seal(CONTEXT, SECRET).await.unwrap();
    let error = refusal(&named(2), CONTEXT, sealed.as_bytes()).await;
    assert!(matches!(error, SealError::NotAuthentic));
}

#[tokio::test]
async fn k21_an_unknown_format_is_unreadable() {
    let (ring, bytes) = sealed().await;
    for format in (0..=u8::MAX).filter(|&format| format != 1) {
        let mut other = bytes.clone();
        other[0] = format;
        assert!(matches!(
            refusal(&ring, CONTEXT, &other).await,
            SealError::Unreadable
        ));
    }
}

#[tokio::test]
async fn k21_no_two_seals_share_a_nonce() {
    let ring = KeyRing::new(key(1));
    let mut seen = HashSet::new();
    for _ in 0..10_000 {
        let sealed = ring.seal(CONTEXT, b"").await.unwrap();
        assert!(seen.insert(sealed.as_bytes()[50..74].to_vec()));
    }
}

#[tokio::test]
async fn t5_errors_show_neither_plaintext_nor_bytes() {
    let (ring, bytes) = sealed().await;
    let mut altered = bytes;
    *altered.last_mut().unwrap() ^= 1;
    let error = refusal(&ring, CONTEXT, &altered).await;
    assert_eq!(
        error.to_string(),
        "the sealed bytes do not open: they were altered or moved to another record, or the sealing key differs"
    );
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

proptest! {
    #[test]
    fn k8_any_bytes_survive_under_any_context(
        plaintext in proptest::collection::vec(any::<u8>(), 0..5000),
        context in ".{0,40}",
    ) {
        let ring = KeyRing::new(key(1));
        let unsealed = block_on(async {
            let sealed = ring.seal(&context, &plaintext).await.unwrap();
            ring.open(&context, &sealed).await.unwrap()
        });
        prop_assert_eq!(&*unsealed.plaintext, &plaintext);
        prop_assert!(!unsealed.reseal);
    }

    #[test]
    fn w27_any_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        block_on(refusal(&KeyRing::new(key(1)), CONTEXT, &bytes));
    }
}
