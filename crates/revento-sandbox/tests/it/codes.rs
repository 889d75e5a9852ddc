//! What uses up a code, and what a strict token endpoint says (contract §2.1, contract §2.3).

use reqwest::StatusCode;
use revento_sandbox::Sandbox;

use crate::world::{CALLBACK, EVENT, VERIFIER, World, landed, pair, refusal, request};

const WRONG: &str = "another-verifier-that-is-long-enough-to-be-taken-01234";

/// An exchange with these fields. An empty value counts as absent.
async fn exchange(world: &World, code: &str, redirect_uri: &str, verifier: &str) -> (u16, String) {
    let (id, secret) = (world.info().client_id.clone(), world.info().client_secret.clone());
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("client_id", &id),
        ("client_secret", &secret),
        ("code_verifier", verifier),
    ];
    refusal(world.token(&fields).await).await
}

#[tokio::test]
async fn h29_an_exchange_with_a_wrong_or_missing_verifier_uses_up_the_code() {
    let world = World::start().await;
    for (redirect_uri, verifier) in [
        (CALLBACK, ""),
        (CALLBACK, WRONG),
        (CALLBACK, "short"),
        ("http://localhost:3000/other", VERIFIER),
    ] {
        let code = world.authorized("event.read").await["code"].clone();
        assert_eq!(
            exchange(&world, &code, redirect_uri, verifier).await,
            (400, "invalid_grant".to_owned()),
            "{redirect_uri} {verifier}"
        );
        // There is no second guess, not even the right one.
        assert_eq!(
            refusal(world.exchange(&code).await).await,
            (400, "invalid_grant".to_owned())
        );
    }
    assert_eq!(world.stat("tokens_issued").await, 0);
    // A request that is only incomplete guesses nothing.
    let code = world.authorized("event.read").await["code"].clone();
    assert_eq!(
        exchange(&world, &code, "", VERIFIER).await,
        (400, "invalid_request".to_owned())
    );
    assert_eq!(world.exchange(&code).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn h29_the_reuse_of_a_code_revokes_before_anything_else_is_judged() {
    for (redirect_uri, verifier) in [("", ""), (CALLBACK, ""), ("", VERIFIER), (CALLBACK, WRONG)] {
        let world = World::start().await;
        let code = world.authorized("event.read").await["code"].clone();
        let tokens = pair(world.exchange(&code).await).await;
        assert_eq!(
            exchange(&world, &code, redirect_uri, verifier).await,
            (400, "invalid_grant".to_owned())
        );
        let read = world.read(&tokens.access, &format!("/events/{EVENT}")).await;
        assert_eq!(refusal(read).await, (401, "token_revoked".to_owned()));
        assert_eq!(world.stat("code_reuses").await, 1);
    }
}

#[tokio::test]
async fn h29_a_public_client_may_send_basic_with_an_empty_secret() {
    let mut world = World::start().await;
    world.sandbox = Sandbox::builder()
        .manifest(PUBLIC)
        .redirect_uri(CALLBACK)
        .start()
        .await
        .unwrap();
    let mut params = request(world.info(), "event.read");
    params.insert("client_id", "int_phone".to_owned());
    let code = landed(&world.consent(&params, &[("decision", "authorize")]).await)["code"].clone();
    let send = async |secret: &'static str, form: &[(&str, &str)]| {
        let url = format!("{}/oauth/token", world.info().auth_base);
        let post = world.http.post(url).basic_auth("int_phone", Some(secret));
        post.form(form).send().await.unwrap()
    };
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let wrong = send("a-secret-that-it-does-not-have", &form).await;
    assert_eq!(refusal(wrong).await, (401, "invalid_client".to_owned()));
    let tokens = pair(send("", &form).await).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.refresh),
    ];
    pair(send("", &form).await).await;

    // The id alone is no developer credential.
    let list = format!(
        "{}/developer/integrations/int_phone/installations",
        world.info().api_base
    );
    let list = world.http.get(list).basic_auth("int_phone", Some(""));
    assert_eq!(
        refusal(list.send().await.unwrap()).await,
        (401, "invalid_client".to_owned())
    );

    // A confidential client that sends an empty secret has sent none.
    let world = World::start().await;
    let url = format!("{}/oauth/token", world.info().auth_base);
    let empty = world
        .http
        .post(url)
        .basic_auth(&world.info().client_id, Some(""))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(empty).await, (401, "invalid_client".to_owned()));
}

const PUBLIC: &str = r#"
[[integration]]
client_id = "int_phone"
name = "Phone"
client = "public"
scopes.required = ["event.read"]
"#;
