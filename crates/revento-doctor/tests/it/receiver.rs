//! A small webhook receiver.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit as _, Mac as _};
use revento_doctor::{CheckResult, Doctor, Observer, Outcome, Settings};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The secret comes when the doctor has started its platform.
#[derive(Clone)]
pub(crate) struct Receiver {
    secret: watch::Receiver<String>,
    /// What a forgery is answered with.
    refusal: StatusCode,
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(receiver.secret.borrow().as_bytes()).unwrap();
    mac.update(text("x-revento-timestamp").as_bytes());
    mac.update(b".");
    mac.update(&body);
    let expected = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    if text("x-revento-signature") == expected {
        StatusCode::NO_CONTENT
    } else {
        receiver.refusal
    }
}

/// Tells the receiver its secret.
struct Secret(watch::Sender<String>);

impl Observer for Secret {
    fn ready(&mut self, variables: &[(String, String)], _: &str) {
        let found = variables
            .iter()
            .find(|(name, _)| name == "REVENTO_WEBHOOK_SECRET");
        self.0.send_replace(found.unwrap().1.clone());
    }
}

/// Starts a receiver with this way of serving, which returns its URL, and does one check.
pub(crate) async fn examine<U: Future<Output = String>>(
    serve: impl FnOnce(TcpListener, Router) -> U,
    refusal: StatusCode,
    check: &str,
) -> CheckResult {
    let (sender, secret) = watch::channel(String::new());
    let router = Router::new()
        .route("/webhooks", post(receive))
        .with_state(Receiver { secret, refusal });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = serve(listener, router).await;
    let mut settings = Settings::default();
    settings.webhook_url = Some(url.parse().unwrap());
    settings.only = vec![check.to_owned()];
    let doctor = Doctor::new(settings).unwrap();
    let report = doctor.run(&mut Secret(sender)).await.unwrap();
    let [result] = &report.results[..] else {
        panic!("{report:?}")
    };
    result.clone()
}

/// What was expected, and what came.
pub(crate) fn failure(result: &CheckResult) -> (&str, &str) {
    match &result.outcome {
        Outcome::Failed { expected, got } => (expected, got),
        other => panic!("{other:?}"),
    }
}
