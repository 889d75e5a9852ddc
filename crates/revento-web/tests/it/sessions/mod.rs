//! Sessions of participants on webview pages.

mod life;
mod signing_in;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header::COOKIE};
use revento_api::Client;
use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes, Timestamp};
use revento_oauth::{Endpoints, Integration};
use revento_seal::KeyRing;
use revento_store::{Record, Sealed, TokenStore, memory::MemoryTokens};
use revento_transport::{Transport, TransportError};
use revento_web::{LocalPath, WebviewSession, WebviewSessions};

use crate::flow::browser::{Hands, keys};

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Transport for Nobody {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Err(TransportError::never_sent("there is no platform here"))
    }
}

/// A service whose sessions are tested.
struct Service {
    sessions: WebviewSessions,
    store: Arc<MemoryTokens>,
    clock: Arc<Hands>,
}

impl Service {
    /// The participant `usr_1` is connected.
    async fn start() -> Self {
        let store = Arc::new(MemoryTokens::new());
        let service = Self::of(store, "client", "https://app.test/callback", &keys());
        service.connect("usr_1").await;
        service
    }

    /// Another replica or another integration on the same store.
    fn beside(&self, client_id: &str, redirect_uri: &str, keys: &KeyRing) -> Self {
        Self::of(Arc::clone(&self.store), client_id, redirect_uri, keys)
    }

    fn of(store: Arc<MemoryTokens>, client_id: &str, redirect_uri: &str, keys: &KeyRing) -> Self {
        let clock = Arc::new(Hands::default());
        let endpoints = Endpoints::sandbox("https://auth.test").unwrap();
        let integration = Integration::new(endpoints, client_id, redirect_uri).unwrap();
        let client = Client::builder(integration)
            .transport(Nobody)
            .store(Arc::<MemoryTokens>::clone(&store))
            .sealer(crate::flow::browser::keys())
            .clock(Arc::<Hands>::clone(&clock))
            .build()
            .unwrap();
        Self {
            sessions: WebviewSessions::new(client, keys, LocalPath::parse("/login").unwrap()),
            store,
            clock,
        }
    }

    async fn connect(&self, user: &str) {
        let record = Record {
            connection: connection(Some(user)),
            tokens: Some(Sealed::from_bytes([1])),
        };
        self.store.create(&record).await.unwrap();
    }

    async fn disconnect(&self, user: &str) {
        let key = connection(Some(user)).key;
        self.store.remove(&key).await.unwrap();
    }

    async fn find(&self, headers: &HeaderMap) -> Option<WebviewSession> {
        self.sessions.find(headers).await.unwrap()
    }

    /// The headers of the browser after `usr_1` has signed in.
    async fn sign_in(&self, headers: &HeaderMap) -> HeaderMap {
        let connection = connection(Some("usr_1"));
        with(&self.sessions.sign_in(headers, &connection).await.unwrap())
    }
}

fn connection(user: Option<&str>) -> Connection {
    let key = match user {
        Some(user) => ConnectionKey::user("client".into(), "evt_1".into(), user.into()),
        None => ConnectionKey::installation("client".into(), "evt_1".into()),
    };
    Connection {
        key,
        organization_id: None,
        status: ConnectionStatus::Connected,
        reason: None,
        status_since: Timestamp::UNIX_EPOCH,
        delete_by: None,
        scopes: Scopes::default(),
        generation: 1,
        consented_at: Timestamp::UNIX_EPOCH,
        access_expires_at: Timestamp::MAX,
        refresh_expires_at: Timestamp::MAX,
        consent_expires_at: Timestamp::MAX,
    }
}

/// The headers that a browser sends after this `Set-Cookie`.
fn with(set: &HeaderValue) -> HeaderMap {
    let pair = set.to_str().unwrap().split(';').next().unwrap();
    HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())])
}
