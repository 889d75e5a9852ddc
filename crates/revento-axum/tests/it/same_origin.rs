//! Forms that another site sends.

use axum::{Router, body::Body, routing::post};
use http::{Method, Request, StatusCode};
use revento_axum::SameOrigin;
use tower::ServiceExt;

async fn status(method: Method, headers: &[(&str, &str)]) -> StatusCode {
    let app = Router::new()
        .route("/seats", post(|| async { "reserved" }).get(|| async { "seats" }))
        .layer(SameOrigin::new("https://App.example:443/").unwrap());
    let mut request = Request::builder().method(method).uri("/seats");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    app.oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn h17_a_form_of_another_site_changes_nothing() {
    let refused: [&[(&str, &str)]; 9] = [
        &[],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://app.example"),
        ],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "")],
        &[("origin", "https://evil.example")],
        &[("origin", "http://app.example")],
        &[("origin", "https://app.example.evil.example")],
        // A sandboxed frame, or a page without a referrer.
        &[("origin", "null")],
        &[
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "cross-site"),
        ],
    ];
    for headers in refused {
        assert_eq!(
            status(Method::POST, headers).await,
            StatusCode::FORBIDDEN,
            "{headers:?}"
        );
    }
    let allowed: [&[(&str, &str)]; 3] = [
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://app.example"),
        ],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://app.example")],
    ];
    for headers in allowed {
        assert_eq!(status(Method::POST, headers).await, StatusCode::OK, "{headers:?}");
    }
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(status(Method::GET, &foreign).await, StatusCode::OK);
    assert_eq!(status(Method::DELETE, &foreign).await, StatusCode::FORBIDDEN);
    assert!(SameOrigin::new("https://app.example/path").is_err());
}
