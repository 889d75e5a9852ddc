//! Manifests, public clients, rotated secrets, and integrations that cannot be authorized.

use revento_sandbox::{Sandbox, StartError};
use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, Receiver, VERIFIER, World, client, landed, pair, refusal, request};

const MANIFEST: &str = r#"
[[integration]]
client_id = "int_mobile"
name = "Mobile"
client = "public"
scopes.required = ["event.read"]
webhook_events = ["application.approved"]

[[integration]]
client_id = "int_inhouse"
name = "In-house"
type = "in_house"
organization_id = "org_test_borealis"
scopes.required = ["event.read"]
redirect_uris = ["http://localhost:3000/callback"]
"#;

async fn with_manifest() -> World {
    World::start_with(|builder| builder.manifest(MANIFEST)).await
}

#[tokio::test]
async fn a_public_client_has_no_secret_and_needs_pkce_all_the_same() {
    let world = with_manifest().await;
    assert_eq!(
        (
            world.info().client_id.as_str(),
            world.info().client_secret.as_str()
        ),
        ("int_mobile", "")
    );
    let code = world.authorized("event.read").await["code"].clone();
    let base = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", "int_mobile"),
    ];
    assert_eq!(
        refusal(world.token(&base).await).await,
        (400, "invalid_grant".to_owned())
    );
    let code = world.authorized("event.read").await["code"].clone();
    let base = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", "int_mobile"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    let secret = world
        .token(&with(&[("code_verifier", VERIFIER), ("client_secret", "any")]))
        .await;
    assert_eq!(refusal(secret).await, (401, "invalid_client".to_owned()));
    let first = pair(world.token(&with(&[("code_verifier", VERIFIER)])).await).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &first.refresh),
        ("client_id", "int_mobile"),
    ];
    pair(world.token(&form).await).await;
}

#[tokio::test]
async fn an_in_house_integration_is_private_to_its_organization() {
    let world = with_manifest().await;
    let mut params = request(world.info(), "event.read");
    params.insert("client_id", "int_inhouse".to_owned());
    assert_eq!(landed(&world.ask(&params).await)["error"], "access_denied");
    params.insert("event_id", "evt_test_summit".to_owned());
    assert_eq!(world.ask(&params).await.status(), 200);
}

#[tokio::test]
async fn only_subscribed_types_are_delivered() {
    let world = with_manifest().await;
    let code = world.authorized("event.read").await["code"].clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", "int_mobile"),
        ("code_verifier", VERIFIER),
    ];
    pair(world.token(&form).await).await;
    world
        .act("/applications/app_published_0002/reject", json!({}))
        .await;
    world.approve("app_published_0002").await;
    assert_eq!(world.receiver.next().await.body["type"], "application.approved");
    assert_eq!(world.stat("deliveries").await, 1);
}

/// The code blocks of `docs/sandbox.md` in this language.
fn shown(language: &str) -> &'static str {
    let page = include_str!("../pages/sandbox.md");
    let start = page.split(&format!("```{language}\n")).nth(1).unwrap();
    start.split("```").next().unwrap()
}

#[tokio::test]
async fn the_manifest_and_faults_of_the_documentation_are_accepted() {
    let sandbox = Sandbox::builder().manifest(shown("toml")).start().await.unwrap();
    assert_eq!(sandbox.info().client_id, "int_badges");
    let faults = format!("{}/faults", sandbox.info().control_base);
    for line in shown("json").lines() {
        let order: Value = serde_json::from_str(line).unwrap();
        let answer = client().post(&faults).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{line}");
    }
}

#[tokio::test]
async fn a_mistake_in_a_manifest_is_reported_with_its_position() {
    let error = Sandbox::builder()
        .manifest("[[integration]]\nname = 3\n")
        .start()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StartError::Manifest {
                line: 2,
                column: 8,
                ..
            }
        ),
        "{error:?}"
    );
    let error = Sandbox::builder()
        .manifest_file("/nowhere/manifest.toml")
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::ManifestFile { .. }), "{error:?}");
}

#[tokio::test]
async fn p21_both_client_secrets_hold_until_the_overlap_ends() {
    let world = World::start().await;
    let token = world.connect().await;
    let id = world.info().client_id.clone();
    let act = format!("/integrations/{id}/rotate-client-secret");
    let new = world.act(&act, json!({ "overlap_s": 600 })).await["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let with = |token: String, secret: String| {
        let (world, id) = (&world, &id);
        async move {
            world
                .token(&[
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &token),
                    ("client_id", id),
                    ("client_secret", &secret),
                ])
                .await
        }
    };
    let old = world.info().client_secret.clone();
    let token = pair(with(token.refresh, new.clone()).await).await;
    let token = pair(with(token.refresh, old.clone()).await).await;
    world.advance(601).await;
    assert_eq!(
        refusal(with(token.refresh.clone(), old).await).await,
        (401, "invalid_client".to_owned())
    );
    let token = pair(with(token.refresh, new.clone()).await).await;
    // Without an overlap, the old secret becomes invalid at once.
    let newer = world.act(&act, json!({ "overlap_s": 0 })).await["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        refusal(with(token.refresh.clone(), new).await).await,
        (401, "invalid_client".to_owned())
    );
    pair(with(token.refresh, newer).await).await;
}

