//! The attributes of the flow's cookie, and its removal.

use std::sync::atomic::Ordering::SeqCst;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Sealed, Sealer};
use revento_webhooks::{Headers, OfflineVerifier, Signer};

use super::browser::{Browser, Service};

fn attributes(line: &str) -> Vec<&str> {
    let mut attributes: Vec<_> = line.split("; ").skip(1).collect();
    attributes.sort_unstable();
    attributes
}

#[tokio::test]
async fn o5_over_tls_the_cookie_is_bound_to_this_host() {
    let mut browser = Browser::default();
    browser.begin(&Service::over_tls()).await;
    let [line] = browser.last_set.as_slice() else {
        panic!("one cookie: {:?}", browser.last_set)
    };
    assert!(line.starts_with("__Host-revento-flow-"), "{line}");
    assert_eq!(
        attributes(line),
        ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax", "Secure"]
    );
}

#[tokio::test]
async fn o5_on_a_developers_machine_it_works_without_tls() {
    let mut browser = Browser::default();
    browser
        .begin(&Service::at("http://localhost:3000/callback"))
        .await;
    let line = &browser.last_set[0];
    assert!(line.starts_with("revento-flow-"), "{line}");
    assert_eq!(
        attributes(line),
        ["HttpOnly", "Max-Age=900", "Path=/", "SameSite=Lax"]
    );
}

#[tokio::test]
async fn o4_the_cookie_goes_whatever_the_outcome() {
    let service = Service::over_tls();
    for rest in [
        "code=abc",
        "error=access_denied",
        "error=server_error",
        "",
        "code=a&error=b",
    ] {
        let mut browser = Browser::default();
        let state = browser.begin(&service).await;
        assert_eq!(browser.cookies.len(), 1);
        let _ = browser
            .call_back(&service, &format!("{rest}&state={state}"))
            .await;
        assert!(browser.cookies.is_empty(), "{rest}: {:?}", browser.last_set);
        let line = &browser.last_set[0];
        assert!(
            line.starts_with("__Host-") && line.contains("Secure") && line.contains("Path=/"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn o7_beginning_leaves_nothing_behind_and_calls_nobody() {
    let service = Service::over_tls();
    // A crawler, a prefetching browser, and a HEAD that a framework answers with the same handler.
    for _ in 0..3 {
        Browser::default().begin(&service).await;
    }
    let mut browser = Browser::default();
    let state = browser.begin(&service).await;
    assert_eq!(service.platform.codes.load(SeqCst), 0);
    browser
        .call_back(&service, &format!("code=abc&state={state}"))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_cookie_shows_neither_state_nor_verifier() {
    let mut browser = Browser::default();
    let state = browser.begin(&Service::over_tls()).await;
    assert!(!browser.last_set[0].contains(&state));
}

/// One secret for everything: a sealed value is not a signature, and a value sealed for one purpose does not open for
/// another.
#[tokio::test]
async fn w22_a_cookie_is_no_webhook_signature_and_nothing_else() {
    let mut browser = Browser::default();
    let state = browser.begin(&Service::over_tls()).await;
    let value = browser.cookies.values().next().unwrap();
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(value).unwrap();

    let key = SealingKey::from_bytes([7; 32]);
    let secret = key.to_base64();
    let verifier = OfflineVerifier::new(&secret).unwrap();
    for window in sealed.windows(32) {
        let digits: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
        let signature = format!("sha256={digits}");
        for body in [&b""[..], &sealed, value.as_bytes(), state.as_bytes()] {
            let headers = Headers::collect([
                ("x-revento-event", "event.published"),
                ("x-revento-delivery-id", "d-1"),
                ("x-revento-timestamp", "1778336551"),
                ("x-revento-signature", &signature),
            ]);
            assert!(verifier.verify(&headers.unwrap(), body).is_err());
        }
    }

    // The keys of stored records do not open it, whatever the context.
    let ring = KeyRing::new(key);
    let sealed = Sealed::from_bytes(sealed);
    let flow = revento_oauth::authorize::flow_id(&state);
    for context in [
        format!("flow/{flow}"),
        format!("revento/tokens/{flow}"),
        String::new(),
    ] {
        assert!(ring.open(&context, &sealed).await.is_err(), "{context}");
    }
    // Nor is a signature under the same secret a cookie.
    let signature = Signer::new(&secret).unwrap().sign(1_778_336_551, b"{}");
    for value in browser.cookies.values_mut() {
        *value = BASE64_URL_SAFE_NO_PAD.encode(&signature);
    }
    let outcome = browser
        .call_back(&Service::over_tls(), &format!("code=abc&state={state}"))
        .await;
    assert!(outcome.is_err());
}
