//! Refreshes over HTTP, against the sandbox.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{Method, Request, Response};
use revento_api::{Client, SessionError};
use revento_core::Scopes;
use revento_oauth::{AuthorizationRequest, Endpoints, Integration, refresh::Timing};
use revento_sandbox::Sandbox;
use revento_seal::{KeyRing, SealingKey};
use revento_store::memory::MemoryTokens;
use revento_transport::Transport;
use revento_transport_reqwest::ReqwestTransport;

const CALLBACK: &str = "http://localhost:3000/callback";
const EVENT: &str = "evt_test_published";

struct World {
    sandbox: Sandbox,
    http: ReqwestTransport,
    clients: [Client; 2],
}

impl World {
    /// Two replicas of one integration on one store, connected through the consent page.
    async fn connected() -> Self {
        let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
        let http = ReqwestTransport::new().unwrap();
        let store = Arc::new(MemoryTokens::new());
        let info = sandbox.info();
        let clients = [(); 2].map(|()| {
            let integration = Integration::new(
                Endpoints::sandbox(&info.auth_base).unwrap(),
                info.client_id.as_str(),
                CALLBACK,
            )
            .unwrap()
            .with_secret(info.client_secret.as_str());
            let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
            let transport = Arc::new(http.clone());
            Client::builder(integration)
                .transport(transport)
                .store(Arc::<MemoryTokens>::clone(&store))
                .sealer(sealer)
                .timing(Timing::default().doubt_pause(Duration::from_millis(50)))
                .build()
                .unwrap()
        });
        let world = Self {
            sandbox,
            http,
            clients,
        };
        world.connect().await;
        world
    }

    async fn connect(&self) {
        let client = &self.clients[0];
        let request = AuthorizationRequest {
            event_id: EVENT.into(),
            scopes: Scopes::parse("event.read participants.read"),
        };
        let begun = client.begin_authorization(&request).unwrap();
        let page = self.call(Method::GET, &begun.url, "", "").await;
        let page = String::from_utf8(page.into_body().to_vec()).unwrap();
        let marker = "name=\"consent_request\" value=\"";
        let start = page.find(marker).unwrap() + marker.len();
        let field = page[start..].split('"').next().unwrap();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("consent_request", field)
            .append_pair("decision", "authorize");
        let url = format!("{}/oauth/authorize", self.sandbox.info().auth_base);
        let answer = self
            .call(
                Method::POST,
                &url,
                "application/x-www-form-urlencoded",
                &form.finish(),
            )
            .await;
        let location = answer.headers()["location"].to_str().unwrap();
        let query = location.split_once('?').unwrap().1;
        let grant = begun.pending.callback(query, client.now()).unwrap();
        client.finish_authorization(grant).await.unwrap();
    }

    async fn call(&self, method: Method, url: &str, kind: &str, body: &str) -> Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header("content-type", kind)
            .body(Bytes::copy_from_slice(body.as_bytes()))
            .unwrap();
        self.http.send(request).await.unwrap()
    }

    async fn act(&self, path: &str, body: &str) {
        let url = format!("{}{path}", self.sandbox.info().control_base);
        let answer = self.call(Method::POST, &url, "application/json", body).await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
    }

    async fn stat(&self, name: &str) -> u64 {
        let url = format!("{}/stats", self.sandbox.info().control_base);
        let answer = self.call(Method::GET, &url, "", "").await;
        let stats: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        stats[name].as_u64().unwrap()
    }
}

#[tokio::test]
async fn t2_many_readers_on_two_replicas_cause_one_refresh() {
    let world = World::connected().await;
    world.act("/clock", r#"{"advance_s":3660}"#).await;
    let events = world.clients.each_ref().map(|client| client.event(EVENT));
    let reads = (0..8).map(|number| events[number % 2].get());
    for read in join_all(reads).await {
        assert_eq!(read.unwrap().id.as_str(), EVENT);
    }
    assert_eq!(world.stat("refreshes").await, 1);
    assert_eq!(world.stat("reuses").await, 0);
}

#[tokio::test]
async fn t7_a_refresh_whose_outcome_is_unknown_is_tried_once_more_when_nothing_is_left() {
    let world = World::connected().await;
    world.act("/clock", r#"{"advance_s":3660}"#).await;
    let fault = r#"{"fault":"reset_before","endpoint":"refresh"}"#;
    world.act("/faults", fault).await;
    world.clients[0].event(EVENT).get().await.unwrap();
    assert_eq!(world.stat("refreshes").await, 1);
    assert_eq!(world.stat("reuses").await, 0);
}

#[tokio::test]
async fn t8_a_family_that_was_revoked_is_a_typed_error_and_no_further_call() {
    let world = World::connected().await;
    world.act(&format!("/connections/{EVENT}/revoke"), "{}").await;
    world.act("/clock", r#"{"advance_s":3660}"#).await;
    for client in &world.clients {
        let error = client.event(EVENT).get().await.unwrap_err();
        assert!(error.is_connection_ended(), "{error}");
    }
    let error = world.clients[0].event(EVENT).access_token().await.unwrap_err();
    assert!(matches!(
        error,
        SessionError::Revoked { .. } | SessionError::NeedsConsent { .. }
    ));
    assert_eq!(world.stat("refreshes").await, 0);
}
