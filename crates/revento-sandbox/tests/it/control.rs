//! Controlling a sandbox in the same process.

use std::time::Duration;

use revento_sandbox::{Action, ConsentDecision, ControlError, Fault, Sandbox};
use url::Url;

use crate::world::{CALLBACK, EVENT, World, pair, refusal, request};

fn authorization_url(world: &World, scope: &str) -> String {
    let base = format!("{}/oauth/authorize", world.info().auth_base);
    Url::parse_with_params(&base, request(world.info(), scope))
        .unwrap()
        .to_string()
}

fn code(url: &str) -> String {
    assert!(url.starts_with(CALLBACK), "{url}");
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap_or_else(|| panic!("{url}"))
        .1
        .into_owned()
}

#[tokio::test]
async fn a_receiver_without_a_flow_is_connected() {
    let world = World::start().await;
    let sandbox = &world.sandbox;
    let id = sandbox.applications(EVENT, "pending").await.unwrap().remove(0);
    let missing = sandbox.connect("evt_unknown").await;
    assert!(matches!(missing, Err(ControlError::NotFound(_))), "{missing:?}");
    sandbox.connect(EVENT).await.unwrap();
    sandbox.perform(Action::Approve(id)).await.unwrap();
    sandbox.deliveries_settled().await.unwrap();
    assert_eq!(sandbox.deliveries().await.unwrap()[0].status, "delivered");
    sandbox
        .perform(Action::ArchiveEvent(EVENT.to_owned()))
        .await
        .unwrap();
    let archived = sandbox.connect(EVENT).await;
    assert!(matches!(archived, Err(ControlError::Conflict(_))), "{archived:?}");
}

#[tokio::test]
async fn a_test_acts_as_every_human() {
    let world = World::start().await;
    let sandbox = &world.sandbox;
    let url = authorization_url(&world, "event.read participants.read program.read");
    let declined = sandbox.authorize(&url, ConsentDecision::Decline).await.unwrap();
    assert!(declined.contains("error=access_denied"), "{declined}");
    let narrowed = sandbox
        .authorize(&url, ConsentDecision::AuthorizeOnly(Vec::new()))
        .await
        .unwrap();
    assert_eq!(
        pair(world.exchange(&code(&narrowed)).await).await.body["scope"],
        "event.read participants.read"
    );
    let tokens = pair(
        world
            .exchange(&code(
                &sandbox.authorize(&url, ConsentDecision::Authorize).await.unwrap(),
            ))
            .await,
    )
    .await;
    let url = authorization_url(&world, "profile.read");
    let signed_in = sandbox
        .authorize(&url, ConsentDecision::SignIn("usr_0004".to_owned()))
        .await
        .unwrap();
    assert_eq!(
        pair(world.exchange(&code(&signed_in)).await).await.body["user_id"],
        "usr_0004"
    );

    let id = sandbox.applications(EVENT, "pending").await.unwrap().remove(0);
    sandbox.perform(Action::Approve(id.clone())).await.unwrap();
    assert!(matches!(
        sandbox.perform(Action::Approve(id)).await,
        Err(ControlError::Conflict(_))
    ));
    sandbox.deliveries_settled().await.unwrap();
    let deliveries = sandbox.deliveries().await.unwrap();
    assert_eq!(
        (
            deliveries.len(),
            deliveries[0].status,
            deliveries[0].attempts[0].status
        ),
        (1, "delivered", 200)
    );

    let exchanged = sandbox.transcript();
    assert_eq!(
        exchanged
            .iter()
            .filter(|row| row.target == "/oauth/token" && row.status == 200)
            .count(),
        3
    );
    sandbox.advance_to_just_after("access_expiry").await.unwrap();
    assert_eq!(
        refusal(world.read(&tokens.access, "/events/evt_test_published").await)
            .await
            .1,
        "token_expired"
    );
    sandbox.advance(Duration::from_secs(91 * 86_400)).await.unwrap();
    assert_eq!(
        refusal(world.refresh(&tokens.refresh).await).await.1,
        "invalid_grant"
    );
    assert_eq!(sandbox.stats().await.unwrap().exchanges, 3);
    sandbox.reset().await.unwrap();
    assert_eq!(sandbox.stats().await.unwrap().exchanges, 0);
}

#[tokio::test]
async fn faults_are_armed_by_name() {
    let world = World::start().await;
    let tokens = world.connect().await;
    world
        .sandbox
        .arm(Fault::named("server_error").at("event").times(2))
        .unwrap();
    for expected in [500, 500, 200] {
        assert_eq!(
            world
                .read(&tokens.access, "/events/evt_test_published")
                .await
                .status(),
            expected
        );
    }
    let error = world.sandbox.arm(Fault::named("meteor")).unwrap_err();
    assert!(error.to_string().contains("answer_lost"), "{error}");
}

#[tokio::test]
async fn p23_a_seed_makes_the_same_tokens_and_ids() {
    let mut world = World::start().await;
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        world.sandbox = Sandbox::builder()
            .seeded(seed)
            .redirect_uri(crate::world::CALLBACK)
            .webhook_url(world.receiver.url())
            .start()
            .await
            .unwrap();
        for _ in 0..2 {
            let pair = world.connect().await;
            // Reading does not change the sequence of ids.
            world.control("/stats").await;
            world.approve("app_published_0002").await;
            let got = world.receiver.next().await;
            let id = got.headers["x-revento-delivery-id"].clone();
            runs.push((pair.access, pair.refresh, id, got.body["id"].clone()));
            world.sandbox.reset().await.unwrap();
        }
    }
    assert_eq!(runs[0], runs[1], "after a reset");
    assert_eq!(runs[0], runs[2], "in another sandbox");
    assert_ne!(runs[0], runs[4], "with another seed");
    let file = tempfile::tempdir().unwrap();
    let both = Sandbox::builder().seeded(7).data(file.path().join("sandbox.db"));
    assert!(
        both.start()
            .await
            .unwrap_err()
            .to_string()
            .contains("leave out one")
    );
}

#[tokio::test]
async fn a_fault_is_limited_to_a_connection_and_has_parameters() {
    let world = World::start().await;
    let (one, other) = (
        world.connect().await,
        world.connect_event("evt_test_summit").await,
    );
    let odd = || {
        Fault::named("rate_limited_odd")
            .for_event("evt_test_summit")
            .with_text("in a while")
    };
    world
        .sandbox
        .arm(odd().for_integration("int_of_somebody_else"))
        .unwrap();
    world
        .sandbox
        .arm(odd().for_integration(&world.info().client_id))
        .unwrap();
    let unaffected = world.read(&one.access, "/events/evt_test_published").await;
    let affected = world.read(&other.access, "/events/evt_test_summit").await;
    let again = world.read(&other.access, "/events/evt_test_summit").await;
    let statuses = [&unaffected, &affected, &again].map(|answer| answer.status().as_u16());
    assert_eq!(statuses, [200, 429, 200]);
    assert_eq!(affected.headers()["retry-after"], "in a while");

    world
        .sandbox
        .arm(Fault::named("delivery_storm").sent_times(3))
        .unwrap();
    world.approve("app_published_0002").await;
    for _ in 0..3 {
        world.receiver.next().await;
    }
    world.receiver.stays_quiet().await;
}

#[tokio::test]
async fn an_error_page_of_the_platform_is_an_error() {
    let world = World::start().await;
    let url = authorization_url(&world, "event.read").replace("callback", "elsewhere");
    let error = world
        .sandbox
        .authorize(&url, ConsentDecision::Authorize)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ControlError::Conflict(_)) && error.to_string().contains("registered"),
        "{error}"
    );
}
