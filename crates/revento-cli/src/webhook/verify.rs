//! `revento verify`: is a captured webhook verified, and if not, why not.

use std::path::PathBuf;

use anyhow::{Result, bail};
use revento::{
    types::text::printable,
    webhooks::{Explainer, MatchedKey, VerifyError, explain::Explanation},
};
use serde_json::json;

use super::{
    captured::{self, CapturedRequest},
    now, parse_time, read_input,
    secrets::SecretArguments,
};
use crate::terminal;

/// Exit codes: 0 if every webhook is verified, 1 if one is not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento verify request.http
  pbpaste | revento verify --ignore-age
  revento verify capture.har --secret-file new.secret --secret-file old.secret --json")]
pub(crate) struct Arguments {
    /// The captured request: raw HTTP, a curl command, or a HAR file. `-` reads standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    capture: PathBuf,
    #[command(flatten)]
    secrets: SecretArguments,
    /// The client secret, to find out whether the webhook was signed with it by mistake.
    #[arg(
        long,
        value_name = "SECRET",
        env = "REVENTO_CLIENT_SECRET",
        hide_env_values = true
    )]
    client_secret: Option<String>,
    /// When the request was received: Unix seconds or ISO 8601. The default is now.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    received_at: Option<i64>,
    /// Verify as if the request had been received when it was signed.
    #[arg(long, conflicts_with = "received_at")]
    ignore_age: bool,
    /// Print one line of JSON for each request.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let explainer = explainer(arguments)?;
    let requests = captured::parse(&read_input(&arguments.capture)?)?;
    let mut refused = 0_usize;
    for request in &requests {
        let headers: Vec<(&str, &[u8])> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
            .collect();
        let explanation = explainer.explain(&headers, &request.body, received_at(arguments, request));
        refused += usize::from(explanation.outcome().is_err());
        terminal::print_line(&if arguments.json {
            as_json(request, &explanation)
        } else {
            as_text(request, &explanation)
        });
    }
    match refused {
        0 => Ok(()),
        1 if requests.len() == 1 => bail!("the webhook is not verified"),
        _ => bail!("{refused} of {} webhooks are not verified", requests.len()),
    }
}

fn explainer(arguments: &Arguments) -> Result<Explainer> {
    let secrets = arguments.secrets.read()?;
    let mut secrets = secrets.iter();
    let mut explainer = Explainer::new(secrets.next().map_or("", String::as_str))?;
    for previous in secrets {
        explainer = explainer.with_previous(previous, None)?;
    }
    Ok(match &arguments.client_secret {
        Some(secret) => explainer.with_other_credential("client secret", secret),
        None => explainer,
    })
}

fn received_at(arguments: &Arguments, request: &CapturedRequest) -> i64 {
    let signed_at = || {
        let text = request.header("X-Revento-Timestamp")?;
        text.trim().parse().ok()
    };
    match arguments.received_at {
        Some(time) => time,
        None if arguments.ignore_age => signed_at().unwrap_or_else(now),
        None => now(),
    }
}

fn as_text(request: &CapturedRequest, explanation: &Explanation) -> String {
    let what = format!(
        "{}, delivery {}",
        shown(request, "X-Revento-Event"),
        shown(request, "X-Revento-Delivery-Id")
    );
    match explanation.outcome() {
        Ok(MatchedKey::Current) => format!("verified: {what}"),
        Ok(MatchedKey::Previous(index)) => format!("verified with secret {}: {what}", index + 2),
        Err(error) => {
            let mut text = format!("not verified: {what}\n  {}", reason(error));
            for (certainty, cause) in explanation.causes() {
                text.push_str(&format!(
                    "\n  {certainty} cause: {}\n    {}",
                    printable(&cause.to_string()),
                    cause.hint()
                ));
            }
            if matches!(error, VerifyError::Stale { .. }) {
                text.push_str("\n  To verify an old capture, give --ignore-age or --received-at TIME.");
            }
            text
        }
    }
}

fn as_json(request: &CapturedRequest, explanation: &Explanation) -> String {
    let causes: Vec<_> = explanation
        .causes()
        .map(|(certainty, cause)| {
            json!({ "certainty": certainty.to_string(), "cause": cause.to_string(), "hint": cause.hint() })
        })
        .collect();
    let secret = match explanation.outcome() {
        Ok(MatchedKey::Current) => Some(1),
        Ok(MatchedKey::Previous(index)) => Some(index + 2),
        Err(_) => None,
    };
    json!({
        "verified": explanation.outcome().is_ok(),
        "event": request.header("X-Revento-Event"),
        "delivery_id": request.header("X-Revento-Delivery-Id"),
        "secret": secret,
        "error": explanation.outcome().err().map(reason),
        "causes": causes,
    })
    .to_string()
}

fn reason(error: VerifyError) -> String {
    revento::types::error::chain(&error).to_string()
}

fn shown(request: &CapturedRequest, name: &str) -> String {
    request
        .header(name)
        .map_or_else(|| format!("(no {name})"), |text| printable(&text).to_string())
}
