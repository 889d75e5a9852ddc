//! Login with Revento at the example integration, and its page for the platform's frame.

use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::support::service::{Environment, Example};
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn and_is_asked_again_after_revoking_access() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        let page = |path: &str| format!("{}{path}", environment.base_url);
        let mut organizer = Visitor::new();
        let consent = organizer.open(&page("/connect")).await;
        organizer.press(&consent, "Authorize", &[]).await;

        let mut participant = Visitor::new();
        assert_eq!(participant.open(&page("/me")).await.status, 401);
        let consent = participant.open(&page("/login")).await;
        let applications = format!("/applications?event_id={}", environment.event());
        let applications = environment.control.list(&applications).await;
        let user = applications[0]["user_id"].as_str().unwrap();
        let back = environment.sign_in(consent.url.as_str(), user).await;
        let arrived = participant.open(&back).await;
        assert_eq!(
            (arrived.status, arrived.url.path()),
            (200, "/me"),
            "{}",
            arrived.body
        );
        let me: Value = serde_json::from_str(&arrived.body).unwrap();
        assert_eq!(me["user_id"], user);
        assert_eq!(me["application"]["id"], applications[0]["id"]);
        assert!(me["profile"]["name"].is_string(), "{me}");
        let framed = participant.open(&page("/webview")).await;
        assert!(framed.body.contains("You are signed in"), "{}", framed.body);

        let revoke = format!("/users/{user}/revoke");
        environment.control.post(&revoke, json!({})).await;
        assert_eq!(participant.open(&page("/me")).await.status, 401);
        environment.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_frame_of_the_platform_alone() {
    for example in Example::ALL {
        let environment = Environment::start_with(example).await;
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        let policies = async |path: &str| {
            let url = format!("{}{path}", environment.base_url);
            let response = client.get(url).send().await.unwrap();
            let policies = response.headers().get_all("content-security-policy").iter();
            let policies: Vec<_> = policies.map(|value| value.to_str().unwrap().to_owned()).collect();
            policies
        };
        let platform = format!("frame-ancestors {}", environment.info().auth_base);
        assert_eq!(policies("/webview").await, [platform]);
        assert_eq!(policies("/me").await, ["frame-ancestors 'none'"]);
        assert_eq!(policies("/").await, ["frame-ancestors 'none'"]);

        // The cookie of a flow in a frame is for frames.
        let login = client.get(format!("{}/login", environment.base_url));
        let begun = login.header("sec-fetch-dest", "iframe").send().await.unwrap();
        let cookie = begun.headers()["set-cookie"].to_str().unwrap();
        assert!(
            cookie.contains("Partitioned") && cookie.contains("Secure"),
            "{cookie}"
        );
        let health = client.get(format!("{}/healthz", environment.base_url));
        assert_eq!(health.send().await.unwrap().status(), 204);
        environment.stop().await;
    }
}
