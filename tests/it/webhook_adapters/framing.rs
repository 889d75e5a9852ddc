//! What proxies and HTTP clients add around a body.

use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ALL, APPROVED, NOW, SECRET, approved, client::Request, signed_post, verifier};

/// Sends raw bytes and returns the statuses of all responses until the server closes the connection.
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

/// A chunked request whose trailers have these lines, and whose head lacks the signature unless it is given.
fn with_trailers(signature_in_head: bool, trailers: &str) -> Vec<u8> {
    let signature = signature();
    let head = if signature_in_head {
        format!("X-Revento-Signature: {signature}\r\n")
    } else {
        String::new()
    };
    let length = APPROVED.len();
    format!(
        "POST /inbox HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nX-Revento-Event: application.approved\r\n\
         X-Revento-Delivery-Id: d-1\r\nX-Revento-Timestamp: {NOW}\r\n{head}\r\n{length:x}\r\n{APPROVED}\r\n0\r\n{trailers}\r\n"
    )
    .into_bytes()
}

fn signature() -> String {
    let signer = revento_webhooks::Signer::new(SECRET).unwrap();
    signer.sign(NOW, APPROVED.as_bytes())
}

/// Trailers come after the decision to read the body, so they are no headers (RFC 9110 §6.5.1).
#[tokio::test(flavor = "multi_thread")]
async fn d24_trailers_change_nothing() {
    let signature = format!("X-Revento-Signature: {}\r\n", signature());
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let unsigned = statuses(server.port, &with_trailers(false, &signature)).await;
        assert_eq!(unsigned, [401], "{adapter:?}");
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
        for trailers in ["", &signature, "X-Revento-Event: another\r\n", "Expires: 0\r\n"] {
            let answers = statuses(server.port, &with_trailers(true, trailers)).await;
            // A framework may refuse trailers.
            assert!(
                answers == [200] || (answers == [400] && !trailers.is_empty()),
                "{adapter:?} {trailers} {answers:?}"
            );
        }
    }
}

/// Extensions of chunks are no part of the body (RFC 9112 §7.1.1), and neither are the borders of chunks.
#[tokio::test(flavor = "multi_thread")]
async fn d7_chunks_are_no_part_of_the_body() {
    let whole = String::from_utf8(with_trailers(true, "")).unwrap();
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    let (first, second) = APPROVED.split_at(70);
    let (one, two) = (first.len(), second.len());
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (body, status) in [
            (
                format!("{one:x}\r\n{first}\r\n{two:X};a=b;c=\"d\"\r\n{second}\r\n0;e\r\n\r\n"),
                200,
            ),
            (
                format!("000{one:x}\r\n{first}\r\n{two:x}\r\n{second}\r\n00\r\n\r\n"),
                200,
            ),
            (
                format!("{two:x}\r\n{second}\r\n{one:x}\r\n{first}\r\n0\r\n\r\n"),
                401,
            ),
            (format!("{one:x}\r\n{first}\r\n0\r\n\r\n"), 401),
            ("0\r\n\r\n".to_owned(), 401),
        ] {
            let answers = statuses(server.port, format!("{head}\r\n\r\n{body}").as_bytes()).await;
            assert_eq!(answers, [status], "{adapter:?} {body}");
        }
        assert_eq!(server.shelf.kept(), 1, "{adapter:?}");
    }
}

/// The length of a body is stated twice in HTTP/2. Nothing is taken in if the two differ.
#[tokio::test(flavor = "multi_thread")]
async fn d8_a_length_that_is_wrong_takes_nothing_in() {
    let client = Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .build()
        .unwrap();
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for announced in [APPROVED.len() - 1, APPROVED.len() + 1] {
            let request = client
                .post(format!("http://127.0.0.1:{}/inbox", server.port))
                .header("x-revento-event", "application.approved")
                .header("x-revento-delivery-id", "d-1")
                .header("x-revento-timestamp", NOW)
                .header("x-revento-signature", signature())
                .header("content-length", announced)
                .body(APPROVED);
            let accepted = request
                .send()
                .await
                .is_ok_and(|response| response.status() == 200);
            // A client may correct the header; then the delivery is whole.
            assert_eq!(accepted, server.shelf.kept() == 1, "{adapter:?} {announced}");
        }
        let length = APPROVED.len() - 1;
        let cut = String::from_utf8(with_trailers(true, "")).unwrap();
        let (head, _) = cut.split_once("Transfer-Encoding: chunked\r\n").unwrap();
        let rest = cut
            .split_once("chunked\r\n")
            .unwrap()
            .1
            .split_once("\r\n\r\n")
            .unwrap()
            .0;
        let short = format!("{head}Content-Length: {length}\r\n{rest}\r\n\r\n{APPROVED}");
        let answers = statuses(server.port, short.as_bytes()).await;
        assert_eq!(answers.first(), Some(&401), "{adapter:?} {answers:?}");
    }
}

