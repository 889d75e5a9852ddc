//! The read API (contract §3).

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{EVENT, World, refusal};

#[tokio::test]
async fn participants_come_in_pages_and_each_of_them_once() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let (mut ids, mut cursor, mut pages) = (BTreeSet::new(), String::new(), 0);
    loop {
        let path = format!("/events/{EVENT}/participants{cursor}");
        let page: Value = world.read(&token, &path).await.json().await.unwrap();
        pages += 1;
        for row in page["data"].as_array().unwrap() {
            assert!(ids.insert(row["id"].as_str().unwrap().to_owned()), "twice: {row}");
            assert!(row["custom_form_fields"]["favorite_track"].is_string());
        }
        if page["has_more"] == json!(false) {
            assert!(page["next_cursor"].is_null());
            break;
        }
        cursor = format!("?cursor={}", page["next_cursor"].as_str().unwrap());
    }
    assert_eq!((ids.len(), pages), (64, 3));
}

#[tokio::test]
async fn p18_pages_of_every_size_tell_the_same_list() {
    let world = World::start().await;
    let mut lists = BTreeSet::new();
    for limit in [20, 33, 50] {
        let token = world.connect().await.access;
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/events/{EVENT}/participants?limit={limit}{cursor}");
            let page: Value = world.read(&token, &path).await.json().await.unwrap();
            ids.extend(
                page["data"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| row["id"].to_string()),
            );
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        lists.insert(ids);
    }
    assert_eq!(lists.len(), 1);
}

#[tokio::test]
async fn a_bad_limit_or_cursor_is_an_invalid_request() {
    let world = World::start().await;
    let token = world.connect().await.access;
    for query in [
        "limit=0",
        "limit=51",
        "limit=x",
        "limit=",
        "limit=-1",
        "cursor=abc",
        "limit=1&limit=2",
    ] {
        let answer = world
            .read(&token, &format!("/events/{EVENT}/participants?{query}"))
            .await;
        assert_eq!(
            refusal(answer).await,
            (400, "invalid_request".to_owned()),
            "{query}"
        );
    }
    let page: Value = world
        .read(&token, &format!("/events/{EVENT}/participants?limit=1"))
        .await
        .json()
        .await
        .unwrap();
    let foreign = format!(
        "/events/{EVENT}/activities?cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    assert_eq!(
        refusal(world.read(&token, &foreign).await).await,
        (400, "invalid_request".to_owned())
    );
}

