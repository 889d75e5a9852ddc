//! A service, a platform that issues tokens for every code, and a browser.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
};
use revento_api::Client;
use revento_axum::{AuthorizationFlow, FinishedAuthorization, FlowError};
use revento_core::{Scopes, Timestamp};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, memory::MemoryTokens};
use revento_transport::{Transport, TransportError};

#[derive(Debug, Default)]
pub(super) struct Hands(pub(super) AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_778_336_551 + self.0.load(SeqCst))
    }
}

#[derive(Debug, Default)]
pub(super) struct Platform(pub(super) AtomicU32);

#[async_trait]
impl Transport for Platform {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.0.fetch_add(1, SeqCst);
        Ok(Response::new(Bytes::from_static(
            br#"{"access_token":"rev_install_1","refresh_token":"rev_refresh_1","token_type":"Bearer",
            "expires_in":3600,"scope":"event.read","event_id":"evt_1","organization_id":"org_1"}"#,
        )))
    }
}

pub(super) struct Service {
    pub(super) flow: AuthorizationFlow,
    pub(super) platform: Arc<Platform>,
    pub(super) clock: Arc<Hands>,
    client: Client,
}

impl Service {
    pub(super) fn at(redirect_uri: &str) -> Self {
        let platform = Arc::new(Platform::default());
        let clock = Arc::new(Hands::default());
        let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
        let integration = Integration::new(
            Endpoints::sandbox("http://auth.test").unwrap(),
            "client",
            redirect_uri,
        )
        .unwrap();
        let transport: Arc<dyn Transport> = Arc::<Platform>::clone(&platform);
        let tokens = Arc::new(MemoryTokens::new());
        let client = Client::builder(integration)
            .transport(transport)
            .store(tokens)
            .sealer(Arc::<KeyRing>::clone(&sealer))
            .clock(Arc::<Hands>::clone(&clock))
            .build()
            .unwrap();
        Self {
            flow: AuthorizationFlow::new(client.clone(), sealer),
            client,
            platform,
            clock,
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    pub(super) fn over_tls() -> Self {
        Self::at("https://app.test/callback")
    }
}

/// Keeps cookies by their names, and removes expired cookies.
#[derive(Debug, Default, Clone)]
pub(super) struct Browser {
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) last_set: Vec<String>,
}

impl Browser {
    /// Begins a flow and returns the `state` that the platform sends back.
    pub(super) async fn begin(&mut self, service: &Service) -> String {
        let request = AuthorizationRequest {
            event_id: "evt_1".into(),
            scopes: Scopes::parse("event.read program.read"),
        };
        let response = service.flow.begin(&request).await.unwrap();
        self.take(response.headers());
        let url = url::Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        state.into_owned()
    }

    pub(super) async fn call_back(
        &mut self,
        service: &Service,
        query: &str,
    ) -> Result<FinishedAuthorization, FlowError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.cookies {
            headers.append(COOKIE, HeaderValue::try_from(format!("{name}={value}")).unwrap());
        }
        let outcome = service.flow.finish(&headers, query).await;
        self.take((outcome.clear_cookie, "page").into_response().headers());
        outcome.result
    }

    fn take(&mut self, headers: &HeaderMap) {
        self.last_set.clear();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            self.last_set.push(line.to_owned());
        }
    }
}
