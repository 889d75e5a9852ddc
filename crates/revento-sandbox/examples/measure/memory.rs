//! Measures the memory of a hundred thousand participants and as many deliveries, in a separate process, so that the
//! resident size contains nothing else.

use std::path::Path;
use std::time::Duration;

use revento_sandbox::{Action, Sandbox};
use serde_json::{Value, json};

use super::report::Report;
use super::{Outcome, now, world};

const MANY: usize = 100_000;

pub(crate) async fn in_a_process_of_its_own(directory: &Path, report: &mut Report) -> Outcome<()> {
    let seed = directory.join("seed.json");
    large_seed(&seed).await?;
    let output = std::process::Command::new(std::env::current_exe()?)
        .arg("memory")
        .arg(&seed)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err("the measurement of memory failed".into());
    }
    report.memory = serde_json::from_slice(&output.stdout)?;
    Ok(())
}

/// Prints what [`Report::memory`] reads.
#[expect(clippy::print_stdout, reason = "this program reports")]
pub(crate) async fn measure(seed: &Path) -> Outcome<()> {
    let start = now();
    let sandbox = Sandbox::builder()
        .redirect_uri("http://localhost:3000/callback")
        .webhook_url("http://127.0.0.1:9/nobody-is-here")
        .seed_file(seed)
        .start()
        .await?;
    let ready = start.elapsed().as_secs_f64() * 1e3;
    let with_participants = resident();
    let address = sandbox
        .info()
        .auth_base
        .strip_prefix("http://")
        .unwrap_or_default();
    world::connect(&sandbox, address.parse()?).await?;
    let start = now();
    for n in 0..MANY {
        sandbox
            .perform(Action::Approve(format!("app_published_{n:06}")))
            .await?;
    }
    let reviewed = start.elapsed();
    sandbox.deliveries_settled().await?;
    // Measured before the deliveries are copied to be counted.
    let with_deliveries = resident();
    let deliveries = sandbox.deliveries().await?;
    let bodies: usize = deliveries.iter().map(|delivery| delivery.body.len()).sum();
    let count = deliveries.len();
    let memory = json!({
        "ready_ms": ready,
        "seed_bytes": std::fs::metadata(seed)?.len(),
        "participants": MANY,
        "resident_with_participants": with_participants,
        "deliveries": count,
        "delivery_bytes": bodies,
        "reviews_per_second": Duration::from_secs(MANY as u64).as_secs_f64() / reviewed.as_secs_f64(),
        "resident_with_deliveries": with_deliveries,
    });
    println!("{memory}");
    sandbox.shutdown().await;
    Ok(())
}

/// The resident bytes of this process; 0 if the system does not report them.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The built-in seed with a hundred thousand participants.
async fn large_seed(path: &Path) -> Outcome<()> {
    let small = Sandbox::start().await?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/seed", small.info().control_base);
    let mut seed: Value = http.get(url).send().await?.json().await?;
    small.shutdown().await;
    let pattern = seed.pointer("/participants/0").cloned().unwrap_or_default();
    let many: Vec<Value> = (0..MANY)
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
