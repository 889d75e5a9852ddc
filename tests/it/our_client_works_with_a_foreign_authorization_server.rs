//! The client of this SDK with node-oidc-provider: authorization, PKCE, exchange, rotation, reuse detection.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use revento_api::{Client, SessionError};
use revento_core::{Scopes, StatusReason, Timestamp};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_seal::{KeyRing, SealingKey};
use revento_store::memory::MemoryTokens;
use revento_store::{Clock, Record, Stored, SwapOutcome, SystemClock, TokenStore};
use revento_transport_reqwest::ReqwestTransport;
use tokio::process::Command;

use crate::support::program::Program;
use crate::support::{engine, install, port, wait};

const CALLBACK: &str = "http://localhost:3000/callback";
const EVENT: &str = "evt_1";

#[tokio::test(flavor = "multi_thread")]
async fn authorizes_exchanges_rotates_and_detects_reuse() {
    let (Some(node), Some(npm)) = (
        engine::path("REVENTO_TEST_NODE"),
        engine::path("REVENTO_TEST_NPM"),
    ) else {
        return engine::skip("Node");
    };
    let mut site = Site::start(&node, &npm).await;
    site.is_refused_without_pkce().await;
    site.connects().await;
    site.rotates().await;
    site.detects_reuse().await;
    site.server.assert_running();
}

/// The system clock plus a number of hours.
#[derive(Debug, Default)]
struct ShiftedClock(AtomicI64);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let ahead = self.0.load(Ordering::Relaxed) * 3_600_000_000;
        Timestamp::from_unix_micros(SystemClock.now().unix_micros() + ahead)
    }
}

struct Site {
    base: String,
    server: Program,
    client: Client,
    store: Arc<MemoryTokens>,
    clock: Arc<ShiftedClock>,
}

impl Site {
    async fn start(node: &Path, npm: &Path) -> Self {
        let home = install::node(npm, "oidc-provider", Some("server.js")).await;
        let port = port::free();
        let base = format!("http://localhost:{port}");
        let mut command = Command::new(node);
        command.arg(home.join("server.js")).envs([
            ("PORT", port.to_string().as_str()),
            ("CLIENT_ID", "client"),
            ("CLIENT_SECRET", "secret"),
            ("REDIRECT_URI", CALLBACK),
            ("EVENT_ID", EVENT),
        ]);
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oidc-{port}.log"));
        let mut server = Program::start(&mut command, &log);
        wait::until("the authorization server listens", async || {
            server.assert_running();
            let output = server.output();
            if output.contains("ready") {
                Ok(())
            } else {
                Err(output)
            }
        })
        .await;
        let store = Arc::new(MemoryTokens::new());
        let clock = Arc::new(ShiftedClock::default());
        let integration = Integration::new(Endpoints::sandbox(&base).unwrap(), "client", CALLBACK)
            .unwrap()
            .with_secret("secret");
        let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
        let http = Arc::new(ReqwestTransport::new().unwrap());
        let tokens: Arc<dyn TokenStore> = Arc::<MemoryTokens>::clone(&store);
        let shared: Arc<dyn Clock> = Arc::<ShiftedClock>::clone(&clock);
        let client = Client::builder(integration)
            .transport(http)
            .store(tokens)
            .sealer(sealer)
            .clock(shared);
        Self {
            client: client.build().unwrap(),
            base,
            server,
            store,
            clock,
        }
    }

    fn request() -> AuthorizationRequest {
        AuthorizationRequest {
            event_id: EVENT.into(),
            scopes: Scopes::parse("event.read participants.read"),
        }
    }

    async fn is_refused_without_pkce(&self) {
        let begun = self.client.begin_authorization(&Self::request()).unwrap();
        let mut url = url::Url::parse(&begun.url).unwrap();
        let kept: Vec<_> = url
            .query_pairs()
            .into_owned()
            .filter(|(name, _)| !name.starts_with("code_ch"))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        let home = self.browse(url.as_str()).await;
        let query = home.split_once('?').unwrap().1;
        let refused = begun.pending.callback(query, self.client.now()).unwrap_err();
        assert!(refused.to_string().contains("invalid_request"), "{refused}");
    }

    async fn connects(&self) {
        let begun = self.client.begin_authorization(&Self::request()).unwrap();
        let home = self.browse(&begun.url).await;
        let query = home.split_once('?').unwrap().1;
        let grant = begun.pending.callback(query, self.client.now()).unwrap();
        let connection = self.client.finish_authorization(grant).await.unwrap();
        assert_eq!(connection.scopes.to_string(), "event.read participants.read");
        assert_eq!(connection.organization_id.unwrap().as_str(), "org_1");
    }

    async fn rotates(&self) {
        let mut seen = vec![self.token().await.unwrap()];
        for generation in 2..=4 {
            self.clock.0.fetch_add(1, Ordering::Relaxed);
            let token = self.token().await.unwrap();
            assert!(!seen.contains(&token), "the access token is not new");
            seen.push(token);
            assert_eq!(self.stored().await.record.connection.generation, generation);
        }
    }

    /// Stores a used refresh token, as the restore of a backup does.
    async fn detects_reuse(&self) {
        let old = self.stored().await.record;
        self.clock.0.fetch_add(1, Ordering::Relaxed);
        self.token().await.unwrap();
        let newest = self.stored().await.record;
        for record in [old, newest] {
            self.restore(record).await;
            self.clock.0.fetch_add(1, Ordering::Relaxed);
            let reason = Some(StatusReason::RefreshRejected);
            assert_eq!(self.token().await, Err(SessionError::NeedsConsent { reason }));
        }
    }

    async fn restore(&self, record: Record) {
        let version = self.stored().await.version;
        let swapped = self.store.compare_and_swap(version, &record, None).await.unwrap();
        assert!(matches!(swapped, SwapOutcome::Swapped(_)));
    }

    async fn token(&self) -> Result<String, SessionError> {
        let token = self.client.event(EVENT).access_token().await?;
        Ok(token.expose().to_owned())
    }

    async fn stored(&self) -> Stored {
        let all = self.store.of_client(&"client".into(), None, 1).await.unwrap();
        all.into_iter().next().unwrap()
    }

    /// Keeps cookies and follows redirects until the redirect to the callback. Returns its URL.
    async fn browse(&self, url: &str) -> String {
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(no_redirects).build().unwrap();
        let (mut url, mut cookies) = (url.to_owned(), BTreeMap::new());
        for _ in 0..10 {
            let jar: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let answer = http
                .get(&url)
                .header("cookie", jar.join("; "))
                .send()
                .await
                .unwrap();
            for line in answer.headers().get_all("set-cookie") {
                let pair = line.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            let status = answer.status();
            let Some(location) = answer.headers().get("location") else {
                panic!(
                    "{url} answered {status}: {}\n{}",
                    answer.text().await.unwrap(),
                    self.server.output()
                );
            };
            let next = url::Url::parse(&self.base)
                .unwrap()
                .join(location.to_str().unwrap())
                .unwrap();
            if next.as_str().starts_with(CALLBACK) {
                return next.into();
            }
            url = next.into();
        }
        panic!("more than 10 redirects");
    }
}
