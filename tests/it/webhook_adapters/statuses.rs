use super::{
    ALL, APPROVED, UNVERIFIED, approved,
    client::{Request, send_raw},
    signed_post, verifier,
};

#[tokio::test(flavor = "multi_thread")]
async fn d1_what_is_not_a_post_is_405_with_allow() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for path in ["/inbox", "/approved", "/echo"] {
            for method in ["GET", "PUT", "PATCH", "DELETE"] {
                let response = Request::new(method, path).send(server.port).await;
                assert_eq!(response.status, 405, "{adapter:?} {method} {path}");
                assert!(
                    response.head.contains("allow: options, post\r\n"),
                    "{adapter:?} {}",
                    response.head
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_other_paths_are_not_ours() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        assert_eq!(
            approved("/elsewhere").send(server.port).await.status,
            404,
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d4_a_request_that_is_none_harms_nobody() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        let response = send_raw(server.port, b"POST http://[ HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert_eq!(response.status, 400, "{adapter:?}");
        assert_eq!(
            approved("/inbox").send(server.port).await.status,
            200,
            "{adapter:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_the_status_says_what_became_of_it() {
    let other = APPROVED.replace("application.approved", "sponsor.added");
    let broken = APPROVED.replace("\"id\":\"app_1\",", "");
    let busy = APPROVED.replace("app_1", "app_busy");
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (path, event, body, status) in [
            ("/inbox", "application.approved", APPROVED, 200),
            ("/approved", "application.approved", APPROVED, 200),
            ("/echo", "application.approved", APPROVED, 200),
            ("/raw", "application.approved", APPROVED, 200),
            // The unsigned type header was changed.
            ("/inbox", "application.rejected", APPROVED, 401),
            ("/approved", "application.rejected", APPROVED, 401),
            // No handler for the type: sending it again would not help.
            ("/inbox", "sponsor.added", &other, 200),
            ("/approved", "sponsor.added", &other, 200),
            // Verified, but not what the contract promises.
            ("/inbox", "application.approved", &broken, 200),
            ("/approved", "application.approved", &broken, 422),
            ("/inbox", "application.approved", "{", 200),
            ("/approved", "application.approved", "{", 422),
            // The handler asks for another attempt.
            ("/approved", "application.approved", &busy, 503),
        ] {
            let response = signed_post(path, event, body.as_bytes()).send(server.port).await;
            assert_eq!(response.status, status, "{adapter:?} {path} {event} {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_refusal_helps_its_owner_and_no_attacker() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for path in ["/inbox", "/approved", "/echo", "/raw"] {
            let request = signed_post(path, "application.approved", b"signed").body(b"another");
            let response = request.send(server.port).await;
            assert_eq!(response.status, 401, "{adapter:?}");
            let text = String::from_utf8(response.body).unwrap();
            assert_eq!(text, UNVERIFIED, "{adapter:?}");

            let response = Request::post(path).send(server.port).await;
            let text = String::from_utf8(response.body).unwrap();
            assert_eq!(text, UNVERIFIED, "{adapter:?}");
        }
        assert_eq!(server.shelf.kept(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d12_a_store_that_is_down_is_503_and_never_200() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        server.shelf.set_down(true);
        let response = approved("/inbox").send(server.port).await;
        assert_eq!(response.status, 503, "{adapter:?}");
        assert!(!String::from_utf8_lossy(&response.body).contains("disk"));
        server.shelf.set_down(false);
        assert_eq!(approved("/inbox").send(server.port).await.status, 200);
        assert_eq!(approved("/inbox").send(server.port).await.status, 200);
        assert_eq!(server.shelf.kept(), 1, "{adapter:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d19_two_endpoints_in_one_process_stay_separate() {
    for adapter in ALL {
        let ours = adapter.serve(verifier()).await;
        let theirs = adapter
            .serve(revento_webhooks::Verifier::new("whsec_another_secret").unwrap())
            .await;
        assert_eq!(approved("/inbox").send(ours.port).await.status, 200);
        assert_eq!(approved("/inbox").send(theirs.port).await.status, 401);
        assert_eq!((ours.shelf.kept(), theirs.shelf.kept()), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d10_a_plain_function_answers_alike() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for (request, status) in [
            (approved("/handled"), 200),
            (signed_post("/handled", "busy", b"{}"), 503),
            (approved("/handled").body(b"another"), 401),
            (Request::new("GET", "/handled"), 405),
        ] {
            assert_eq!(request.send(server.port).await.status, status, "{adapter:?}");
        }
    }
}

/// Some platforms send health checks without a signature. The adapters refuse every request without one.
#[tokio::test(flavor = "multi_thread")]
async fn d26_there_is_no_way_around_the_signature() {
    let form = "application/x-www-form-urlencoded";
    let json = "application/json";
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for path in ["/inbox", "/approved", "/echo"] {
            for (event, content_type, body) in [
                ("ssl_check", form, "ssl_check=1&token=legacy"),
                ("", form, "ssl_check=1"),
                (
                    "url_verification",
                    json,
                    r#"{"type":"url_verification","challenge":"c"}"#,
                ),
                ("ping", json, r#"{"zen":"Keep it logically awesome."}"#),
                ("application.approved", json, APPROVED),
            ] {
                let request = Request::post(path)
                    .header("Content-Type", content_type)
                    .header("X-Revento-Event", event);
                let unsigned = request.clone().body(body.as_bytes()).send(server.port).await;
                assert_eq!(unsigned.status, 401, "{adapter:?} {path} {body}");
                let echoed = String::from_utf8_lossy(&unsigned.body).into_owned();
                assert!(
                    !echoed.contains("challenge") && !echoed.contains("ssl_check=1"),
                    "{echoed}"
                );
                // The query is not signed either.
                let query = Request::post(&format!("{path}?ssl_check=1&X-Revento-Signature=x"));
                assert_eq!(query.send(server.port).await.status, 401, "{adapter:?}");
            }
        }
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
    }
}
