//! `revento sign`: the headers of a webhook for a body, as the platform would send them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use revento::webhooks::Signer;
use serde::Deserialize;

use super::{now, parse_time, read_input, secrets::SecretArguments};
use crate::{random_id::random_id, terminal};

/// Signs with the first secret.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento sign body.json
  revento sign body.json --curl http://localhost:3000/webhooks | sh
  revento sign body.json --at 2026-05-09T14:22:31Z --json")]
pub(crate) struct Arguments {
    /// The body, which is signed byte for byte. `-` reads standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    body: PathBuf,
    #[command(flatten)]
    secrets: SecretArguments,
    /// The event type. The default is the body's `type`.
    #[arg(long, value_name = "TYPE")]
    event: Option<String>,
    /// The delivery id. The default is a new one.
    #[arg(long, value_name = "ID")]
    delivery_id: Option<String>,
    /// The time of the signature: Unix seconds or ISO 8601. The default is now.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<i64>,
    /// Print a curl command that sends the webhook to this address.
    #[arg(long, value_name = "URL", conflicts_with = "json")]
    curl: Option<String>,
    /// Print the headers as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Typed {
    r#type: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let secrets = arguments.secrets.read()?;
    let signer = Signer::new(secrets.first().map_or("", String::as_str))?;
    let body = read_input(&arguments.body)?;
    let event = match &arguments.event {
        Some(event) => event.clone(),
        None => {
            serde_json::from_slice::<Typed>(&body)
                .context("the body names no type: give --event TYPE")?
                .r#type
        }
    };
    let timestamp = arguments.at.unwrap_or_else(now);
    let delivery_id = match &arguments.delivery_id {
        Some(id) => id.clone(),
        None => random_id().context("give --delivery-id ID")?,
    };
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("X-Revento-Event", event),
        ("X-Revento-Delivery-Id", delivery_id),
        ("X-Revento-Timestamp", timestamp.to_string()),
        ("X-Revento-Signature", signer.sign(timestamp, &body)),
    ];
    let text = match &arguments.curl {
        Some(url) => curl(url, &headers, &arguments.body, body)?,
        None if arguments.json => {
            let members = headers.map(|(name, value)| (name.to_owned(), value.into()));
            serde_json::Value::Object(members.into_iter().collect()).to_string()
        }
        None => headers.map(|(name, value)| format!("{name}: {value}")).join("\n"),
    };
    terminal::print_line(&text);
    Ok(())
}

/// A command for a shell. It reads the body from its file, or contains it if it came from standard input.
fn curl(url: &str, headers: &[(&str, String)], path: &Path, body: Vec<u8>) -> Result<String> {
    let mut words = vec![
        "curl".to_owned(),
        "--silent".into(),
        "--show-error".into(),
        "--include".into(),
    ];
    for (name, value) in headers {
        words.extend(["--header".to_owned(), format!("{name}: {value}")]);
    }
    if path == Path::new("-") {
        let body = String::from_utf8(body).context("the body is not UTF-8: read it from a file")?;
        words.extend(["--data-raw".to_owned(), body]);
    } else {
        words.extend(["--data-binary".to_owned(), format!("@{}", path.display())]);
    }
    words.push(url.to_owned());
    let words = words.iter().map(String::as_str);
    shlex::try_join(words)
        .context("the command cannot be written for a shell: a text contains a NUL character")
}
