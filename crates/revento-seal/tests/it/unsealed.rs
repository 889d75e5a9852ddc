//! Tests of the sealer that stores plaintext.

use revento_seal::{InsecurePlaintext, KeyRing};
use revento_store::{SealError, Sealer};

use crate::{CONTEXT, SECRET, key, refusal};

#[tokio::test]
async fn t6_plaintext_still_keeps_records_apart() {
    let plain = InsecurePlaintext::i_accept_that_tokens_are_stored_readable();
    let sealed = plain.seal(CONTEXT, SECRET).await.unwrap();
    assert_eq!(*plain.open(CONTEXT, &sealed).await.unwrap().plaintext, SECRET);
    for context in ["", "clt_1/evt_2", "clt_1/evt_1r"] {
        assert!(matches!(
            refusal(&plain, context, sealed.as_bytes()).await,
            SealError::NotAuthentic
        ));
    }
    refusal(&plain, CONTEXT, b"").await;
}

#[tokio::test]
async fn t6_sealed_and_plain_records_are_never_mistaken_for_each_other() {
    let plain = InsecurePlaintext::i_accept_that_tokens_are_stored_readable();
    let ring = KeyRing::new(key(1));
    let readable = plain.seal(CONTEXT, SECRET).await.unwrap();
    let sealed = ring.seal(CONTEXT, SECRET).await.unwrap();
    assert!(matches!(
        refusal(&ring, CONTEXT, readable.as_bytes()).await,
        SealError::Unreadable
    ));
    assert!(matches!(
        refusal(&plain, CONTEXT, sealed.as_bytes()).await,
        SealError::Unreadable
    ));
}
