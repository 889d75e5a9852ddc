//! The pages of the example integration: what a hostile site, an impatient reader and the platform's panel do with them.

use reqwest::header::{HOST, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use crate::support::service::{Environment, Example};
use crate::support::visitor::Visitor;

fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap()
}

async fn get(url: &str) -> Response {
    client().get(url).send().await.unwrap()
}

/// Connects the event over the page at this URL. Returns where the visitor lands.
async fn connect(url: &str) -> String {
    let mut visitor = Visitor::new();
    let consent = visitor.open(url).await;
    let landed = visitor.press(&consent, "Authorize", &[]).await;
    assert_eq!(landed.status, 200, "{}", landed.body);
    assert!(landed.body.contains("Connected to"), "{}", landed.body);
    landed.url.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_views_of_a_page_do_not_spend_the_budget() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        connect(&format!("{}/connect", environment.base_url)).await;
        let before = environment.control.stat("requests").await;
        let views = (0..40).map(|view| {
            let page = if view % 2 == 0 { "/" } else { "/api/participants" };
            let url = format!("{}{page}", environment.base_url);
            async move { get(&url).await.status() }
        });
        for status in futures_util::future::join_all(views).await {
            assert_eq!(status, 200);
        }
        // Reading the counter is a request, too. A list has several pages, and may have been read a second time.
        let requests = environment.control.stat("requests").await - before - 1;
        assert!(requests <= 8, "{requests} requests for 40 views");
        environment.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_a_name_that_was_made_to_point_here_is_not_served() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        for host in ["evil.example", "evil.example:3000", "localhost.evil.example"] {
            for path in ["/", "/api/participants", "/webhooks"] {
                let url = format!("{}{path}", environment.base_url);
                let response = client().get(url).header(HOST, host).send().await.unwrap();
                assert_eq!(response.status(), 421, "{host}{path}");
            }
        }
        environment.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h18_every_page_has_its_headers_and_an_icon() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        for path in [
            "/",
            "/feed",
            "/callback",
            "/connect?event_id=",
            "/api/status",
            "/icon.svg",
            "/nothing",
        ] {
            let response = get(&format!("{}{path}", environment.base_url)).await;
            let headers = response.headers();
            assert_eq!(
                headers["content-security-policy"], "frame-ancestors 'none'",
                "{path}"
            );
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert!(headers.contains_key("referrer-policy"), "{path}");
        }
        let icon = get(&format!("{}/icon.svg", environment.base_url)).await;
        assert_eq!(icon.headers()["content-type"], "image/svg+xml");
        let page = get(&environment.base_url).await.text().await.unwrap();
        assert!(page.contains("href=\"/icon.svg\""), "{page}");
        environment.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h31_the_panels_connect_link_connects_the_event_that_it_names() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        let event = &environment.info().events[1];
        let landed = connect(&format!("{}/connect?event_id={event}", environment.base_url)).await;
        assert_eq!(landed, format!("{}/?event_id={event}", environment.base_url));
        let own = connect(&format!(
            "{}/connect?event_id={}",
            environment.base_url,
            environment.event()
        ))
        .await;
        assert_eq!(own, format!("{}/", environment.base_url));
        for query in ["event_id=", "event_id=a&event_id=b"] {
            let refused = get(&format!("{}/connect?{query}", environment.base_url)).await;
            assert_eq!(refused.status(), 400, "{query}");
            assert!(!refused.headers().contains_key(LOCATION));
            let page = refused.text().await.unwrap();
            assert!(
                page.contains("event_id") && page.contains("integrations panel"),
                "{page}"
            );
        }
        environment.stop().await;
    }
}
