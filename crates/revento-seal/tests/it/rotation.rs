//! Tests of replacing a key without downtime.

use revento_seal::KeyRing;
use revento_store::Sealer;

use crate::{CONTEXT, SECRET, key, refusal};

#[tokio::test]
async fn k21_a_rotation_reseals_lazily() {
    let before = KeyRing::new(key(1));
    let old = before.seal(CONTEXT, SECRET).await.unwrap();

    let after = KeyRing::new(key(2)).with_previous(key(1)).unwrap();
    let unsealed = after.open(CONTEXT, &old).await.unwrap();
    assert_eq!(*unsealed.plaintext, SECRET);
    assert!(unsealed.reseal, "sealed under an older key");

    let new = after.seal(CONTEXT, &unsealed.plaintext).await.unwrap();
    assert!(!after.open(CONTEXT, &new).await.unwrap().reseal);
    assert!(
        KeyRing::new(key(2)).open(CONTEXT, &new).await.is_ok(),
        "the old key can go"
    );
}

#[tokio::test]
async fn k21_replicas_in_the_midst_of_a_rotation_read_each_other() {
    let not_yet = KeyRing::new(key(1)).with_previous(key(2)).unwrap();
    let already = KeyRing::new(key(2)).with_previous(key(1)).unwrap();
    for (writer, reader) in [(&not_yet, &already), (&already, &not_yet)] {
        let sealed = writer.seal(CONTEXT, SECRET).await.unwrap();
        assert!(reader.open(CONTEXT, &sealed).await.unwrap().reseal);
    }
}

#[tokio::test]
async fn k21_the_keys_of_a_setting_are_replaced_in_three_steps() {
    let (old, new) = (key(1).to_base64(), key(2).to_base64());
    let ring = |text: &str| KeyRing::from_base64(text).unwrap();
    let settings = [
        old.to_string(),
        format!("{},{}", *old, *new),
        format!("{}, {}\n", *new, *old),
        new.to_string(),
    ];
    // Replicas with this setting and with the next one run at the same time.
    for pair in settings.windows(2) {
        for (writer, reader) in [(0, 1), (1, 0)] {
            let sealed = ring(&pair[writer]).seal(CONTEXT, SECRET).await.unwrap();
            let opened = ring(&pair[reader]).open(CONTEXT, &sealed).await;
            // The last step comes after everything was sealed again.
            assert!(opened.is_ok(), "{pair:?}");
        }
    }
    let first_id = |text: &str| ring(text).key_ids().next().map(str::to_owned);
    assert_eq!(first_id(&settings[1]).as_deref(), Some(key(1).id()));
    assert_eq!(first_id(&settings[2]).as_deref(), Some(key(2).id()));
}

#[test]
fn w3_keys_of_a_setting_that_cannot_be_read_are_named_by_their_place() {
    let good = key(1).to_base64();
    let refusal = |text: &str| KeyRing::from_base64(text).unwrap_err().to_string();
    assert_eq!(
        refusal("planted secret"),
        "the sealing key is not base64 text: create one with `openssl rand -base64 32` (key 1 of the setting)"
    );
    assert_eq!(
        refusal(&format!("{},", *good)),
        "the sealing key has 0 bytes instead of 32: create one with `openssl rand -base64 32` (key 2 of the setting)"
    );
    let twice = refusal(&format!("{},{}", *good, *good));
    assert!(twice.contains("already has a sealing key"), "{twice}");
    assert!(!twice.contains(&**good), "{twice}");
}

#[test]
fn two_keys_of_one_ring_cannot_share_an_id() {
    let ring = || KeyRing::new(key(1).with_id("main").unwrap());
    let error = ring().with_previous(key(2).with_id("main").unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ring already has a sealing key with the id \"main\": give each key its own id"
    );
    let with_old = ring().with_previous(key(2).with_id("old").unwrap()).unwrap();
    assert!(with_old.with_previous(key(3).with_id("old").unwrap()).is_err());
}

#[tokio::test]
async fn h15_a_leaked_key_opens_stored_records_and_nothing_derived() {
    let before = KeyRing::new(key(1));
    let record = before.seal(CONTEXT, SECRET).await.unwrap();
    let cookie = before.derive("cookies").seal(CONTEXT, SECRET).await.unwrap();

    let routine = KeyRing::new(key(2)).with_previous(key(1)).unwrap();
    assert!(routine.open(CONTEXT, &record).await.unwrap().reseal);
    assert!(
        routine
            .derive("cookies")
            .open(CONTEXT, &cookie)
            .await
            .unwrap()
            .reseal
    );

    let leaked = KeyRing::new(key(2)).with_leaked(key(1)).unwrap();
    assert!(leaked.open(CONTEXT, &record).await.unwrap().reseal);
    refusal(&leaked.derive("cookies"), CONTEXT, cookie.as_bytes()).await;
    assert!(leaked.with_previous(key(1)).is_err(), "one key cannot be both");
}

#[tokio::test]
async fn h15_each_purpose_has_keys_of_its_own() {
    let records = KeyRing::new(key(1).with_id("main").unwrap());
    let rings = [
        records.derive("cookies"),
        records.derive("cookies2"),
        records.derive("cookies").derive("cookies"),
        records,
    ];
    for (sealing, ring) in rings.iter().enumerate() {
        let sealed = ring.seal(CONTEXT, SECRET).await.unwrap();
        for (opening, other) in rings.iter().enumerate() {
            assert_eq!(
                other.open(CONTEXT, &sealed).await.is_ok(),
                sealing == opening,
                "{sealing} {opening}"
            );
        }
    }
}
