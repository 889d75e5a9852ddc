//! A sandbox with connections, and the requests of the measurement.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use revento_sandbox::{ConsentDecision, Sandbox};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Outcome;
use super::load::{AT_ONCE, Client};

const CALLBACK: &str = "http://localhost:3000/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-taken-0123456789";

/// A sandbox without rate limits, with a connection for each client.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) address: SocketAddr,
    access: Vec<String>,
    pub(crate) refresh: Vec<String>,
}

impl World {
    pub(crate) async fn start(data: Option<&Path>) -> Outcome<Self> {
        let mut builder = Sandbox::builder().redirect_uri(CALLBACK).without_rate_limits();
        if let Some(path) = data {
            builder = builder.data(path);
        }
        let sandbox = builder.start().await?;
        let address = sandbox
            .info()
            .auth_base
            .strip_prefix("http://")
            .unwrap_or_default()
            .parse()?;
        let mut world = Self {
            sandbox,
            address,
            access: Vec::new(),
            refresh: Vec::new(),
        };
        for _ in 0..AT_ONCE {
            let tokens = connect(&world.sandbox, address).await?;
            world.access.push(text(&tokens, "access_token"));
            world.refresh.push(text(&tokens, "refresh_token"));
        }
        Ok(world)
    }

    /// A request for a page of 25 participants.
    pub(crate) fn page(&self, client: usize) -> Vec<u8> {
        let token = self.access.get(client).map_or("", String::as_str);
        format!(
            "GET /api/v1/events/evt_test_published/participants HTTP/1.1\r\nhost: localhost\r\n\
             authorization: Bearer {token}\r\n\r\n"
        )
        .into_bytes()
    }

    /// A refresh with a token.
    pub(crate) fn refreshing(&self) -> impl Fn(&str) -> Vec<u8> + use<> {
        let info = self.sandbox.info();
        let who = format!(
            "client_id={}&client_secret={}",
            info.client_id, info.client_secret
        );
        move |token| {
            form(
                "/oauth/token",
                &format!("grant_type=refresh_token&refresh_token={token}&{who}"),
            )
        }
    }
}

/// A form to a path.
pub(crate) fn form(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Connects an organizer. Returns the token answer.
pub(crate) async fn connect(sandbox: &Sandbox, address: SocketAddr) -> Outcome<Value> {
    let info = sandbox.info();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let url = Url::parse_with_params(
        &format!("{}/oauth/authorize", info.auth_base),
        [
            ("response_type", "code"),
            ("client_id", &info.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", "event.read participants.read"),
            ("event_id", "evt_test_published"),
            ("state", "s"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
    )?;
    let landed = Url::parse(
        &sandbox
            .authorize(url.as_str(), ConsentDecision::Authorize)
            .await?,
    )?;
    let code = landed.query_pairs().find(|(name, _)| name == "code");
    let code = code.ok_or("no code")?.1.into_owned();
    let body = format!(
        "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}\
         &client_id={}&client_secret={}",
        info.client_id, info.client_secret
    );
    let mut client = Client::connect(address).await?;
    Ok(serde_json::from_str(
        client.ask(&form("/oauth/token", &body)).await?,
    )?)
}

fn text(tokens: &Value, name: &str) -> String {
    tokens
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
