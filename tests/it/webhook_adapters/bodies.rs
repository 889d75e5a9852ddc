use super::{ALL, APPROVED, NOW, SECRET, approved, signed_post, verifier};

#[tokio::test(flavor = "multi_thread")]
async fn d23_the_verified_body_is_put_back_for_other_extractors() {
    let all_bytes: Vec<u8> = (0..=255).collect();
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for body in [&b""[..], b"{}", &all_bytes, &[7; 70_000]] {
            let whole = signed_post("/echo", "x", body).send(server.port).await;
            assert_eq!((whole.status, &*whole.body), (200, body), "{adapter:?}");
        }
        let response = signed_post("/echo", "x", &all_bytes)
            .send_chunked(server.port, 3)
            .await;
        assert_eq!(
            (response.status, response.body),
            (200, all_bytes.clone()),
            "{adapter:?}"
        );
    }
}

/// A layer in front has read the body. The response names this mistake, not a wrong signature.
#[tokio::test(flavor = "multi_thread")]
async fn d6_a_body_that_somebody_in_front_has_read_is_named() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = approved("/taken").send(server.port).await;
        let text = String::from_utf8(response.body).unwrap();
        assert_eq!(
            (response.status, text.as_str()),
            (
                500,
                "the body was read before it could be verified: put the verification first\n"
            ),
            "{adapter:?}"
        );
        let empty = signed_post("/echo", "x", b"").send(server.port).await;
        assert_eq!(empty.status, 200, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d24_a_body_may_wait_for_100_continue() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = approved("/inbox").send_when_asked(server.port).await;
        assert_eq!(response.status, 200, "{adapter:?}");
    }
}

/// The signature covers the bytes on the wire. The adapters never decompress.
#[tokio::test(flavor = "multi_thread")]
async fn d24_a_compressed_body_is_verified_as_it_came() {
    const GZIP: &[u8] = &[
        0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xab, 0xae, 0x05, 0, 0x43, 0xbf, 0xa6, 0xa3, 0x02, 0, 0, 0,
    ];
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let compressed = signed_post("/echo", "x", GZIP).header("Content-Encoding", "gzip");
        assert_eq!(compressed.send(server.port).await.status, 200, "{adapter:?}");
        let signed_plain = signed_post("/echo", "x", b"{}")
            .header("Content-Encoding", "gzip")
            .body(GZIP);
        assert_eq!(signed_plain.send(server.port).await.status, 401, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d24_http_2_is_the_same() {
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    let signature = revento_webhooks::Signer::new(SECRET)
        .unwrap()
        .sign(NOW, APPROVED.as_bytes());
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (path, signature, status) in [
            ("/inbox", signature.as_str(), 200),
            ("/approved", &signature, 200),
            ("/echo", &signature, 200),
            ("/inbox", "sha256=00", 401),
        ] {
            let response = client
                .post(format!("http://127.0.0.1:{}{path}", server.port))
                .header("x-revento-event", "application.approved")
                .header("x-revento-delivery-id", "d-1")
                .header("x-revento-timestamp", NOW)
                .header("x-revento-signature", signature)
                .body(APPROVED)
                .send()
                .await
                .unwrap();
            assert_eq!(response.version(), reqwest::Version::HTTP_2);
            assert_eq!(response.status(), status, "{adapter:?} {path}");
        }
        assert_eq!(server.shelf.kept(), 1);
    }
}