#[tokio::test]
async fn p21_the_old_webhook_secret_signs_until_the_overlap_ends() {
    let world = World::start().await;
    world.connect().await;
    let act = format!("/integrations/{}/rotate-webhook-secret", world.info().client_id);
    let new = world.act(&act, json!({ "overlap_s": 600 })).await["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    world.approve("app_published_0002").await;
    assert!(
        world
            .receiver
            .next()
            .await
            .is_signed_with(&world.info().webhook_secret)
    );
    world.advance(601).await;
    world.approve("app_published_0005").await;
    assert!(world.receiver.next().await.is_signed_with(&new));
    world
        .act("/faults", json!({ "fault": "delivery_old_secret" }))
        .await;
    world.approve("app_published_0008").await;
    assert!(
        world
            .receiver
            .next()
            .await
            .is_signed_with(&world.info().webhook_secret)
    );
}

#[tokio::test]
async fn a_suspended_integration_cannot_be_authorized_until_it_is_reinstated() {
    let world = World::start().await;
    let act = async |name: &str| {
        world
            .act(
                &format!("/integrations/{}/{name}", world.info().client_id),
                json!({}),
            )
            .await;
    };
    let params = request(world.info(), "event.read");
    act("suspend").await;
    assert_eq!(landed(&world.ask(&params).await)["error"], "unauthorized_client");
    act("reinstate").await;
    assert_eq!(world.ask(&params).await.status(), 200);
    act("unpublish").await;
    assert_eq!(landed(&world.ask(&params).await)["error"], "unauthorized_client");
    act("publish").await;
    assert_eq!(world.ask(&params).await.status(), 200);
}

#[tokio::test]
async fn p17_a_range_of_deliveries_is_replayed() {
    let world = World::start().await;
    world.connect().await;
    world.approve("app_published_0002").await;
    world.receiver.next().await;
    world.advance(3_600).await;
    let border = world.control("/clock").await["now"].clone();
    world.approve("app_published_0005").await;
    world.receiver.next().await;
    let replayed = async |body: Value| world.act("/deliveries/replay", body).await["replayed"].clone();
    assert_eq!(replayed(json!({ "since": border })).await, 1);
    assert_eq!(
        world.receiver.next().await.body["data"]["id"],
        "app_published_0005"
    );
    world.advance(1).await;
    let later = world.control("/clock").await["now"].clone();
    assert_eq!(replayed(json!({ "since": later })).await, 0);
    assert_eq!(replayed(json!({ "type": "application.approved" })).await, 2);
    let old = world
        .try_act("/deliveries/replay", json!({ "since": "2020-01-01T00:00:00Z" }))
        .await;
    assert_eq!(refusal(old).await.0, 422);
    let all = world.try_act("/deliveries/replay", json!({})).await;
    assert_eq!(refusal(all).await.0, 400);
}

#[tokio::test]
async fn webview_pages_are_added_and_removed() {
    let world = World::start().await;
    let page = json!({ "title": "My badge", "url": "http://localhost:3000/badge", "requires_auth": true });
    let added = world.act(&format!("/events/{EVENT}/pages"), page).await;
    let shown = world
        .http
        .get(added["page_url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(shown.status(), 200);
    let policy = shown.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.contains("frame-src http://localhost:3000"), "{policy}");
    assert!(shown.text().await.unwrap().contains("<iframe"));
    let bad = world
        .try_act(
            &format!("/events/{EVENT}/pages"),
            json!({ "title": "x", "url": "javascript:1" }),
        )
        .await;
    assert_eq!(refusal(bad).await.0, 409);
}

#[tokio::test]
async fn a_scope_that_is_added_later_requires_a_new_consent_for_every_connection() {
    let dir = tempfile::tempdir().unwrap();
    let start = async |scopes: &str| {
        let manifest = format!(
            "[[integration]]\nclient_id = \"int_growing\"\nname = \"Growing\"\nscopes.required = [{scopes}]\n"
        );
        let sandbox = Sandbox::builder()
            .manifest(manifest)
            .redirect_uri(CALLBACK)
            .data(dir.path().join("data.db"));
        World {
            sandbox: sandbox.start().await.unwrap(),
            http: client(),
            receiver: Receiver::start().await,
        }
    };
    let world = start("\"event.read\"").await;
    let code = world.authorized("event.read").await;
    pair(world.exchange(&code["code"]).await).await;
    assert_eq!(world.control("/connections").await["data"][0]["status"], "active");
    world.sandbox.shutdown().await;
    let world = start("\"event.read\", \"program.read\"").await;
    assert_eq!(
        world.control("/connections").await["data"][0]["status"],
        "consent_required"
    );
}
