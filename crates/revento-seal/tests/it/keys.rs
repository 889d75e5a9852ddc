//! Tests of sealing keys: parsing, display and errors.

use async_trait::async_trait;
use revento_seal::{KeyRing, KeyService, ParseKeyError, SealingKey, UnwrapKeyError};
use revento_store::{Entropy, EntropyError, ErrorKind, OsEntropy, Sealer};
use zeroize::Zeroizing;

use crate::{CONTEXT, SECRET, key};

#[test]
fn a_key_survives_its_text_in_every_spelling() {
    let original = SealingKey::generate(&OsEntropy).unwrap();
    let text = original.to_base64();
    let url_safe = text.replace('+', "-").replace('/', "_");
    for spelling in [
        text.to_string(),
        url_safe,
        text.trim_end_matches('=').into(),
        format!(" {}\n", *text),
    ] {
        let read = SealingKey::from_base64(&spelling).unwrap();
        assert_eq!(read.id(), original.id());
        assert_eq!(read.to_base64(), text);
    }
}

#[test]
fn w3_a_text_that_is_no_key_is_refused_and_not_repeated() {
    assert_eq!(
        SealingKey::from_base64("").unwrap_err(),
        ParseKeyError::Length { found: 0 }
    );
    assert_eq!(
        SealingKey::from_base64("  \n").unwrap_err(),
        ParseKeyError::Length { found: 0 }
    );
    assert_eq!(
        SealingKey::from_base64("cGxhbnRlZA==").unwrap_err(),
        ParseKeyError::Length { found: 7 }
    );
    let error = SealingKey::from_base64("planted secret!").unwrap_err();
    assert_eq!(error, ParseKeyError::NotBase64);
    assert!(!format!("{error} {error:?}").contains("planted"));
}

#[test]
fn t5_debug_output_shows_the_id_only() {
    let shown = format!("{:?} {:?}", key(0xAB), KeyRing::new(key(0xAB)));
    assert!(shown.contains(key(0xAB).id()), "{shown}");
    for bytes in ["171", "abab", "ABAB", "q6ur"] {
        assert!(!shown.contains(bytes), "{shown}");
    }
}

#[test]
fn default_ids_are_short_stable_and_differ() {
    assert_eq!(key(1).id(), key(1).id());
    assert_ne!(key(1).id(), key(2).id());
    assert_eq!(key(1).id().len(), 16);
}

#[test]
fn ids_are_visible_ascii_of_at_most_64_bytes() {
    let longest = "k".repeat(64);
    for good in ["2026-05", "arn:aws:kms:eu-1:1:key/2", longest.as_str()] {
        assert_eq!(key(1).with_id(good).unwrap().id(), good);
    }
    for bad in ["", " ", "a b", "schlüssel", "a\n", &"k".repeat(65)] {
        assert!(key(1).with_id(bad).is_err(), "{bad:?}");
    }
}

#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _bytes: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

#[tokio::test]
async fn nothing_is_sealed_without_entropy() {
    assert!(SealingKey::generate(&NoEntropy).is_err());
    let ring = KeyRing::new(key(1)).with_entropy(std::sync::Arc::new(NoEntropy));
    let error = ring.seal(CONTEXT, SECRET).await.unwrap_err();
    assert_eq!(error.to_string(), "the sealer is not available: try again later");
}

struct Service(Result<usize, &'static str>);

#[async_trait]
impl KeyService for Service {
    async fn unwrap_key(
        &self,
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        let length = self.0?;
        Ok(Zeroizing::new(
            wrapped.iter().map(|byte| !byte).cycle().take(length).collect(),
        ))
    }
}

#[tokio::test]
async fn a_key_service_unwraps_once() {
    let unwrapped = SealingKey::unwrap_with(&Service(Ok(32)), &[0xFE]).await.unwrap();
    assert_eq!(unwrapped.id(), key(1).id());
    let short = SealingKey::unwrap_with(&Service(Ok(31)), &[0xFE])
        .await
        .unwrap_err();
    assert!(matches!(short, UnwrapKeyError::Length { found: 31 }));
    let down = SealingKey::unwrap_with(&Service(Err("no route")), &[0xFE])
        .await
        .unwrap_err();
    assert_eq!(std::error::Error::source(&down).unwrap().to_string(), "no route");
}

#[test]
fn a_wrong_setting_stays_wrong_and_changes_nothing() {
    let text = SealingKey::from_base64("").unwrap_err();
    assert_eq!(text.kind(), ErrorKind::Configuration);
    assert!(!text.is_transient() && !text.may_have_taken_effect());
    let id = key(1).with_id("").unwrap_err();
    assert_eq!(id.kind(), ErrorKind::Configuration);
    assert!(!id.is_transient() && !id.may_have_taken_effect());
    let twice = KeyRing::new(key(1)).with_previous(key(1)).unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::Configuration);
    assert!(!twice.is_transient() && !twice.may_have_taken_effect());
}

#[tokio::test]
async fn a_key_service_may_recover_and_a_key_of_the_wrong_length_may_not() {
    let down = SealingKey::unwrap_with(&Service(Err("no route")), &[0xFE])
        .await
        .unwrap_err();
    assert_eq!(down.kind(), ErrorKind::Sealing);
    assert!(down.is_transient() && !down.may_have_taken_effect());
    let short = SealingKey::unwrap_with(&Service(Ok(31)), &[0xFE])
        .await
        .unwrap_err();
    assert_eq!(short.kind(), ErrorKind::Sealing);
    assert!(!short.is_transient() && !short.may_have_taken_effect());
}
