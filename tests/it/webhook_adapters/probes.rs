//! Requests that are no webhooks, and no attacks either.

use revento_webhooks::Signer;

use super::{
    ALL, APPROVED, NOW, SECRET, approved,
    client::{Request, Response},
    log::{Lines, capture},
    verifier,
};

#[tokio::test]
async fn h9_another_method_is_logged_for_debugging_with_its_name() {
    for adapter in ALL {
        let lines = Lines::default();
        let log = capture(&lines);
        let server = adapter.serve(verifier()).await;
        for path in ["/inbox", "/approved", "/handled", "/raw", "/echo", "/hooks/"] {
            for method in ["HEAD", "GET", "OPTIONS", "DELETE", "PROPFIND"] {
                let Response { status, head, body } = Request::new(method, path).send(server.port).await;
                let expected = if method == "OPTIONS" { 204 } else { 405 };
                assert_eq!(status, expected, "{adapter:?} {method} {path}");
                assert!(
                    head.contains("\r\nallow: options, post\r\n"),
                    "{adapter:?} {head}"
                );
                assert!(body.is_empty() || expected == 405, "{adapter:?} {body:?}");
                let line = lines.take();
                assert!(
                    line.contains("DEBUG") && line.contains(method) && !line.contains("WARN"),
                    "{adapter:?} {method} {path}: {line}"
                );
            }
        }
        Request::post("/inbox").send(server.port).await;
        assert!(lines.take().contains("WARN"), "an unsigned POST is no probe");
        drop(log);
    }
}

/// A method can have any length. The log shows its beginning.
#[tokio::test]
async fn h32_a_long_method_is_cut_in_the_log() {
    for adapter in ALL {
        let lines = Lines::default();
        let log = capture(&lines);
        let server = adapter.serve(verifier()).await;
        let response = Request::new(&"M".repeat(300), "/inbox").send(server.port).await;
        assert!([400, 405].contains(&response.status), "{adapter:?}");
        assert!(!lines.take().contains(&"M".repeat(33)), "{adapter:?}");
        drop(log);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h9_slashes_at_the_end_of_the_path_are_the_same_route() {
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for path in ["/hooks", "/hooks/", "/hooks//", "/hooks/?a=b"] {
            assert_eq!(
                approved(path).send(server.port).await.status,
                200,
                "{adapter:?} {path}"
            );
            let unsigned = Request::post(path).send(server.port).await;
            assert_eq!(unsigned.status, 401, "{adapter:?} {path}");
        }
        for path in ["/hooksx", "/hooks/x", "/hook", "//hooks", "/hooks%2F"] {
            assert_eq!(
                approved(path).send(server.port).await.status,
                404,
                "{adapter:?} {path}"
            );
        }
        assert_eq!(server.shelf.kept(), 1, "{adapter:?}");
    }
}

/// The layer is around the routes and the fallback of a router.
#[tokio::test]
async fn h9_a_route_around_a_whole_router_leaves_the_rest_to_it() {
    use axum::{Router, body::Body, routing::get};
    use revento_tower::{HandlerEndpoint, Unavailable, VerifiedDelivery, WebhookRoute};
    use tower::ServiceExt;

    async fn handle(_: VerifiedDelivery) -> Result<(), Unavailable> {
        Ok(())
    }
    let endpoint = HandlerEndpoint::new(verifier(), handle);
    let app = Router::new()
        .route("/", get("index"))
        .route("/hooks", get("hidden"))
        .nest("/nested", Router::new().route("/hooks", get("nested")))
        .merge(Router::new().route("/merged", get("merged")))
        .fallback(async || (axum::http::StatusCode::IM_A_TEAPOT, "fallback"))
        .layer(WebhookRoute::new("/hooks", endpoint));
    for (path, status) in [
        ("/", 200),
        ("/hooks", 405),
        ("/hooks/", 405),
        ("/hooks//", 405),
        ("/nested/hooks", 200),
        ("/nested/hooks/", 418),
        ("/merged", 200),
        ("/hooks/x", 418),
    ] {
        let request = axum::http::Request::get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}

/// The texts are signed as they are, so that only their form is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn w13_every_adapter_reads_plain_digits_only() {
    let signer = Signer::new(SECRET).unwrap();
    let send = |port, text: String| {
        let request = Request::post("/inbox")
            .header("X-Revento-Event", "application.approved")
            .header("X-Revento-Delivery-Id", "d-1")
            .header("X-Revento-Timestamp", &text)
            .header(
                "X-Revento-Signature",
                signer.sign_text(&text, APPROVED.as_bytes()),
            );
        request.body(APPROVED.as_bytes()).send(port)
    };
    for adapter in ALL {
        let server = adapter.serve(verifier()).await;
        for text in [
            format!("+{NOW}"),
            format!("-{NOW}"),
            "-0".to_owned(),
            format!(" {NOW}"),
            format!("{NOW} "),
            format!("\t{NOW}"),
            format!("{NOW}.0"),
            format!("{NOW}000"),
            format!("000{NOW}"),
            "1778 336551".to_owned(),
            "1_778_336_551".to_owned(),
            "9223372036854775807".to_owned(),
            "-9223372036854775808".to_owned(),
            "18446744075487888167".to_owned(),
            "1".repeat(40),
            "\u{661}\u{667}\u{667}\u{668}\u{663}\u{663}\u{666}\u{665}\u{665}\u{661}".to_owned(),
        ] {
            let status = send(server.port, text.clone()).await.status;
            assert_eq!(status, 401, "{adapter:?} {text:?}");
        }
        assert_eq!(server.shelf.kept(), 0, "{adapter:?}");
        // The signature covers the text as sent, so the zeros of a sender are its own affair.
        for text in [format!("{NOW}"), format!("00{NOW}")] {
            let status = send(server.port, text.clone()).await.status;
            assert_eq!(status, 200, "{adapter:?} {text:?}");
        }
    }
}
