//! The program, as a process, with a sandbox: consent, reads, a webhook, a kill, a login, the end.
use revento_sandbox::ConsentDecision;
use serde_json::Value;

use super::world::{EVENT, World, cookies};

#[tokio::test(flavor = "multi_thread")]
async fn from_the_consent_to_the_end() {
    let world = World::new().await;
    let mut program = world.start().await;
    assert_eq!(world.reads().await.0, 410);
    let unknown = world
        .open(&format!("{}/callback?code=abc&state=unknown", world.base), "")
        .await;
    assert_eq!(unknown.status(), 400);
    let policies: Vec<_> = unknown.headers().get_all("cache-control").iter().collect();
    assert_eq!(policies, ["no-store"]);

    let begun = world.begin(&format!("/connect?event_id={EVENT}")).await;
    let back = world
        .sandbox
        .authorize(&begun.0, ConsentDecision::Authorize)
        .await;
    let arrived = world.open(&back.unwrap(), &begun.1).await;
    assert_eq!(arrived.status(), 303);
    assert_eq!(arrived.headers()["location"], "/");
    let (status, participants) = world.reads().await;
    assert_eq!(status, 200);
    assert!(participants["ids"].as_array().unwrap().len() >= 30);

    world.act("/applications/app_published_0002/approve").await;
    world.handles("application.approved").await;
    program.kill().await.unwrap();
    program = world.start().await;
    let handled = world.handled().await;
    assert_eq!(handled.as_array().unwrap().len(), 1, "{handled}");
    assert_eq!(world.reads().await.0, 200);

    assert_eq!(world.get("/me").await.0, 401);
    let begun = world.begin(&format!("/login?event_id={EVENT}")).await;
    let decision = ConsentDecision::SignIn("usr_0001".into());
    let back = world.sandbox.authorize(&begun.0, decision).await;
    let arrived = world.open(&back.unwrap(), &begun.1).await;
    let session = cookies(&arrived);
    let me = world.open(&format!("{}/me", world.base), &session).await;
    assert_eq!(me.status(), 200);
    let me: Value = serde_json::from_str(&me.text().await.unwrap()).unwrap();
    assert_eq!(me["user_id"], "usr_0001");
    let framed = world.open(&format!("{}/webview", world.base), &session).await;
    let policy = format!("frame-ancestors {}", world.sandbox.info().auth_base);
    assert_eq!(framed.headers()["content-security-policy"], policy.as_str());

    world.act(&format!("/events/{EVENT}/archive")).await;
    world.handles("data.deletion_required").await;
    assert_eq!(world.reads().await.0, 410);
    let me = world.open(&format!("{}/me", world.base), &session).await;
    assert_eq!(me.status(), 401);
    program.kill().await.unwrap();
}
