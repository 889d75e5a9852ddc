//! Frameworks' own parts before and behind the verification.

use super::{ALL, APPROVED, Adapter, approved, signed_post, verifier};

#[tokio::test(flavor = "multi_thread")]
async fn h11_a_closure_that_panics_before_it_returns_its_future_is_503() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for event in ["panic", "panic.early"] {
            let response = signed_post("/handled", event, b"{}").send(server.port).await;
            let text = String::from_utf8_lossy(&response.body);
            assert_eq!(response.status, 503, "{adapter:?} {event} {text}");
            assert!(!text.contains("bug") && !text.contains("panic"), "{text}");
        }
        let next = signed_post("/handled", "a", b"{}").send(server.port).await;
        assert_eq!(next.status, 200, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_a_panic_behind_the_verification_or_in_the_store_is_503() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = signed_post("/echo", "panic", b"{}").send(server.port).await;
        assert_eq!(response.status, 503, "{adapter:?}");
        server.shelf.set_panicking(true);
        assert_eq!(
            approved("/inbox").send(server.port).await.status,
            503,
            "{adapter:?}"
        );
        server.shelf.set_panicking(false);
        assert_eq!(
            approved("/inbox").send(server.port).await.status,
            200,
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_the_limit_of_a_layer_in_front_is_413() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let large = || signed_post("/limited", "a", &[b' '; 6_000]);
        assert_eq!(large().send(server.port).await.status, 413, "{adapter:?}");
        let chunked = large().send_chunked(server.port, 1_000).await;
        assert_eq!(chunked.status, 413, "{adapter:?}");
        if adapter != Adapter::Actix {
            let fitting = signed_post("/limited", "a", &[b' '; 4_000]);
            let fitting = fitting.send_chunked(server.port, 1_000).await;
            assert_eq!(fitting.status, 200, "{adapter:?}");
        }
    }
}

/// A proxy may add a character set, and change or drop the header, which is not signed.
#[tokio::test(flavor = "multi_thread")]
async fn h11_the_json_extractor_behind_the_verification_takes_every_verified_delivery() {
    for adapter in [Adapter::Axum, Adapter::Actix] {
        let server = adapter.serve(verifier()).await;
        for content_type in [
            None,
            Some("application/json"),
            Some("application/json; charset=utf-8"),
            Some("Application/JSON;charset=UTF-8"),
            Some("application/octet-stream"),
            Some("text/plain;charset=iso-8859-1"),
            Some("application/x-www-form-urlencoded"),
            Some(""),
            Some("nonsense"),
        ] {
            let request = signed_post("/json", "application.approved", APPROVED.as_bytes());
            let request = match content_type {
                Some(content_type) => request.header("Content-Type", content_type),
                None => request,
            };
            let response = request.send(server.port).await;
            assert_eq!(
                (response.status, &*response.body),
                (200, &b"\"env_1\""[..]),
                "{adapter:?} {content_type:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h32_a_compressed_body_is_named_in_the_refusal() {
    const GZIP: &[u8] = &[
        0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xab, 0xae, 0x05, 0, 0x43, 0xbf, 0xa6, 0xa3, 0x02, 0, 0, 0,
    ];
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let request = || signed_post("/approved", "application.approved", GZIP);
        let response = request()
            .header("Content-Encoding", "gzip")
            .send(server.port)
            .await;
        let text = String::from_utf8_lossy(&response.body);
        assert_eq!(response.status, 415, "{adapter:?}");
        assert!(text.contains("Content-Encoding"), "{adapter:?} {text}");
        let plain = request()
            .header("Content-Encoding", "identity")
            .send(server.port)
            .await;
        assert_eq!(plain.status, 422, "{adapter:?}");
    }
}
