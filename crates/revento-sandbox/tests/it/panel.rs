//! The organizer's panel of integrations, and the two environments (contract §1, contract §2).

use reqwest::StatusCode;
use revento_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::world::{CALLBACK, EVENT, World, refusal};

const MANIFEST: &str = r#"
[[integration]]
client_id = "int_panel"
name = "Panel"
scopes.required = ["event.read"]
scopes.optional = ["profile.read"]
connect_url = "http://localhost:3000/connect?source=panel"
declared_webhook_event_types = []

[[integration]]
client_id = "int_hidden"
name = "Of another organization"
type = "in_house"
organization_id = "org_test_borealis"
scopes.required = ["event.read"]

[[integration]]
client_id = "int_silent"
name = "Without a page"
scopes.required = ["event.read"]
"#;

async fn panel(world: &World, event: &str) -> String {
    let url = format!("{}/integrations?event_id={event}", world.info().console_url);
    let answer = world.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

#[tokio::test]
async fn h31_connect_opens_the_integrations_page_with_the_event() {
    let world = World::start_with(|builder| builder.manifest(MANIFEST)).await;
    let page = panel(&world, EVENT).await;
    let link = "href=\"http://localhost:3000/connect?source=panel&amp;event_id=evt_test_published\"";
    assert!(page.contains(link) && page.contains(">Connect</a>"), "{page}");
    assert!(!page.contains("Of another organization"), "{page}");
    assert!(
        page.contains("Without a page") && page.contains("--connect-url"),
        "{page}"
    );
    assert!(
        page.contains("event.read") && !page.contains("profile.read"),
        "{page}"
    );
    assert!(
        panel(&world, "evt_test_summit")
            .await
            .contains("Of another organization")
    );

    world.connect_event_with(EVENT, "event.read").await;
    let page = panel(&world, EVENT).await;
    assert!(
        page.contains(">Connect again</a>") && page.contains(">Disconnect</button>"),
        "{page}"
    );

    // Without a formal organization the panel is not offered, and an archived event cannot be connected.
    let informal = panel(&world, "evt_test_informal").await;
    assert!(informal.contains("The panel is not offered") && !informal.contains("Connect</a>"));
    let archived = panel(&world, "evt_test_archived").await;
    assert!(archived.contains("is archived") && !archived.contains("Connect</a>"));
}

#[tokio::test]
async fn h31_a_manifest_may_use_the_names_of_the_guide() {
    let world = World::start_with(|builder| builder.manifest(MANIFEST)).await;
    // No type is declared, so there is nothing to sign.
    assert_eq!(world.info().webhook_secret, "");
    let rotate = "/integrations/int_panel/rotate-webhook-secret";
    let answer = world.try_act(rotate, serde_json::json!({})).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    let refused = Sandbox::builder()
        .connect_url("/connect")
        .start()
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("the connect URL"), "{refused}");
}

#[tokio::test]
async fn h31_the_two_environments_have_separate_credentials() {
    let sandbox = World::start().await;
    let production = World::start_with(|builder| builder.production_credentials()).await;
    let (here, there) = (sandbox.info(), production.info());
    assert_ne!(here.client_id, there.client_id);
    assert_ne!(here.client_secret, there.client_secret);
    assert_ne!(here.webhook_secret, there.webhook_secret);
    let tokens = sandbox.connect().await;
    let path = format!("/events/{EVENT}");
    assert_eq!(sandbox.read(&tokens.access, &path).await.status(), StatusCode::OK);
    let read = production.read(&tokens.access, &path).await;
    assert_eq!(refusal(read).await, (401, "invalid_token".to_owned()));
    let (id, secret) = (here.client_id.clone(), here.client_secret.clone());
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh.as_str()),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    assert_eq!(
        refusal(production.token(&form).await).await,
        (401, "invalid_client".to_owned())
    );
    assert_eq!(
        refusal(production.refresh(&tokens.refresh).await).await,
        (400, "invalid_grant".to_owned())
    );

    // A manifest's secrets differ, too.
    let manifest =
        "[[integration]]\nclient_id = \"int_x\"\nname = \"X\"\nscopes.required = [\"event.read\"]\n";
    let start = || Sandbox::builder().manifest(manifest).redirect_uri(CALLBACK);
    let sandbox = start().start().await.unwrap();
    let production = start().production_credentials().start().await.unwrap();
    assert_ne!(sandbox.info().client_secret, production.info().client_secret);
    assert_ne!(sandbox.info().webhook_secret, production.info().webhook_secret);
}

/// Who only receives webhooks has no OAuth flow yet.
#[tokio::test]
async fn an_event_is_connected_without_a_browser() {
    let world = World::start().await;
    let connect = async |body: Value| {
        let url = format!("{}/connect", world.info().control_base);
        let answer = world.http.post(url).json(&body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, tokens) = connect(json!({ "event_id": EVENT })).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(tokens["event_id"], EVENT);

    let url = format!("{}/events/{EVENT}/participants", world.info().api_base);
    let token = tokens["access_token"].as_str().unwrap();
    let read = world.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(read.status(), StatusCode::OK);

    let pending = world.sandbox.applications(EVENT, "pending").await.unwrap();
    world
        .sandbox
        .perform(revento_sandbox::Action::Approve(pending[0].clone()))
        .await
        .unwrap();
    world.sandbox.deliveries_settled().await.unwrap();
    assert_eq!(world.sandbox.deliveries().await.unwrap().len(), 1);

    for (body, expected) in [
        (json!({ "event_id": "evt_none" }), StatusCode::NOT_FOUND),
        (
            json!({ "event_id": EVENT, "client_id": "int_none" }),
            StatusCode::NOT_FOUND,
        ),
        (json!({}), StatusCode::BAD_REQUEST),
    ] {
        let (status, answer) = connect(body).await;
        assert_eq!(status, expected, "{answer}");
    }
}
