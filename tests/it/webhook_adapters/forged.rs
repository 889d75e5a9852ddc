//! What an attacker learns from a refusal.

use std::collections::BTreeSet;

use super::{ALL, APPROVED, NOW, UNVERIFIED, approved, client::Request, signed_post, verifier};

/// Every refusal that an attacker can cause without the secret, and with a captured delivery.
fn forgeries(path: &str) -> Vec<Request> {
    let digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let good = format!("sha256={digits}");
    let with = |timestamp: i64, signature: &str, body: &str| {
        Request::post(path)
            .header("X-Revento-Event", "application.approved")
            .header("X-Revento-Delivery-Id", "d-1")
            .header("X-Revento-Timestamp", timestamp.to_string())
            .header("X-Revento-Signature", signature)
            .body(body.as_bytes())
    };
    vec![
        Request::post(path).body(b"{}"),
        with(NOW, &good, "{}").header("X-Revento-Event", "another"),
        with(NOW, &good, "{}").header("X-Revento-Event", b"\xff"),
        with(NOW - 301, &good, "{}"),
        with(NOW + 301, &good, "{}"),
        with(-1, &good, "{}"),
        with(NOW, &format!("sha1={digits}"), "{}"),
        with(NOW, &good.to_uppercase(), "{}"),
        with(NOW, "sha256=00", "{}"),
        with(NOW, "sha256=ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=", "{}"),
        with(NOW, &good, "{}"),
        with(NOW, &good, ""),
        with(NOW, &good, " \r\n"),
        with(NOW, &good, "\u{1f}\u{8b}").header("Content-Encoding", "gzip"),
        approved(path).body(b"another"),
        approved(path).body(b""),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_every_refusal_is_one_401_with_one_text() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for path in ["/inbox", "/approved", "/handled", "/raw", "/echo"] {
            let mut heads = BTreeSet::new();
            for request in forgeries(path) {
                let shown = format!("{adapter:?} {request:?}");
                let response = request.send(server.port).await;
                assert_eq!(response.status, 401, "{shown}");
                assert_eq!(String::from_utf8_lossy(&response.body), UNVERIFIED, "{shown}");
                let lines = response.head.lines().filter(|line| !line.starts_with("date:"));
                heads.insert(lines.collect::<Vec<_>>().join("\n"));
            }
            assert_eq!(heads.len(), 1, "{adapter:?} {path} {heads:?}");
        }
        for path in ["/inbox", "/approved"] {
            let changed = signed_post(path, "application.rejected", APPROVED.as_bytes());
            let response = changed.send(server.port).await;
            assert_eq!(
                String::from_utf8_lossy(&response.body),
                UNVERIFIED,
                "{adapter:?} {path}"
            );
        }
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
    }
}
