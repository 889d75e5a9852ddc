//! Measures a sandbox: `cargo run --release -p revento-sandbox --example measure`.
//!
//! Start-up, pages of participants and refreshes per second, and memory with a hundred thousand participants.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use revento_sandbox::{Act, Decision, Sandbox};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const CALLBACK: &str = "http://localhost:3000/callback";
const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-taken-0123456789";
const AT_ONCE: usize = 8;
const FOR: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "this program measures")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "this program reports")]
fn report(what: &str, value: impl std::fmt::Display) {
    println!("{what:<44} {value}");
}

async fn connect(sandbox: &Sandbox, http: &reqwest::Client) -> Outcome<Value> {
    let info = sandbox.info();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let url = url::Url::parse_with_params(
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
    let landed = url::Url::parse(&sandbox.authorize(url.as_str(), Decision::Authorize).await?)?;
    let code = landed
        .query_pairs()
        .find(|(name, _)| name == "code")
        .map(|(_, code)| code.into_owned());
    let form = [
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.unwrap_or_default()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("client_id", info.client_id.clone()),
        ("client_secret", info.client_secret.clone()),
        ("code_verifier", VERIFIER.to_owned()),
    ];
    Ok(http
        .post(format!("{}/oauth/token", info.auth_base))
        .form(&form)
        .send()
        .await?
        .json()
        .await?)
}

fn text(tokens: &Value, name: &str) -> String {
    tokens
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

async fn refresh(sandbox: &Sandbox, http: &reqwest::Client, token: String) -> Outcome<String> {
    let info = sandbox.info();
    let form = [
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token),
        ("client_id", info.client_id.clone()),
        ("client_secret", info.client_secret.clone()),
    ];
    let answer: Value = http
        .post(format!("{}/oauth/token", info.auth_base))
        .form(&form)
        .send()
        .await?
        .json()
        .await?;
    Ok(text(&answer, "refresh_token"))
}

/// Rounds per second of `AT_ONCE` workers.
async fn rate<F, Fut>(work: F) -> Outcome<f64>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Outcome<u64>>,
{
    let start = now();
    let done = futures_util::future::try_join_all((0..AT_ONCE).map(work)).await?;
    let rounds: u64 = done.into_iter().sum();
    Ok(Duration::from_secs(rounds).as_secs_f64() / start.elapsed().as_secs_f64())
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "unknown here".to_owned(), |line| line.trim().to_owned())
}

async fn throughput(data: Option<&std::path::Path>) -> Outcome<()> {
    let mut builder = Sandbox::builder().redirect_uri(CALLBACK).without_rate_limits();
    if let Some(path) = data {
        builder = builder.data(path);
    }
    let where_ = if data.is_some() {
        "with a file"
    } else {
        "in memory"
    };
    let start = now();
    let sandbox = builder.start().await?;
    report(
        &format!("ready after, {where_}"),
        format!("{:.1} ms", start.elapsed().as_secs_f64() * 1e3),
    );
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut pairs = Vec::new();
    for _ in 0..AT_ONCE {
        pairs.push(connect(&sandbox, &http).await?);
    }
    let page = format!(
        "{}/events/evt_test_published/participants",
        sandbox.info().api_base
    );
    let pages = rate(async |n| {
        let (start, mut count) = (now(), 0);
        let token = pairs
            .get(n)
            .map(|pair| text(pair, "access_token"))
            .unwrap_or_default();
        while start.elapsed() < FOR {
            http.get(&page)
                .bearer_auth(&token)
                .send()
                .await?
                .error_for_status()?
                .bytes()
                .await?;
            count += 1;
        }
        Ok(count)
    })
    .await?;
    report(
        &format!("pages of 25 participants per second, {where_}"),
        format!("{pages:.0}"),
    );
    let refreshes = rate(async |n| {
        let (start, mut count) = (now(), 0);
        let mut token = pairs
            .get(n)
            .map(|pair| text(pair, "refresh_token"))
            .unwrap_or_default();
        while start.elapsed() < FOR {
            token = refresh(&sandbox, &http, token).await?;
            count += 1;
        }
        Ok(count)
    })
    .await?;
    report(
        &format!("refreshes per second, {where_}"),
        format!("{refreshes:.0}"),
    );
    sandbox.shutdown().await;
    Ok(())
}

/// The built-in seed with a hundred thousand participants.
async fn large_seed(path: &std::path::Path) -> Outcome<()> {
    let small = Sandbox::start().await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut seed: Value = http
        .get(format!("{}/seed", small.info().control_base))
        .send()
        .await?
        .json()
        .await?;
    small.shutdown().await;
    let pattern = seed.pointer("/participants/0").cloned().unwrap_or_default();
    let many: Vec<Value> = (0..100_000)
        .map(|n| {
            let mut row = pattern.clone();
            for (field, value) in [
                ("id", format!("par_published_{n:06}")),
                ("application_id", format!("app_published_{n:06}")),
                ("event_id", "evt_test_published".to_owned()),
                ("status", "pending".to_owned()),
            ] {
                if let Some(fields) = row.as_object_mut() {
                    fields.insert(field.to_owned(), json!(value));
                }
            }
            row
        })
        .collect();
    if let Some(tables) = seed.as_object_mut() {
        tables.insert("participants".to_owned(), json!(many));
    }
    Ok(std::fs::write(path, seed.to_string())?)
}

/// A hundred thousand participants, and as many deliveries. Runs in a process of its own: only then does the
/// resident size say something.
async fn memory(seed: &std::path::Path) -> Outcome<()> {
    let start = now();
    let sandbox = Sandbox::builder()
        .redirect_uri(CALLBACK)
        .webhook_url("http://127.0.0.1:9/nobody-is-here")
        .seed_file(seed)
        .start()
        .await?;
    report(
        "ready with 100 000 participants after",
        format!("{:.0} ms", start.elapsed().as_secs_f64() * 1e3),
    );
    report("resident with 100 000 participants", resident());
    connect(&sandbox, &reqwest::Client::builder().no_proxy().build()?).await?;
    let start = now();
    for n in 0..100_000 {
        sandbox
            .perform(Act::Approve(format!("app_published_{n:06}")))
            .await?;
    }
    report(
        "reviews per second, each with a delivery",
        format!("{:.0}", 100_000.0 / start.elapsed().as_secs_f64()),
    );
    sandbox.deliveries_settled().await?;
    report(
        "all 100 000 tried after",
        format!("{:.1} s", start.elapsed().as_secs_f64()),
    );
    report("resident with as many deliveries", resident());
    sandbox.shutdown().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    if let Some(seed) = std::env::args_os().nth(1) {
        return memory(seed.as_ref()).await;
    }
    let directory = tempfile::tempdir()?;
    throughput(None).await?;
    throughput(Some(&directory.path().join("sandbox.db"))).await?;
    let seed = directory.path().join("seed.json");
    large_seed(&seed).await?;
    let status = std::process::Command::new(std::env::current_exe()?)
        .arg(&seed)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the measurement of memory failed".into())
    }
}
