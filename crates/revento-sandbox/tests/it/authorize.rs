//! Authorization requests (contract §2.1).

use reqwest::StatusCode;

use crate::world::{CALLBACK, World, hidden, landed, refusal, request};

const INSTALLATION: &str = "event.read participants.read program.read";

#[tokio::test]
async fn p4_an_unknown_client_or_redirect_uri_never_redirects() {
    let world = World::start().await;
    for (name, value) in [
        ("client_id", "nobody"),
        ("redirect_uri", "http://localhost:3000/callback/"),
        ("redirect_uri", "http://localhost:3000/callbacK"),
        ("redirect_uri", "http://localhost:3000/callback?x=1"),
        ("redirect_uri", ""),
    ] {
        let mut params = request(world.info(), INSTALLATION);
        params.insert(name, value.to_owned());
        let answer = world.ask(&params).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{name}={value}");
        assert!(answer.headers().get("location").is_none());
        let page = answer.text().await.unwrap();
        assert!(page.contains("What to do"), "{page}");
        assert!(name == "client_id" || page.contains(CALLBACK), "{page}");
    }
}

#[tokio::test]
async fn every_other_error_redirects_to_the_integration() {
    let world = World::start().await;
    for (name, value, error) in [
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("scope", "event.read profile.read", "invalid_scope"),
        ("scope", "event.write", "invalid_scope"),
        ("scope", "", "invalid_scope"),
        ("event_id", "evt_none", "invalid_request"),
        ("event_id", "", "invalid_request"),
        ("event_id", "evt_test_informal", "access_denied"),
        ("event_id", "evt_test_archived", "access_denied"),
        ("scope", "profile.read", "access_denied"),
    ] {
        let mut params = request(world.info(), INSTALLATION);
        params.insert(name, value.to_owned());
        let query = landed(&world.ask(&params).await);
        assert_eq!(query["error"], error, "{name}={value}");
        assert_eq!(query["state"], "st&te 1", "{name}={value}");
        assert!(!query["error_description"].is_empty());
    }
}

#[tokio::test]
async fn the_error_for_missing_pkce_names_pkce() {
    let world = World::start().await;
    let mut params = request(world.info(), INSTALLATION);
    params.remove("code_challenge");
    params.remove("code_challenge_method");
    let query = landed(&world.ask(&params).await);
    assert!(query["error_description"].starts_with("PKCE required"));
}

#[tokio::test]
async fn declining_is_access_denied_with_the_state() {
    let world = World::start().await;
    let params = request(world.info(), INSTALLATION);
    let query = landed(&world.consent(&params, &[("decision", "decline")]).await);
    assert_eq!(
        (query["error"].as_str(), query["state"].as_str()),
        ("access_denied", "st&te 1")
    );
    assert!(!query.contains_key("code"));
}

#[tokio::test]
async fn the_page_names_all_parties_and_offers_only_optional_scopes() {
    let world = World::start().await;
    let page = world
        .ask(&request(world.info(), INSTALLATION))
        .await
        .text()
        .await
        .unwrap();
    for text in [
        "Example Integration",
        "Atlas Community e.V.",
        "Open Source Days",
        ">Authorize<",
        ">Decline<",
    ] {
        assert!(page.contains(text), "{text} is not on {page}");
    }
    assert!(page.contains("name=\"scope\" value=\"program.read\" checked"));
    assert!(
        !page.contains("value=\"event.read\""),
        "a required scope could be unticked"
    );
}

#[tokio::test]
async fn an_unticked_optional_scope_is_not_granted() {
    let world = World::start().await;
    let query = world.authorized(INSTALLATION).await;
    let pair = crate::world::pair(world.exchange(&query["code"]).await).await;
    assert_eq!(pair.body["scope"], "event.read participants.read");
    let denied = world
        .read(&pair.access, "/events/evt_test_published/program")
        .await;
    assert_eq!(refusal(denied).await, (403, "insufficient_scope".to_owned()));
}

#[tokio::test]
async fn a_scope_that_was_not_requested_cannot_be_ticked() {
    let world = World::start().await;
    let params = request(world.info(), "event.read participants.read");
    let form = [("decision", "authorize"), ("scope", "program.read")];
    let query = landed(&world.consent(&params, &form).await);
    let pair = crate::world::pair(world.exchange(&query["code"]).await).await;
    assert_eq!(pair.body["scope"], "event.read participants.read");
}

#[tokio::test]
async fn a_consent_form_of_another_site_is_refused() {
    let world = World::start().await;
    let page = world
        .ask(&request(world.info(), INSTALLATION))
        .await
        .text()
        .await
        .unwrap();
    let form = [
        ("consent_request", hidden(&page, "consent_request")),
        ("decision", "authorize".to_owned()),
    ];
    let url = format!("{}/oauth/authorize", world.info().auth_base);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let answer = world
            .http
            .post(&url)
            .header(name, value)
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(answer).await, (403, "cross_site".to_owned()));
    }
}

#[tokio::test]
async fn login_needs_an_application_to_a_connected_event() {
    let world = World::start().await;
    world.connect().await;
    let params = request(world.info(), "profile.read");
    let stranger = [("decision", "authorize"), ("user_id", "usr_0120")];
    assert_eq!(
        landed(&world.consent(&params, &stranger).await)["error"],
        "access_denied"
    );
    let pair = world.sign_in("usr_0004").await;
    assert_eq!(pair.body["user_id"], "usr_0004");
    assert!(pair.access.starts_with("rev_user_"));
}
