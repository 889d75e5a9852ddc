//! Small things that a strict judge gets right.

use reqwest::{Method, StatusCode};
use revento_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, World, landed, refusal, request};

#[tokio::test]
async fn h32_a_whole_number_may_be_written_as_a_float() {
    let world = World::start().await;
    world.act("/clock", json!({ "advance_s": 60.0 })).await;
    assert_eq!(world.control("/clock").await["offset_s"], 60);
    let fault = json!({ "fault": "rate_limited", "endpoint": "event", "seconds": 60.0, "times": 2.0, "after": 0.0, "delay_ms": 1e2, "seed": 7.0 });
    world.act("/faults", fault).await;
    let token = world.connect().await.access;
    let limited = world.read(&token, &format!("/events/{EVENT}")).await;
    assert_eq!(limited.headers()["retry-after"], "60");
    let change = json!({ "capacity": 30.0, "signups": 12.0 });
    assert_eq!(
        world.act("/activities/act_published_0101", change).await["signups"],
        12
    );
    let rotation = json!({ "overlap_s": 60.0 });
    world
        .act("/integrations/int_sandbox_example/rotate-client-secret", rotation)
        .await;
    // What is free-form stays as it was sent.
    let sent = json!({ "event_id": EVENT, "custom_form_fields": { "rating": 4.0 } });
    let made = world.act("/applications", sent).await;
    assert_eq!(made["custom_form_fields"]["rating"].to_string(), "4.0");
    for wrong in [json!({ "advance_s": 1.5 }), json!({ "advance_s": 1e300 })] {
        let (status, _) = refusal(world.try_act("/clock", wrong).await).await;
        assert_eq!(status, 400);
    }
    let faults = world.control("/faults").await;
    assert_eq!(faults["armed"][0]["triggered"], 1);
}

