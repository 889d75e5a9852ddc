//! Searches every log line, error and panic message of a whole scenario for the secrets that it used.

use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use revento_api::Client;
use revento_core::Scopes;
use revento_oauth::{AuthorizationRequest, Endpoints, Integration, refresh::Timing};
use revento_sandbox::{ConsentDecision, Fault, Sandbox};
use revento_seal::{KeyRing, SealingKey};
use revento_store::TokenStore;
use revento_store::memory::MemoryTokens;
use revento_transport_reqwest::ReqwestTransport;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::callsites;

const CALLBACK: &str = "http://localhost:3000/callback";
/// The prefixes of the platform's tokens.
const TOKEN_PREFIXES: [&str; 3] = ["rev_install_", "rev_refresh_", "rev_user_"];

/// All text that was shown.
#[derive(Debug, Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    fn add(&self, text: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(text.as_bytes());
    }

    /// Adds the text and the debug output of an error and of its causes.
    fn error(&self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.add(&format!("{error}\n{error:?}\n{error:#?}\n"));
            next = error.source();
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Shown {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

// One thread, so that the subscriber of this test gets the log lines of the sandbox, too.
#[tokio::test]
async fn t5_no_log_no_error_and_no_panic_shows_a_secret() {
    callsites::keep_enabled();
    let shown = Shown::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(shown.clone())
        .with_ansi(false)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("a line of this test");
    let mut secrets = run(&shown).await;
    secrets.extend(TOKEN_PREFIXES.map(str::to_owned));
    let text = shown.text();
    for expected in ["a line of this test", "revento_api", "hyper", "refresh"] {
        assert!(text.contains(expected), "no log line has {expected}");
    }
    for secret in secrets {
        let place = text
            .find(&secret)
            .map(|at| &text[at.saturating_sub(200)..at + secret.len()]);
        assert_eq!(place, None, "{secret} was shown");
    }
}

/// Connects, reads, refreshes and causes many errors. Returns the secrets.
async fn run(shown: &Shown) -> Vec<String> {
    let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
    let info = sandbox.info().clone();
    let event = info.events[0].clone();
    let key = SealingKey::from_bytes(*b"planted-sealing-key-of-32-bytes!");
    let integration = Integration::new(
        Endpoints::sandbox(&info.auth_base).unwrap(),
        info.client_id.as_str(),
        CALLBACK,
    )
    .unwrap()
    .with_secret(info.client_secret.as_str());
    let store: Arc<dyn TokenStore> = Arc::new(MemoryTokens::new());
    let http = Arc::new(ReqwestTransport::new().unwrap());
    let timing = Timing::default().doubt_pause(Duration::ZERO);
    let client = Client::builder(integration)
        .transport(http)
        .store(store)
        .sealer(KeyRing::new(key))
        .timing(timing)
        .build()
        .unwrap();
    let begun = client
        .begin_authorization(&AuthorizationRequest {
            event_id: event.as_str().into(),
            scopes: Scopes::parse("event.read participants.read"),
        })
        .unwrap();
    shown.add(&format!("{:?}", begun.pending));
    let verifier = serde_json::to_value(&begun.pending).unwrap()["verifier"]
        .as_str()
        .map(str::to_owned);
    let home = sandbox
        .authorize(&begun.url, ConsentDecision::Authorize)
        .await
        .unwrap();
    let query = home.split_once('?').unwrap().1.to_owned();
    let code = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let grant = begun.pending.callback(&query, client.now()).unwrap();
    shown.add(&format!("{grant:?}"));
    client.finish_authorization(grant).await.unwrap();
    let reads = client.event(event.as_str());
    shown.add(&format!("{client:?} {reads:?} {sandbox:?} {info:?}"));
    for fault in [
        "server_error",
        "html_error",
        "invalid_json",
        "token_expired",
        "unknown_error",
    ] {
        sandbox.arm(Fault::named(fault)).unwrap();
        if let Err(error) = reads.get().await {
            shown.error(&error);
        }
    }
    sandbox.advance(Duration::from_secs(3700)).await.unwrap();
    sandbox.arm(Fault::named("html_success").at("refresh")).unwrap();
    if let Err(error) = reads.get().await {
        shown.error(&error);
    }
    reads.get().await.unwrap();
    let token = reads.access_token().await.unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        panic!("with {token:?} of {client:?}")
    }));
    shown.add(panicked.unwrap_err().downcast_ref::<String>().unwrap());
    let client_id = info.client_id.clone();
    let event_id = event;
    let action = revento_sandbox::Action::RevokeConnection { client_id, event_id };
    sandbox.perform(action).await.unwrap();
    if let Err(error) = reads.get().await {
        shown.error(&error);
    }
    sandbox.shutdown().await;
    let mut secrets = vec![
        info.client_secret,
        info.webhook_secret,
        code,
        "planted-sealing".to_owned(),
    ];
    secrets.extend(verifier);
    secrets
}