/// These headers are not signed, and say nothing about the body that counts.
#[tokio::test(flavor = "multi_thread")]
async fn w3_other_headers_change_nothing() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (name, value) in [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Type", "application/json;charset=UTF-16"),
            ("Content-Type", "text/plain"),
            ("Content-Type", "multipart/form-data; boundary=x"),
            ("Content-Language", "pl"),
            ("Content-Range", "bytes 0-5/10"),
            ("Content-Encoding", "identity"),
            ("Content-Encoding", "gzip"),
            ("Range", "bytes=0-5"),
            ("If-None-Match", "*"),
            ("X-Forwarded-For", "127.0.0.1"),
            ("Forwarded", "for=127.0.0.1"),
            ("Via", "1.1 proxy"),
            ("X-Revento-Signature-V2", "x"),
            ("X_Revento_Signature", "x"),
            ("Cookie", "city=Z\u{fc}rich"),
            ("Date", "yesterday"),
        ] {
            for path in ["/inbox", "/approved", "/handled", "/raw", "/echo"] {
                let response = approved(path).header(name, value).send(server.port).await;
                assert_eq!(response.status, 200, "{adapter:?} {path} {name}: {value}");
            }
        }
        let twice = approved("/inbox")
            .header("Content-Type", "a/b")
            .header("Content-Type", "c/d");
        assert_eq!(twice.send(server.port).await.status, 200, "{adapter:?}");
    }
}

/// An expectation that nobody knows may be refused (RFC 9110 §10.1.1).
#[tokio::test(flavor = "multi_thread")]
async fn d24_another_expectation_is_417_or_ignored() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = approved("/inbox")
            .header("Expect", "a-miracle")
            .send(server.port)
            .await;
        assert!(
            [200, 417].contains(&response.status),
            "{adapter:?} {}",
            response.status
        );
    }
}

/// A byte order mark is a part of the signed body.
#[tokio::test(flavor = "multi_thread")]
async fn w21_a_byte_order_mark_is_signed_like_any_other_byte() {
    let marked = format!("\u{feff}{APPROVED}");
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let added = approved("/inbox").body(marked.as_bytes());
        assert_eq!(added.send(server.port).await.status, 401, "{adapter:?}");
        let signed = signed_post("/inbox", "application.approved", marked.as_bytes());
        assert_eq!(signed.send(server.port).await.status, 200, "{adapter:?}");
        let echo = signed_post("/echo", "application.approved", marked.as_bytes());
        assert_eq!(
            echo.send(server.port).await.body,
            marked.as_bytes(),
            "{adapter:?}"
        );
    }
}

/// The old protocol has no chunks, and closes the connection after each response.
#[tokio::test(flavor = "multi_thread")]
async fn d24_http_1_0_is_the_same() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let request = |body: &str| {
            let request = approved("/inbox").header("Content-Length", body.len().to_string());
            [&request.head()[..], b"\r\n", body.as_bytes()].concat()
        };
        for (body, status) in [(APPROVED, "200"), ("another", "401")] {
            let text = String::from_utf8(request(body))
                .unwrap()
                .replacen("HTTP/1.1", "HTTP/1.0", 1);
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", server.port))
                .await
                .unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            let answer = String::from_utf8_lossy(&answer);
            assert_eq!(answer.get(9..12), Some(status), "{adapter:?} {answer}");
        }
        assert_eq!(server.shelf.kept(), 1, "{adapter:?}");
        // Without a length there is no body.
        let none = Request::post("/inbox").send(server.port).await;
        assert_eq!(none.status, 401, "{adapter:?}");
    }
}
