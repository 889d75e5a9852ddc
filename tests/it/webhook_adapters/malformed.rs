//! Requests that two readers could understand differently, byte by byte.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ALL, APPROVED, NOW, SECRET, approved, client::Request, verifier};

/// A signed head with additional lines, and the given rest.
fn sent(lines: &str, rest: impl AsRef<[u8]>) -> Vec<u8> {
    let signature = revento_webhooks::Signer::new(SECRET)
        .unwrap()
        .sign(NOW, APPROVED.as_bytes());
    let head = format!(
        "POST /inbox HTTP/1.1\r\nHost: x\r\nX-Revento-Event: application.approved\r\nX-Revento-Delivery-Id: d-1\r\n\
         X-Revento-Timestamp: {NOW}\r\nX-Revento-Signature: {signature}\r\n{lines}\r\n"
    );
    [head.as_bytes(), rest.as_ref()].concat()
}

/// The statuses of all responses until the server closes the connection after the last request.
async fn statuses(port: u16, bytes: &[u8]) -> Vec<u16> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(bytes).await.ok();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.ok();
    let text = String::from_utf8_lossy(&answers);
    text.split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer[..3].parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_length_that_can_be_read_in_two_ways_is_400() {
    let length = APPROVED.len();
    let chunks = format!("{length:x}\r\n{APPROVED}\r\n0\r\n\r\n");
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (lines, rest) in [
            (
                format!("Content-Length: {length}\r\nContent-Length: 5\r\n"),
                APPROVED,
            ),
            (format!("Content-Length: {length}, {length}\r\n"), APPROVED),
            (format!("Content-Length: +{length}\r\n"), APPROVED),
            ("Content-Length: -1\r\n".into(), APPROVED),
            ("Transfer-Encoding: identity\r\n".into(), &chunks),
            ("Transfer-Encoding: xchunked\r\n".into(), &chunks),
            (
                "Transfer-Encoding: chunked\r\n".into(),
                "fffffffffffffffff\r\nx\r\n0\r\n\r\n",
            ),
            ("Transfer-Encoding: chunked\r\n".into(), "-1\r\nx\r\n0\r\n\r\n"),
            (
                format!("Content-Length: {length}\r\nX-Folded: a\r\n b\r\n"),
                APPROVED,
            ),
            (format!("Content-Length: {length}\r\nX-Spaced : a\r\n"), APPROVED),
            (format!("Content-Length: {length}\r\nX-Nul: a\0\r\n"), APPROVED),
        ] {
            let answers = statuses(server.port, &sent(&lines, rest)).await;
            assert_eq!(answers, [400], "{adapter:?} {lines}");
        }
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
        assert_eq!(approved("/inbox").send(server.port).await.status, 200);
    }
}

/// A request that a framework accepts has to be exactly one request with the signed body.
#[tokio::test(flavor = "multi_thread")]
async fn d4_a_request_within_a_body_is_not_one() {
    let length = APPROVED.len();
    let chunks = format!("{length:x}\r\n{APPROVED}\r\n0\r\n\r\n");
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for lines in [
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"),
            "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nConnection: close\r\n".to_owned(),
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n".to_owned(),
        ] {
            let hidden = sent("Content-Length: 0\r\nConnection: close\r\n", "");
            let bytes = sent(&lines, [chunks.as_bytes(), &hidden].concat());
            let answers = statuses(server.port, &bytes).await;
            assert!(
                answers == [200] || answers == [400],
                "{adapter:?} {lines} {answers:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_requests_that_follow_each_other_are_judged_each_by_itself() {
    let length = APPROVED.len();
    let good = sent(&format!("Content-Length: {length}\r\n"), APPROVED);
    let forged = sent("Content-Length: 3\r\n", "abc");
    let last = sent(
        &format!("Content-Length: {length}\r\nConnection: close\r\n"),
        APPROVED,
    );
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let bytes = [&good[..], &forged, &good, &forged, &last].concat();
        let answers = statuses(server.port, &bytes).await;
        assert_eq!(answers, [200, 401, 200, 401, 200], "{adapter:?}");
        assert_eq!(server.shelf.kept(), 1, "one delivery, sent thrice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d7_more_headers_than_anybody_sends_are_refused() {
    let length = APPROVED.len();
    let many = |count: usize| (0..count).map(|at| format!("X-{at}: v\r\n")).collect::<String>();
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (lines, status) in [
            (many(50), 200),
            (many(1_000), 431),
            (format!("X-Long: {}\r\n", "a".repeat(2_000_000)), 431),
            ("X-Name: Zo\u{eb}\r\n".to_owned(), 200),
        ] {
            let lines = format!("{lines}Content-Length: {length}\r\nConnection: close\r\n");
            let answers = statuses(server.port, &sent(&lines, APPROVED)).await;
            // A server that refuses two megabytes may reset the connection.
            assert!(
                answers == [status] || (answers.is_empty() && lines.len() > 1_000_000),
                "{adapter:?} {answers:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_no_other_method_gets_through() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for method in ["HEAD", "TRACE", "post", "FOO", "QUERY"] {
            for path in ["/inbox", "/approved", "/echo", "/raw"] {
                let signed = String::from_utf8(sent("Connection: close\r\n", "")).unwrap();
                let bytes = signed.replacen("POST /inbox", &format!("{method} {path}"), 1);
                let answers = statuses(server.port, bytes.as_bytes()).await;
                assert_eq!(answers, [405], "{adapter:?} {method} {path}");
            }
        }
        // A header does not change the method either.
        let request = Request::new("GET", "/inbox").header("X-HTTP-Method-Override", "POST");
        assert_eq!(request.send(server.port).await.status, 405);
    }
}

/// The server does not read a body that it refuses by its headers. The framework may still send 100 Continue.
#[tokio::test(flavor = "multi_thread")]
async fn d24_a_body_that_waits_is_refused_unseen() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let too_large = sent(
            "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 2000000\r\n",
            "",
        );
        let unsigned = b"POST /inbox HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 10\r\n\r\n";
        for (bytes, status) in [(&too_large[..], 413), (unsigned, 401)] {
            let answers = statuses(server.port, bytes).await;
            assert!(
                answers == [status] || answers == [100, status],
                "{adapter:?} {answers:?}"
            );
        }
    }
}