#[tokio::test]
async fn every_endpoint_answers_in_its_shape() {
    let world = World::start().await;
    let organizer = world.connect().await.access;
    let participant = world.sign_in("usr_0004").await.access;
    for list in [
        "participants",
        "activities",
        "threads",
        "locations",
        "registration-waves",
    ] {
        let page: Value = world
            .read(&organizer, &format!("/events/{EVENT}/{list}"))
            .await
            .json()
            .await
            .unwrap();
        assert!(!page["data"].as_array().unwrap().is_empty(), "{list}: {page}");
    }
    let event: Value = world
        .read(&organizer, &format!("/events/{EVENT}"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(event["publish_status"], "published");
    let program: Value = world
        .read(&organizer, &format!("/events/{EVENT}/program"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(program["days"].as_array().unwrap().len(), 3);
    assert_eq!(program["threads"].as_array().unwrap().len(), 4);
    let profile: Value = world
        .read(&participant, "/me/profile")
        .await
        .json()
        .await
        .unwrap();
    assert!(profile["email"].as_str().unwrap().ends_with("@people.example"));
    let application: Value = world
        .read(&participant, "/me/application")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&application["user_id"], &application["event_id"]),
        (&json!("usr_0004"), &json!(EVENT))
    );
}

#[tokio::test]
async fn errors_of_section_3_5() {
    let world = World::start().await;
    let organizer = world.connect().await.access;
    let participant = world.sign_in("usr_0004").await.access;
    for (token, path, status, error) in [
        (
            "rev_install_wrong",
            "/events/evt_test_published",
            401,
            "invalid_token",
        ),
        (
            &participant,
            "/events/evt_test_published",
            403,
            "installation_token_required",
        ),
        (&organizer, "/me/profile", 403, "user_token_required"),
        (&organizer, "/events/evt_test_summit", 403, "event_not_authorized"),
        (&organizer, "/events/evt_none", 403, "event_not_authorized"),
        (&organizer, "/nothing", 404, "not_found"),
    ] {
        assert_eq!(
            refusal(world.read(token, path).await).await,
            (status, error.to_owned()),
            "{path}"
        );
    }
    let bare = world
        .http
        .get(format!("{}/events/{EVENT}", world.info().api_base))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(bare).await, (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn nothing_can_be_written() {
    let world = World::start().await;
    let token = world.connect().await.access;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let url = format!("{}/events/{EVENT}/participants", world.info().api_base);
        let answer = world
            .http
            .request(method, url)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap();
        assert_eq!(refusal(answer).await, (405, "method_not_allowed".to_owned()));
    }
    let url = format!("{}/events/{EVENT}", world.info().api_base);
    assert_eq!(
        world
            .http
            .head(url)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
}

#[tokio::test]
async fn the_request_id_comes_back_and_a_foreign_version_is_refused() {
    let world = World::start().await;
    let token = world.connect().await.access;
    let id = "6f1c1f0e-52f4-4b7e-9a53-7c2c6b5e2a11";
    let url = format!("{}/events/{EVENT}", world.info().api_base);
    let get = || {
        world
            .http
            .get(&url)
            .bearer_auth(&token)
            .header("x-revento-request-id", id)
    };
    let answer = get()
        .header("accept", "application/vnd.revento.v1+json")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status(),
            answer.headers()["x-revento-request-id"].to_str().unwrap()
        ),
        (StatusCode::OK, id)
    );
    let answer = get()
        .header("accept", "application/vnd.revento.v9+json")
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(answer).await, (406, "unsupported_version".to_owned()));
}

#[tokio::test]
async fn the_budget_is_shown_spent_and_refilled_by_the_clock() {
    let world = World::start().await;
    let pair = world.connect().await;
    let path = format!("/events/{EVENT}");
    for left in (0..30).rev() {
        let answer = world.read(&pair.access, &path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["x-ratelimit-limit"], "500");
        assert_eq!(
            answer.headers()["x-ratelimit-remaining"],
            (470 + left).to_string().as_str()
        );
    }
    // A refresh does not refill the budget.
    let pair = crate::world::pair(world.refresh(&pair.refresh).await).await;
    let answer = world.read(&pair.access, &path).await;
    let wait: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert_eq!(refusal(answer).await, (429, "rate_limit_exceeded".to_owned()));
    world.advance(61).await;
    assert_eq!(world.read(&pair.access, &path).await.status(), StatusCode::OK);
    assert_eq!(world.stat("rate_limited").await, 1);
}

#[tokio::test]
async fn installations_are_listed_for_the_developer() {
    let world = World::start().await;
    world.connect().await;
    world.connect_event("evt_test_summit").await;
    let url = format!(
        "{}/developer/integrations/{}/installations",
        world.info().api_base,
        world.info().client_id
    );
    let (id, secret) = (world.info().client_id.clone(), world.info().client_secret.clone());
    let list: Value = world
        .http
        .get(&url)
        .basic_auth(&id, Some(&secret))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    let wrong = world
        .http
        .get(&url)
        .basic_auth(&id, Some("no"))
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(wrong).await, (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn repeated_429s_suspend_an_integration_if_the_sandbox_is_configured_so() {
    let mut world = World::start().await;
    world.sandbox = revento_sandbox::Sandbox::builder()
        .redirect_uri(crate::world::CALLBACK)
        .suspend_repeat_offenders()
        .start()
        .await
        .unwrap();
    let (busy, idle) = (
        world.connect().await,
        world.connect_event("evt_test_summit").await,
    );
    let path = format!("/events/{EVENT}");
    for _ in 0..30 {
        assert_eq!(world.read(&busy.access, &path).await.status(), 200);
    }
    assert_eq!(
        world.read(&idle.access, "/events/evt_test_summit").await.status(),
        200
    );
    for _ in 0..10 {
        assert_eq!(world.read(&busy.access, &path).await.status(), 429);
    }
    // The integration is suspended, not only the token.
    let answer = world.read(&idle.access, "/events/evt_test_summit").await;
    let wait: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["error"], "rate_limit_exceeded");
    assert!(
        body["suspended_until"].is_string() && (500..=600).contains(&wait),
        "{body}"
    );
    world.advance(wait + 1).await;
    for pair in [&busy, &idle] {
        let path = format!("/events/{}", pair.body["event_id"].as_str().unwrap());
        assert_eq!(world.read(&pair.access, &path).await.status(), 200);
    }
    assert_eq!(world.stat("families_revoked").await, 0);
}
