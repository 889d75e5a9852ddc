//! The allocations of a verification, counted on this thread.

use allocation_counter::measure;
use revento_webhooks::{Headers, MatchedKey, Signer, Verifier};

const NOW: i64 = 1_778_336_551;

/// The headers of a request.
fn received(signature: &str) -> [(&str, &str); 4] {
    [
        ("x-revento-event", "application.approved"),
        ("x-revento-delivery-id", "d-1"),
        ("x-revento-timestamp", "1778336551"),
        ("x-revento-signature", signature),
    ]
}

/// Verifies a request from its headers.
fn accept(verifier: &Verifier, received: &[(&str, &str)], body: &[u8]) -> MatchedKey {
    let pairs = received.iter().map(|(name, value)| (*name, *value));
    let headers = Headers::collect(pairs).unwrap();
    let verified = verifier.verify(&headers, body, NOW).unwrap();
    assert_eq!(verified.body(), body);
    assert_eq!(verified.unsigned_delivery_id(), "d-1");
    verified.matched_key()
}

#[test]
fn the_accepting_path_allocates_nothing() {
    let verifier = Verifier::new("whsec_current_secret")
        .unwrap()
        .with_previous("whsec_previous_secret", None)
        .unwrap()
        .with_previous("whsec_oldest_secret", Some(NOW))
        .unwrap();
    for bytes in [0, 1, 52, 53, 54, 117, 256, 1024, 16 * 1024, 1 << 20] {
        let body = vec![b'x'; bytes];
        for secret in [
            "whsec_current_secret",
            "whsec_previous_secret",
            "whsec_oldest_secret",
        ] {
            let signature = Signer::new(secret).unwrap().sign(NOW, &body);
            let received = [
                ("Host", "hooks.example.com"),
                ("X-Revento-Event", "application.approved"),
                ("x-revento-delivery-id", "d-1"),
                ("x-revento-timestamp", "1778336551"),
                ("x-revento-signature", &signature),
            ];
            let counted = measure(|| {
                accept(&verifier, &received, &body);
            });
            assert_eq!(counted.count_total, 0, "{bytes} bytes, {secret}");
        }
    }
}

#[test]
fn refusing_allocates_nothing_either() {
    let verifier = Verifier::new("whsec_current_secret").unwrap();
    let signature = Signer::new("whsec_another_secret").unwrap().sign(NOW, b"{}");
    let received = received(&signature);
    let counted = measure(|| {
        let headers = Headers::collect(received).unwrap();
        assert!(verifier.verify(&headers, b"{}", NOW).is_err());
        assert!(verifier.verify(&headers, b"{}", NOW + 301).is_err());
        assert!(Headers::collect(received.into_iter().skip(1)).is_err());
    });
    assert_eq!(counted.count_total, 0);
}

/// Checks the counter itself.
#[test]
fn an_allocation_is_counted() {
    let counted = measure(|| drop(std::hint::black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}

/// The number of allocations does not depend on the number of pieces if the length was announced.
#[test]
fn a_streamed_body_of_announced_length_is_kept_without_growing() {
    let body = vec![b'x'; 16 * 1024];
    let verifier = Verifier::new("whsec_current_secret").unwrap();
    let signature = Signer::new("whsec_current_secret").unwrap().sign(NOW, &body);
    let received = received(&signature);
    let count = |chunk: usize| {
        let counted = measure(|| {
            let headers = Headers::collect(received).unwrap();
            let streaming = verifier.verify_stream(&headers, 1 << 20, NOW).unwrap();
            let streaming = streaming.content_length(16 * 1024).unwrap();
            let whole = body
                .chunks(chunk)
                .fold(streaming, |streaming, chunk| streaming.push(chunk).unwrap());
            assert_eq!(whole.finish().unwrap().body().len(), body.len());
        });
        counted.count_total
    };
    assert_eq!(count(16 * 1024), count(100), "whatever the number of pieces");
}

/// The delivery itself and the texts of its headers are allocated; the body is the buffer that arrived.
#[cfg(feature = "bytes")]
#[test]
fn a_whole_body_is_kept_without_a_copy() {
    let body = bytes::Bytes::from(vec![b'x'; 16 * 1024]);
    let verifier = Verifier::new("whsec_current_secret").unwrap();
    let signature = Signer::new("whsec_current_secret").unwrap().sign(NOW, &body);
    let received = received(&signature);
    let shared = body.clone();
    let counted = measure(|| {
        let headers = Headers::collect(received).unwrap();
        let delivery = verifier
            .check_headers(&headers, NOW)
            .unwrap()
            .verify_bytes(shared)
            .unwrap();
        assert_eq!(delivery.bytes().as_ptr(), body.as_ptr());
        assert_eq!(delivery.unsigned_delivery_id(), "d-1");
        assert_eq!(delivery.unsigned_event_type(), "application.approved");
    });
    assert_eq!(counted.count_total, 2);
}
