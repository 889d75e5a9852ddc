//! The console, in a browser without scripts.

use reqwest::StatusCode;

use crate::world::{EVENT, World, hidden, refusal};

const PAGES: [&str; 11] = [
    "",
    "/connections",
    "/applications",
    "/deliveries",
    "/dead-letters",
    "/requests",
    "/audit",
    "/faults",
    "/integrations",
    "/organizer",
    "/participants",
];

async fn page(world: &World, path: &str) -> String {
    let answer = world
        .http
        .get(format!("{}{path}", world.info().console_url))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn every_page_renders_with_and_without_data() {
    let world = World::start().await;
    let pages = PAGES;
    for path in pages {
        page(&world, path).await;
    }
    let pair = world.connect().await;
    world.refresh(&pair.refresh).await;
    world
        .act(&format!("/connections/{EVENT}/revoke"), serde_json::json!({}))
        .await;
    let delivery = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    for path in pages {
        let text = page(&world, path).await;
        assert!(
            !text.contains(&pair.access) && !text.contains(&pair.refresh),
            "a token shows on {path}"
        );
    }
    assert!(page(&world, "/audit").await.contains("tokens refreshed"));
    assert!(
        page(&world, &format!("/deliveries/{delivery}"))
            .await
            .contains("x-revento-signature")
    );
    let home = world.http.get(&world.info().auth_base).send().await.unwrap();
    assert_eq!(home.headers()["location"], "/console");
}

#[tokio::test]
async fn a_form_without_its_token_changes_nothing() {
    let world = World::start().await;
    world.connect().await;
    let url = format!("{}/connections/revoke", world.info().console_url);
    let form = [
        ("client_id", world.info().client_id.as_str()),
        ("event_id", EVENT),
        ("csrf", "guess"),
    ];
    let answer = world.http.post(&url).form(&form).send().await.unwrap();
    assert_eq!(refusal(answer).await, (403, "csrf".to_owned()));
    assert_eq!(world.stat("connections").await, 1);
}

#[tokio::test]
async fn the_forms_of_the_console_work() {
    let world = World::start().await;
    world.connect().await;
    let csrf = hidden(&page(&world, "/connections").await, "csrf");
    let client_id = world.info().client_id.clone();
    for (path, form, status) in [
        ("/clock", vec![("advance_s", "3660")], StatusCode::SEE_OTHER),
        ("/clock", vec![("advance_s", "-5")], StatusCode::CONFLICT),
        (
            "/applications/review",
            vec![("id", "app_published_0002"), ("decision", "approve")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/applications/review",
            vec![("id", "app_published_0002"), ("decision", "approve")],
            StatusCode::CONFLICT,
        ),
        (
            "/connections/revoke",
            vec![("client_id", client_id.as_str()), ("event_id", EVENT)],
            StatusCode::SEE_OTHER,
        ),
        (
            "/travel",
            vec![("to", "deadline"), ("side", "after")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/faults/arm",
            vec![("fault", "server_error")],
            StatusCode::SEE_OTHER,
        ),
        ("/faults/disarm", vec![("id", "1")], StatusCode::SEE_OTHER),
        (
            "/integrations/act",
            vec![("id", client_id.as_str()), ("act", "rotate-webhook")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/events/act",
            vec![("event_id", EVENT), ("act", "unpublish")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/events/act",
            vec![("event_id", EVENT), ("act", "explode")],
            StatusCode::NOT_FOUND,
        ),
        (
            "/activities/change",
            vec![("id", "act_published_0101"), ("signups", "3")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/webviews/add",
            vec![
                ("event_id", EVENT),
                ("title", "T"),
                ("url", "http://localhost:3000/x"),
                ("visibility", "everyone"),
            ],
            StatusCode::SEE_OTHER,
        ),
        (
            "/webviews/remove",
            vec![("id", "web_published_01")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/users/rename",
            vec![("id", "usr_0001"), ("given_name", "Ada"), ("family_name", "L")],
            StatusCode::SEE_OTHER,
        ),
        (
            "/users/revoke",
            vec![("id", "usr_0001"), ("client_id", client_id.as_str())],
            StatusCode::NOT_FOUND,
        ),
        (
            "/participants/act",
            vec![("act", "cancel"), ("id", "app_published_0003")],
            StatusCode::SEE_OTHER,
        ),
        ("/dead-letters/replay", vec![], StatusCode::SEE_OTHER),
        ("/reset", vec![], StatusCode::SEE_OTHER),
    ] {
        let mut form = form;
        form.push(("csrf", &csrf));
        let url = format!("{}{path}", world.info().console_url);
        let answer = world.http.post(url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(world.stat("tokens_issued").await, 0);
}

#[tokio::test]
async fn a_foreign_host_name_is_not_answered() {
    let world = World::start().await;
    let url = format!("{}/stats", world.info().control_base);
    let answer = world
        .http
        .get(url)
        .header("host", "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await, (421, "misdirected_request".to_owned()));
}

#[tokio::test]
async fn open_pages_get_changes_and_do_not_delay_the_shutdown() {
    let world = World::start().await;
    let mut live = world
        .http
        .get(format!("{}/live", world.info().console_url))
        .send()
        .await
        .unwrap();
    world.advance(5).await;
    let event = live.chunk().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&event).contains("event: change"));
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(2), world.sandbox.shutdown()).await;
    assert!(stopped.is_ok());
}

#[tokio::test]
async fn a_page_learns_of_a_change_between_its_making_and_its_subscription() {
    let world = World::start().await;
    let made = page(&world, "").await;
    let live = made.split("data-src=\"").nth(1).unwrap();
    let live = format!("{}{}", world.info().auth_base, live.split('"').next().unwrap());
    // Nothing has changed, so there is no event.
    let mut quiet = world.http.get(&live).send().await.unwrap();
    let wait = std::time::Duration::from_millis(250);
    assert!(tokio::time::timeout(wait, quiet.chunk()).await.is_err());
    world.advance(60).await;
    let mut late = world.http.get(&live).send().await.unwrap();
    let event = tokio::time::timeout(std::time::Duration::from_secs(20), late.chunk()).await;
    let event = event.expect("no event").unwrap().unwrap();
    assert!(event.starts_with(b"event: change"), "{event:?}");
}

#[tokio::test]
async fn a_page_says_why_no_webhook_is_sent_and_connects_the_event() {
    let world = World::start().await;
    let applications = format!("/applications?event_id={EVENT}&status=all");
    for path in ["", "/connections", "/deliveries", &applications, "/organizer"] {
        let text = page(&world, path).await;
        assert!(text.contains("/console/connections/connect"), "{path}");
    }
    let form = [
        ("client_id", world.info().client_id.clone()),
        ("event_id", EVENT.to_owned()),
        (
            "back",
            hidden(&page(&world, &applications).await, "back").replace("&amp;", "&"),
        ),
        ("csrf", hidden(&page(&world, "").await, "csrf")),
    ];
    let url = format!("{}/connections/connect", world.info().console_url);
    let answer = world.http.post(&url).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let back = answer.headers()["location"].to_str().unwrap();
    assert!(
        back.starts_with("/console/applications?event_id=evt_test_published"),
        "{back}"
    );
    assert_eq!(world.stat("connections").await, 1);
    for path in ["", "/connections", "/deliveries", &applications] {
        assert!(!page(&world, path).await.contains("class=\"notice\""), "{path}");
    }
    let suspend = format!("/integrations/{}/suspend", world.info().client_id);
    world.act(&suspend, serde_json::json!({})).await;
    let text = page(&world, &applications).await;
    assert!(
        text.contains("suspended") && !text.contains("/console/connections/connect"),
        "{text}"
    );
}

#[tokio::test]
async fn a_page_says_of_no_integration_that_it_is_not_connected_to_the_event_of_another() {
    let manifest = ["int_a", "int_b"].map(|id| {
        format!(
            "[[integration]]\nclient_id = \"{id}\"\nname = \"{id}\"\npublisher = \"{id}\"\ntype = \"public\"\n\
             redirect_uris = [\"http://localhost:3000/callback\"]\nscopes.required = [\"event.read\"]\n"
        )
    });
    let world = World::start_with(|builder| builder.manifest(manifest.concat())).await;
    for (client_id, event_id) in [("int_a", EVENT), ("int_b", "evt_test_summit")] {
        let connect = serde_json::json!({ "client_id": client_id, "event_id": event_id });
        world.act("/connect", connect).await;
    }
    for path in ["", "/connections", "/deliveries"] {
        let text = page(&world, path).await;
        assert!(!text.contains("is not connected to"), "{path}: {text}");
    }
}
