//! What every adapter serves, with a platform that issues tokens for every code and a clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering::SeqCst};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use revento_api::Client;
use revento_core::{Scope, Timestamp};
use revento_oauth::{Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::Clock;
use revento_store::memory::{MemoryOnce, MemoryTokens};
use revento_transport::{Transport, TransportError};
use revento_web::{
    AuthorizationFlow, AuthorizationRoutes, ExchangeLimits, FrameAncestors, LocalPath, SameOrigin,
    WebviewSessions,
};

pub(super) const PLATFORM: &str = "https://app.revento.test";
pub(super) const ORIGIN: &str = "https://app.test";

/// Everything that an adapter serves:
///
/// - the `routes`: `/connect`, `/login`, `/callback`
/// - `/own/connect` and `/own/callback`: the same flow in handlers of the service
/// - `/webview`: the session's user id, in the platform's frame only
/// - `/policy`: a page with a policy of its own, in no frame
/// - `POST /seats` and `POST /logout`: only for forms of this origin
#[derive(Clone)]
pub(super) struct Site {
    pub(super) flow: AuthorizationFlow,
    pub(super) sessions: WebviewSessions,
    pub(super) routes: AuthorizationRoutes,
    pub(super) platform_only: FrameAncestors,
    pub(super) no_frame: FrameAncestors,
    pub(super) same_origin: SameOrigin,
    pub(super) platform: Arc<Platform>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) client: Client,
}

#[derive(Debug, Default)]
pub(super) struct Platform {
    /// How many codes it got.
    pub(super) codes: AtomicU32,
    /// Whether it issues the tokens of a participant, and not those of an organizer.
    pub(super) signs_in: AtomicBool,
}

#[async_trait]
impl Transport for Platform {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.codes.fetch_add(1, SeqCst);
        let tokens: &[u8] = if self.signs_in.load(SeqCst) {
            br#"{"access_token":"rev_user_1","refresh_token":"rev_refresh_2","token_type":"Bearer","expires_in":3600,
                "scope":"profile.read","event_id":"evt_1","organization_id":"org_1","user_id":"usr_1"}"#
        } else {
            br#"{"access_token":"rev_install_1","refresh_token":"rev_refresh_1","token_type":"Bearer","expires_in":3600,
                "scope":"event.read","event_id":"evt_1","organization_id":"org_1"}"#
        };
        Ok(Response::new(Bytes::from_static(tokens)))
    }
}

/// Seconds after a fixed time.
#[derive(Debug, Default)]
pub(super) struct ManualClock(pub(super) AtomicI64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(1_778_336_551 + self.0.load(SeqCst))
    }
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with_limits(ExchangeLimits::default())
    }

    pub(super) fn with_limits(limits: ExchangeLimits) -> Self {
        let (platform, clock) = (Arc::new(Platform::default()), Arc::new(ManualClock::default()));
        let keys = KeyRing::new(SealingKey::from_bytes([7; 32]));
        let endpoints = Endpoints::sandbox("https://auth.test").unwrap();
        let integration = Integration::new(endpoints, "client", &format!("{ORIGIN}/callback")).unwrap();
        let client = Client::builder(integration)
            .transport(Arc::clone(&platform) as Arc<dyn Transport>)
            .store(Arc::new(MemoryTokens::new()))
            .sealer(KeyRing::new(SealingKey::from_bytes([7; 32])))
            .clock(Arc::clone(&clock))
            .build()
            .unwrap();
        let path = |text| LocalPath::parse(text).unwrap();
        let flow = AuthorizationFlow::new(client.clone(), &keys, MemoryOnce::new()).exchange_limits(limits);
        let sessions = WebviewSessions::new(client.clone(), &keys, path("/login"));
        let routes = AuthorizationRoutes::new(flow.clone())
            .connect(path("/connect"), [Scope::EventRead].into())
            .login(
                sessions.clone(),
                [Scope::ProfileRead].into(),
                Some("evt_1".into()),
            )
            .connected_page(path("/event?tab=1"))
            .signed_in_page(path("/webview"));
        Self {
            flow,
            sessions,
            routes,
            platform_only: FrameAncestors::only(PLATFORM).unwrap(),
            no_frame: FrameAncestors::none(),
            same_origin: SameOrigin::new(ORIGIN).unwrap(),
            platform,
            clock,
            client,
        }
    }

    /// How many codes the platform got.
    pub(super) fn codes(&self) -> u32 {
        self.platform.codes.load(SeqCst)
    }
}
