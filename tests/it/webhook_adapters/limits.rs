use std::time::Duration;

use super::{ALL, approved, client::Request, signed_post, verifier};

#[tokio::test(flavor = "multi_thread")]
async fn d7_a_body_beyond_the_limit_is_413_however_it_is_sent() {
    for adapter in ALL {
        let server = adapter
            .serve_with(verifier(), |verifier| verifier.max_body_bytes(10_000))
            .await;
        for path in ["/inbox", "/approved", "/echo"] {
            let large = signed_post(path, "application.approved", &vec![b' '; 10_001]);
            assert_eq!(
                large.clone().send(server.port).await.status,
                413,
                "{adapter:?} {path}"
            );
            assert_eq!(
                large.send_chunked(server.port, 3_000).await.status,
                413,
                "{adapter:?} {path}"
            );
        }
        let fitting = signed_post("/echo", "application.approved", &vec![b' '; 10_000]);
        assert_eq!(fitting.clone().send(server.port).await.status, 200, "{adapter:?}");
        assert_eq!(
            fitting.send_chunked(server.port, 3_000).await.status,
            200,
            "{adapter:?}"
        );
        assert_eq!(server.shelf.kept(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d7_the_default_limit_is_one_mebibyte() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let fitting = signed_post("/echo", "application.approved", &vec![b' '; 1 << 20]);
        assert_eq!(fitting.send(server.port).await.status, 200, "{adapter:?}");
        let large = signed_post("/echo", "application.approved", &vec![b' '; (1 << 20) + 1]);
        assert_eq!(large.send(server.port).await.status, 413, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d8_a_body_that_breaks_off_is_not_taken_in() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        approved("/inbox").send_part(server.port, true).await;
        // The server answers the next request, so the first one has ended.
        let response = signed_post("/echo", "application.approved", b"{}")
            .send(server.port)
            .await;
        assert_eq!(response.status, 200, "{adapter:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d9_a_body_that_dribbles_is_408_within_the_budget() {
    for adapter in ALL {
        let quick = Duration::from_millis(150);
        let server = adapter
            .serve_with(verifier(), |verifier| verifier.body_timeout(quick))
            .await;
        for path in ["/inbox", "/approved", "/echo"] {
            let response = approved(path).send_part(server.port, false).await.unwrap();
            assert_eq!(response.status, 408, "{adapter:?} {path}");
        }
        assert_eq!(server.shelf.kept(), 0);
    }
}

/// Each request gets one response, even if it is refused early and the rest of the request is malformed.
#[tokio::test(flavor = "multi_thread")]
async fn d17_one_request_gets_one_answer() {
    for adapter in ALL {
        let server = adapter
            .serve_with(verifier(), |verifier| {
                verifier
                    .max_body_bytes(10_000)
                    .body_timeout(Duration::from_millis(150))
            })
            .await;
        let large = |path| signed_post(path, "application.approved", &vec![b' '; 100_000]);
        for path in ["/inbox", "/approved", "/echo", "/taken"] {
            for (request, status) in [
                (approved(path), None),
                (large(path), Some(413)),
                (Request::post(path).body(b"{}"), Some(401)),
                (approved(path).body(b"another"), Some(401)),
            ] {
                let answers = request.count_answers(server.port).await;
                assert_eq!(answers.len(), 1, "{adapter:?} {path} {answers:?}");
                if path != "/taken" {
                    assert!(status.is_none_or(|status| answers == [status]), "{answers:?}");
                }
            }
        }
    }
}
