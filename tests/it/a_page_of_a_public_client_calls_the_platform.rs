//! A page in a browser, of an integration without a server: it exchanges its code and reads the API itself (CORS).

use revento_sandbox::{ConsentDecision, Sandbox};
use serde_json::Value;
use url::Url;

use crate::support::browser::Browser;
use crate::support::engine;
use crate::support::receiver::Receiver;

const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-taken-0123456789";

fn manifest(client: &str, redirect_uri: &str) -> String {
    format!(
        "[[integration]]\nclient_id = \"int_page\"\nname = \"Page\"\nclient = \"{client}\"\n\
         scopes.required = [\"event.read\"]\nredirect_uris = [\"{redirect_uri}\"]\n"
    )
}

/// The steps of the page: a refused exchange, the exchange, a read, and a refused read.
fn script(sandbox: &Sandbox, redirect_uri: &str, code: &str) -> String {
    let (auth, api) = (&sandbox.info().auth_base, &sandbox.info().api_base);
    format!(
        "const done = arguments[arguments.length - 1];
        const exchange = code => fetch('{auth}/oauth/token', {{ method: 'POST', body: new URLSearchParams({{
            grant_type: 'authorization_code', code, redirect_uri: '{redirect_uri}', client_id: 'int_page',
            code_verifier: '{VERIFIER}' }}) }});
        const read = (path, token) => fetch('{api}' + path, {{ headers: {{
            authorization: 'Bearer ' + token, 'x-revento-request-id': crypto.randomUUID?.() ?? '0'.repeat(32) }} }});
        (async () => {{
            const refused = await (await exchange('wrong')).json();
            const tokens = await (await exchange('{code}')).json();
            const event = await read('/events/evt_test_published', tokens.access_token);
            const denied = await read('/me/profile', tokens.access_token);
            return {{ refused: refused.error, event: (await event.json()).id, denied: (await denied.json()).error,
                left: event.headers.get('x-ratelimit-remaining') }};
        }})().then(done, error => done({{ failed: String(error) }}));"
    )
}

async fn in_the_page(browser: &Browser, receiver: &Receiver, client: &str) -> Value {
    let page = Url::parse(&receiver.page()).unwrap();
    let redirect_uri = page.join("/callback").unwrap().to_string();
    let sandbox = Sandbox::builder().manifest(manifest(client, &redirect_uri));
    let sandbox = sandbox.start().await.unwrap();
    let mut ask = Url::parse(&format!("{}/oauth/authorize", sandbox.info().auth_base)).unwrap();
    ask.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", "int_page"),
        ("redirect_uri", &redirect_uri),
        ("scope", "event.read"),
        ("event_id", "evt_test_published"),
        ("state", "a state"),
        ("code_challenge", "pzc8KZ6vFlE45qHNEspg64Pqm8bV7ZRj2i-uZrP6JKA"),
        ("code_challenge_method", "S256"),
    ]);
    let landed = sandbox
        .authorize(ask.as_str(), ConsentDecision::Authorize)
        .await
        .unwrap();
    let landed = Url::parse(&landed).unwrap();
    let code = landed
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    browser.visit(page.as_str()).await;
    let seen = browser.run_async(&script(&sandbox, &redirect_uri, &code)).await;
    sandbox.shutdown().await;
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn h22_from_a_browser_and_no_other_page_does() {
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let receiver = Receiver::start().await;
    let seen = in_the_page(&browser, &receiver, "public").await;
    assert_eq!(
        seen,
        serde_json::json!({
            "refused": "invalid_grant", "event": "evt_test_published", "denied": "user_token_required", "left": "499"
        })
    );
    // A confidential client has a server, whose secret no page may know: the browser does not show the answer.
    let seen = in_the_page(&browser, &receiver, "confidential").await;
    assert!(seen["failed"].is_string(), "{seen}");
    browser.close().await;
}
