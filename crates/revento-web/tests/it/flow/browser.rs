//! A service, a platform that issues tokens for every code, and a browser.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    HeaderMap, Request, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    request::Parts,
};
use revento_api::Client;
use revento_core::{Scopes, Timestamp};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{
    Clock, Once,
    memory::{MemoryOnce, MemoryTokens},
};
use revento_transport::{Transport, TransportError};
use revento_web::{AuthorizationFlow, FinishedAuthorization, FlowError};

#[derive(Debug, Default)]
pub(crate) struct Hands(pub(crate) AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_778_336_551 + self.0.load(SeqCst))
    }
}

#[derive(Debug, Default)]
pub(crate) struct Platform {
    /// How many codes it got.
    pub(crate) codes: AtomicU32,
    /// Whether it issues the tokens of a participant, and not those of an organizer.
    pub(crate) signs_in: AtomicBool,
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.codes.fetch_add(1, SeqCst);
        if self.signs_in.load(SeqCst) {
            return Ok(Response::new(Bytes::from_static(
                br#"{"access_token":"rev_user_1","refresh_token":"rev_refresh_2","token_type":"Bearer",
                "expires_in":3600,"scope":"profile.read","event_id":"evt_1","organization_id":"org_1",
                "user_id":"usr_1"}"#,
            )));
        }
        Ok(Response::new(Bytes::from_static(
            br#"{"access_token":"rev_install_1","refresh_token":"rev_refresh_1","token_type":"Bearer",
            "expires_in":3600,"scope":"event.read","event_id":"evt_1","organization_id":"org_1"}"#,
        )))
    }
}

pub(crate) struct Service {
    pub(crate) flow: AuthorizationFlow,
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<Hands>,
    client: Client,
}

impl Service {
    pub(crate) fn at(redirect_uri: &str) -> Self {
        Self::of("client", "https://auth.test", redirect_uri)
    }

    /// A replica with these use-once marks.
    pub(crate) fn with_marks(once: impl Once + 'static) -> Self {
        let mut replica = Self::over_tls();
        replica.flow = AuthorizationFlow::new(replica.client.clone(), &keys(), once);
        replica
    }

    /// A service with this registration. All services share their sealing key.
    pub(crate) fn of(client_id: &str, auth: &str, redirect_uri: &str) -> Self {
        let platform = Arc::new(Platform::default());
        let clock = Arc::new(Hands::default());
        let sealer = Arc::new(keys());
        let endpoints = Endpoints::sandbox(auth).unwrap();
        let integration = Integration::new(endpoints, client_id, redirect_uri).unwrap();
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
            flow: AuthorizationFlow::new(client.clone(), &sealer, MemoryOnce::new()),
            client,
            platform,
            clock,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn over_tls() -> Self {
        Self::at("https://app.test/callback")
    }
}

pub(crate) fn keys() -> KeyRing {
    KeyRing::new(SealingKey::from_bytes([7; 32]))
}

/// The head of a `GET` of this address.
pub(crate) fn get(address: &str) -> Parts {
    Request::get(address).body(()).unwrap().into_parts().0
}

/// The request of the first scenario: an organizer's connection.
pub(crate) fn organizer() -> AuthorizationRequest {
    AuthorizationRequest {
        event_id: "evt_1".into(),
        scopes: Scopes::parse("event.read program.read"),
    }
}

/// Keeps cookies by their names, and removes expired cookies.
#[derive(Debug, Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) last_set: Vec<String>,
}

impl Browser {
    /// Begins a flow and returns the `state` that the platform sends back.
    pub(crate) async fn begin(&mut self, service: &Service) -> String {
        self.begin_for(service, &organizer()).await
    }

    pub(crate) async fn begin_for(&mut self, service: &Service, asked: &AuthorizationRequest) -> String {
        let request = self.visits("/connect");
        let response = service.flow.begin(&request, asked).await.unwrap();
        self.take(response.headers());
        let url = url::Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1;
        state.into_owned()
    }

    pub(crate) async fn call_back(
        &mut self,
        service: &Service,
        query: &str,
    ) -> Result<FinishedAuthorization, FlowError> {
        let request = self.visits(&format!("/callback?{query}"));
        let outcome = service.flow.finish(&request).await;
        self.take(outcome.headers.apply(Response::new("page")).headers());
        outcome.result
    }

    /// The request of this browser for an address.
    pub(crate) fn visits(&self, address: &str) -> Parts {
        let mut request = get(address);
        for (name, value) in &self.cookies {
            let pair = format!("{name}={value}");
            request.headers.append(COOKIE, pair.parse().unwrap());
        }
        request
    }

    pub(crate) fn take(&mut self, headers: &HeaderMap) {
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
