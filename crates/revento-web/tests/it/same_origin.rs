//! Forms that another site sends.

use std::convert::Infallible;

use http::{Method, Request, Response, StatusCode};
use revento_web::SameOrigin;
use tower::{Layer as _, ServiceExt as _, service_fn};

async fn status(method: Method, headers: &[(&str, &str)]) -> StatusCode {
    let pages = service_fn(async |_| Ok::<_, Infallible>(Response::new(String::from("reserved"))));
    let app = SameOrigin::new("https://App.example:443/").unwrap().layer(pages);
    let mut request = Request::builder().method(method).uri("/seats");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.oneshot(request.body(()).unwrap()).await.unwrap().status()
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