#[tokio::test]
async fn h32_a_byte_order_mark_is_not_part_of_a_file_or_a_body() {
    let home = tempfile::tempdir().unwrap();
    let seed = World::start().await.control("/seed").await.to_string();
    let manifest =
        "[[integration]]\nclient_id = \"int_bom\"\nname = \"B\"\nscopes.required = [\"event.read\"]\n";
    let (seed_file, manifest_file) = (home.path().join("seed.json"), home.path().join("manifest.toml"));
    std::fs::write(&seed_file, format!("\u{feff}{seed}")).unwrap();
    std::fs::write(&manifest_file, format!("\u{feff}{manifest}")).unwrap();
    let world = World::start_with(|builder| builder.seed_file(seed_file).manifest_file(manifest_file)).await;
    assert_eq!(world.info().client_id, "int_bom");
    // Also after a reset, which reads the seed again.
    world.act("/reset", json!({})).await;
    assert_eq!(world.control("/seed").await.to_string(), seed);
    let url = format!("{}/clock", world.info().control_base);
    let post = world.http.post(url).header("content-type", "application/json");
    let answer = post.body("\u{feff}{\"advance_s\": 5}").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn h32_a_long_answer_is_cut_between_two_characters() {
    let world = World::start().await;
    world.connect().await;
    // Three bytes each, and 16 384 is not a multiple of three.
    world.receiver.say("€".repeat(9_000));
    world.approve("app_published_0002").await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let row = world.delivery(&id, |row| row["status"] == "delivered").await;
    let body = row["attempts"][0]["response"]["body"].as_str().unwrap();
    assert!(body.chars().all(|c| c == '€'), "a character was cut");
    assert_eq!(body.len(), 16 * 1024 / 3 * 3);
}

#[tokio::test]
async fn h32_header_lists_are_lists() {
    let world = World::start().await;
    world.connect().await;
    world.approve("app_published_0002").await;
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let row = world.delivery(&id, |row| row["status"] == "delivered").await;
    let sent = row["attempts"][0]["request"]["headers"].as_array().unwrap();
    let names: Vec<&str> = sent.iter().map(|pair| pair["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"x-revento-signature"), "{names:?}");
    assert!(sent.iter().all(|pair| pair["value"].is_string()));
    // The receiver answers with the same header twice.
    let answered = row["attempts"][0]["response"]["headers"].as_array().unwrap();
    let links = answered.iter().filter(|pair| pair["name"] == "link");
    let links: Vec<&Value> = links.map(|pair| &pair["value"]).collect();
    assert_eq!(links, [&json!("<1>"), &json!("<2>")]);
}

#[tokio::test]
async fn h32_every_405_names_the_allowed_methods() {
    let world = World::start().await;
    for (method, path, allowed) in [
        (Method::HEAD, "/api/v1/me/profile", vec!["GET"]),
        (Method::POST, "/api/v1/events/evt_test_published", vec!["GET"]),
        (Method::OPTIONS, "/api/v1/me/application", vec!["GET"]),
        (Method::HEAD, "/oauth/token", vec!["POST"]),
        (Method::GET, "/oauth/token", vec!["POST"]),
        (Method::DELETE, "/oauth/authorize", vec!["GET", "HEAD", "POST"]),
        (Method::HEAD, "/_sandbox/reset", vec!["POST"]),
        (Method::PUT, "/_sandbox/clock", vec!["GET", "HEAD", "POST"]),
        (Method::POST, "/console", vec!["GET", "HEAD"]),
        (Method::HEAD, "/console/clock", vec!["POST"]),
    ] {
        let url = format!("{}{path}", world.info().auth_base);
        let answer = world.http.request(method.clone(), url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        let header = answer.headers()["allow"].to_str().unwrap();
        let mut found: Vec<&str> = header.split(',').map(str::trim).collect();
        found.sort_unstable();
        assert_eq!(found, allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn h32_a_compressed_body_is_named() {
    let world = World::start().await;
    let gzip: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let form = "application/x-www-form-urlencoded";
    for (path, kind, encoding) in [
        ("/oauth/token", form, Some("gzip")),
        ("/oauth/token", form, None),
        ("/oauth/token", form, Some("br")),
        ("/_sandbox/clock", "application/json", Some("gzip")),
        ("/_sandbox/clock", "application/json", None),
    ] {
        let url = format!("{}{path}", world.info().auth_base);
        let mut post = world.http.post(url).header("content-type", kind).body(gzip);
        if let Some(encoding) = encoding {
            post = post.header("content-encoding", encoding);
        }
        let answer = post.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"], "invalid_request");
        let text = body["message"].as_str().unwrap();
        let named = text.contains(encoding.unwrap_or("gzip")) && text.contains("compressed");
        assert!(named, "{text}");
    }
    let plain = world.http.post(format!("{}/oauth/token", world.info().auth_base));
    let plain = plain
        .header("content-encoding", "identity")
        .form(&[("grant_type", "x")]);
    assert_eq!(refusal(plain.send().await.unwrap()).await.1, "invalid_client");
}

#[tokio::test]
async fn h32_a_state_of_any_length_comes_back() {
    let world = World::start().await;
    for length in [1, 2_049, 20_000, 60_000] {
        let mut params = request(world.info(), "event.read");
        let state = "s".repeat(length);
        params.insert("state", state.clone());
        let answer = world.consent(&params, &[("decision", "authorize")]).await;
        assert_eq!(landed(&answer)["state"], state);
        // Also with an error.
        params.remove("code_challenge");
        let refused = landed(&world.ask(&params).await);
        assert_eq!(
            (refused["state"].len(), refused["error"].as_str()),
            (length, "invalid_request")
        );
    }
}

#[tokio::test]
async fn h32_a_page_url_adds_no_directive_to_the_policy() {
    let world = World::start().await;
    let pages = format!("/events/{EVENT}/pages");
    let good = "http://localhost:3000/page;script-src%20*?x=;y";
    let added = world.act(&pages, json!({ "title": "Page", "url": good })).await;
    let page = world
        .http
        .get(added["page_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("frame-src http://localhost:3000 'self';"),
        "{policy}"
    );
    for hostile in ["http://a;sandbox/", "http://a,b/", "http://a;script-src'self'/"] {
        let answer = world
            .try_act(&pages, json!({ "title": "Page", "url": hostile }))
            .await;
        assert_eq!(refusal(answer).await, (409, "conflict".to_owned()), "{hostile}");
    }
}

#[tokio::test]
async fn h32_a_short_webhook_secret_is_refused_with_the_reason() {
    let manifest = |line: &str| {
        format!(
            "[[integration]]\nclient_id = \"int_own\"\nname = \"Own\"\nscopes.required = [\"event.read\"]\n{line}\n"
        )
    };
    for (line, reason) in [
        ("webhook_secret = \"fifteen-chars-x\"", "fewer than 16 characters"),
        ("webhook_secret = \"        \"", "blank"),
        (
            "declared_webhook_event_types = []\nwebhook_secret = \"sixteen-characters\"",
            "no webhook type is declared",
        ),
        ("client_secret = \"\"", "client_secret is empty"),
        (
            "client = \"public\"\nclient_secret = \"x\"",
            "a public client has no secret",
        ),
    ] {
        let refused = Sandbox::builder()
            .manifest(manifest(line))
            .start()
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
    }
    let own = manifest("webhook_secret = \"sixteen-chars-xx\"\nclient_secret = \"mine\"");
    let mut world = World::start().await;
    world.sandbox = Sandbox::builder()
        .manifest(own)
        .redirect_uri(CALLBACK)
        .webhook_url(world.receiver.url())
        .start()
        .await
        .unwrap();
    assert_eq!(world.info().client_secret, "mine");
    world.connect_event_with(EVENT, "event.read").await;
    world.approve("app_published_0002").await;
    assert!(world.receiver.next().await.is_signed_with("sixteen-chars-xx"));
}

#[tokio::test]
async fn h5_foreign_text_of_a_manifest_or_a_seed_stays_on_its_line() {
    let manifest =
        "[[integration]]\nclient_id = \"int_x\"\nname = \"X\"\nscopes.required = [\"a\\u001b[2J\\nb\"]\n";
    let refused = Sandbox::builder().manifest(manifest).start().await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(r"`a\u{1b}[2J\u{a}b`"), "{text}");
    let home = tempfile::tempdir().unwrap();
    let seed = home.path().join("seed.json");
    std::fs::write(&seed, "{ \"x\\u001b[2J\": [] }").unwrap();
    let refused = Sandbox::builder().seed_file(seed).start().await.unwrap_err();
    assert!(refused.to_string().contains(r"x\u{1b}[2J"), "{refused}");
}

#[tokio::test]
async fn h5_foreign_text_in_a_page_is_visible_and_acts_on_nothing() {
    const HOSTILE: &str = "late\r\u{1b}[2J\u{202e}good\u{200b}<b>&\u{9b}";
    const SHOWN: &str = r"late\u{d}\u{1b}[2J\u{202e}good\u{200b}&lt;b&gt;&amp;\u{9b}";
    let world = World::start().await;
    world.connect().await;
    let sent = json!({ "event_id": EVENT, "custom_form_fields": { "note": HOSTILE } });
    world.act("/applications", sent).await;
    world.receiver.next().await;
    world
        .act("/users/usr_0001", json!({ "given_name": HOSTILE }))
        .await;
    world.receiver.say(HOSTILE.to_owned());
    let id = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    let page = json!({ "title": HOSTILE, "url": "http://localhost:3000/page" });
    let added = world.act(&format!("/events/{EVENT}/pages"), page).await;
    let console = &world.info().console_url;
    world.approve("app_published_0002").await;
    let answered = world.receiver.next().await.headers["x-revento-delivery-id"].clone();
    world
        .delivery(&answered, |row| row["status"] == "delivered")
        .await;
    let _ = id;
    for url in [
        format!("{console}/applications"),
        format!("{console}/participants?user_id=usr_0001"),
        format!("{console}/deliveries/{answered}"),
        format!("{console}/organizer"),
        added["page_url"].as_str().unwrap().to_owned(),
    ] {
        let text = world.http.get(&url).send().await.unwrap().text().await.unwrap();
        assert!(text.contains(SHOWN), "{url}: {text}");
        let hidden = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\n' | '\t') || *c == '\u{202e}');
        assert_eq!(hidden, None, "{url}");
    }
}
