//! The mistakes of the first hour, as Rust prints them: `Error: ` and the `Debug` of the error that `main` returns.

use std::{error::Error, net::TcpListener};

use revento::store::memory::MemoryTokens;
use revento::webhooks::{Headers, Signer};
use revento::{
    AuthorizationRequest, Client, Endpoints, Integration, KeyRing, ReqwestTransport, Scope, SealingKey,
    SqliteStore, Verifier,
};
use revento_sandbox::{ConsentDecision, Sandbox};

type Main = Result<(), Box<dyn Error>>;

const CALLBACK: &str = "http://localhost:3000/callback";

fn secret(text: &str) -> Main {
    Verifier::new(text)?;
    Ok(())
}

fn sealing_key(text: &str) -> Main {
    SealingKey::from_base64(text)?;
    Ok(())
}

fn integration(auth: &str, client_id: &str, callback: &str) -> Main {
    Integration::new(
        Endpoints::new(auth, "https://api.revento.example")?,
        client_id,
        callback,
    )?;
    Ok(())
}

fn without_a_transport() -> Main {
    let integration = Integration::new(Endpoints::production(), "clt_1", CALLBACK)?;
    Client::builder(integration).build()?;
    Ok(())
}

async fn database(path: &str) -> Main {
    SqliteStore::open(path).await?;
    Ok(())
}

/// Verifies a webhook that was signed at another time than this machine's.
fn webhook(signed_at: i64, now: i64) -> Main {
    let timestamp = signed_at.to_string();
    let signature = Signer::new("whsec_example_secret")?.sign(signed_at, b"{}");
    let headers = Headers::collect([
        ("X-Revento-Event", &b"event.published"[..]),
        ("X-Revento-Delivery-Id", b"5f0c9f0e"),
        ("X-Revento-Timestamp", timestamp.as_bytes()),
        ("X-Revento-Signature", signature.as_bytes()),
    ])?;
    Verifier::new("whsec_example_secret")?.verify(&headers, b"{}", now)?;
    Ok(())
}

fn client(endpoints: Endpoints, client_id: &str, secret: &str) -> Result<Client, Box<dyn Error>> {
    let integration = Integration::new(endpoints, client_id, CALLBACK)?.with_secret(secret);
    Ok(Client::builder(integration)
        .transport(ReqwestTransport::new()?)
        .store(MemoryTokens::new())
        .sealer(KeyRing::new(SealingKey::from_bytes([7; 32])))
        .build()?)
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        event_id: "evt_test_published".into(),
        scopes: [Scope::EventRead].into(),
    }
}

async fn connect(sandbox: &Sandbox, secret: &str, decision: ConsentDecision) -> Main {
    let endpoints = Endpoints::sandbox(&sandbox.info().auth_base)?;
    let client = client(endpoints, &sandbox.info().client_id, secret)?;
    let begun = client.begin_authorization(&request())?;
    let landed = sandbox.authorize(&begun.url, decision).await?;
    let query = landed.split_once('?').map_or("", |(_, query)| query);
    client
        .finish_authorization(begun.pending.callback(query, client.now())?)
        .await?;
    Ok(())
}

/// Nothing listens at the address of the platform.
async fn no_platform(address: &str) -> Main {
    let client = client(
        Endpoints::sandbox(&format!("http://{address}"))?,
        "clt_1",
        "a secret",
    )?;
    let begun = client.begin_authorization(&request())?;
    let query = begun.url.split_once('?').map_or("", |(_, query)| query);
    let state = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "state");
    let state = state.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let callback = begun
        .pending
        .callback(&format!("code=1&state={state}"), client.now())?;
    client.finish_authorization(callback).await?;
    Ok(())
}

async fn not_connected() -> Main {
    client(Endpoints::production(), "clt_1", "a secret")?
        .event("evt_1")
        .get()
        .await?;
    Ok(())
}

async fn sandbox_at(address: std::net::SocketAddr) -> Main {
    Sandbox::builder().listen(address).start().await?;
    Ok(())
}

/// What the terminal shows is a sentence, and no code.
fn shown(mistake: &str, main: Main) {
    let error = format!("{:?}", main.expect_err(mistake));
    assert!(error.split_whitespace().count() > 4, "{mistake}: {error}");
    let code = ["{ ", " }", "Some(", "Err("]
        .into_iter()
        .find(|code| error.contains(code));
    assert_eq!(code, None, "{mistake}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_first_hour() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        path("notes.txt"),
        "this is not a database, and longer than its header would be\n".repeat(40),
    )
    .unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let sandbox = Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap();
    let now = 1_778_336_551;

    shown("the webhook secret is empty", secret(""));
    shown(
        "the webhook secret ends with a line break",
        secret("whsec_example_secret\n"),
    );
    shown("half of the webhook secret", secret("whsec_exam"));
    shown(
        "the sealing key is a password",
        sealing_key("correct horse battery"),
    );
    shown("the sealing key is too short", sealing_key("c2hvcnQ="));
    shown(
        "the client id is empty",
        integration("https://auth.revento.example", "", CALLBACK),
    );
    shown(
        "the redirect URI has no scheme",
        integration("https://auth.revento.example", "clt_1", "localhost:3000/callback"),
    );
    shown(
        "the platform's address has no scheme",
        integration("auth.revento.example", "clt_1", CALLBACK),
    );
    shown(
        "the platform's address is not encrypted",
        integration("http://auth.revento.example", "clt_1", CALLBACK),
    );
    shown("the client has no transport", without_a_transport());
    shown(
        "the folder of the database is missing",
        database(&path("missing/revento.db")).await,
    );
    shown("the database is a folder", database(&path("")).await);
    shown("the database is a text", database(&path("notes.txt")).await);
    shown(
        "the webhook is old, or the clock is wrong",
        webhook(now, now + 4000),
    );
    shown("the clock is behind", webhook(now, now - 4000));
    shown(
        "another program has the port of the sandbox",
        sandbox_at(address).await,
    );
    shown("the sandbox does not run", no_platform(&free).await);
    shown(
        "the client secret is wrong",
        connect(&sandbox, "another secret", ConsentDecision::Authorize).await,
    );
    let own = sandbox.info().client_secret.clone();
    shown(
        "the organizer declines",
        connect(&sandbox, &own, ConsentDecision::Decline).await,
    );
    shown("nobody has connected", not_connected().await);
    sandbox.shutdown().await;

    drop(taken);
}
