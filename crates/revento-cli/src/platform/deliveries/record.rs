//! `revento deliveries record`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use revento_example_service::private_file;
use revento_sandbox::{RecordedWebhook, Recording};
use serde_json::{Value, json};

use super::selection::Selection;
use crate::{
    platform::remote_sandbox::{RemoteSandbox, SandboxArguments, segment},
    terminal,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento deliveries record approved.jsonl --type application.approved --since 10m
  revento deliveries record one.jsonl 1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11")]
pub(crate) struct Arguments {
    /// The file to write. It holds the bodies of the webhooks and no secret; only its owner may read it.
    file: PathBuf,
    /// Delivery ids. Without any, the options select the deliveries.
    ids: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    /// Replace the file if it exists, without a question.
    #[arg(long)]
    yes: bool,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    if !arguments.ids.is_empty() && !arguments.selection.is_empty() {
        bail!("give ids, or options that select deliveries, but not both");
    }
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let rows = rows(&sandbox, arguments).await?;
    let webhooks: Vec<RecordedWebhook> = rows.iter().map(recorded).collect::<Result<_>>()?;
    if webhooks.is_empty() {
        bail!("no delivery matches, so nothing is written");
    }
    let count = webhooks.len();
    write(arguments, &Recording::new(webhooks).to_string())?;
    let file = arguments.file.display();
    terminal::print_line(&match arguments.json {
        true => json!({ "file": file.to_string(), "recorded": count }).to_string(),
        false => format!(
            "recorded {} in {file}",
            terminal::counted(count, "delivery", "deliveries")
        ),
    });
    Ok(())
}

async fn rows(sandbox: &RemoteSandbox, arguments: &Arguments) -> Result<Vec<Value>> {
    if arguments.ids.is_empty() {
        let query = arguments.selection.query(sandbox).await?;
        return sandbox.list("/deliveries", &query).await;
    }
    let mut rows = Vec::new();
    for id in &arguments.ids {
        rows.push(sandbox.get(&format!("/deliveries/{}", segment(id))).await?);
    }
    Ok(rows)
}

fn recorded(row: &Value) -> Result<RecordedWebhook> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let needed =
        |name: &'static str| text(name).with_context(|| format!("the sandbox's answer has no {name}"));
    let mut webhook = RecordedWebhook::new(needed("id")?, needed("type")?, needed("body")?);
    webhook.event_id = text("event_id");
    webhook.created_at = text("created_at");
    Ok(webhook)
}

fn write(arguments: &Arguments, text: &str) -> Result<()> {
    let path: &Path = &arguments.file;
    let named = path.display();
    let cannot = || format!("{named} cannot be written");
    match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => bail!("{named} is a symbolic link; name the file itself"),
        Ok(found) if !found.is_file() => bail!("{named} is not a regular file"),
        Ok(_) => {
            terminal::confirm(arguments.yes, &format!("{named} exists, and would be replaced"))?;
            private_file::replace(path, text.as_bytes()).with_context(cannot)
        }
        Err(_) => match private_file::write_new(path, text.as_bytes()).with_context(cannot)? {
            true => Ok(()),
            false => bail!("another program has just written {named}; nothing is changed"),
        },
    }
}
