//! `revento deliveries replay`.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::selection::Selection;
use crate::{
    platform::remote_sandbox::{RemoteSandbox, SandboxArguments},
    terminal,
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento deliveries replay 1a0c5e1e-7a57-4c1e-8f0e-0c8a4b8f2d11
  revento deliveries replay --status dead --since 2h")]
pub(crate) struct Arguments {
    /// Delivery ids. Without any, the options select the deliveries.
    ids: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    if arguments.ids.is_empty() && arguments.selection.is_empty() {
        bail!("name deliveries by their ids, or select them with --status, --type, --event or --since");
    }
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let mut selection = Map::new();
    if !arguments.ids.is_empty() {
        selection.insert("ids".into(), json!(arguments.ids));
    }
    let query = arguments.selection.query(&sandbox).await?;
    selection.extend(
        query
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into())),
    );
    let answer = sandbox.post("/deliveries/replay", &selection.into()).await?;
    let replayed = answer.get("replayed").and_then(Value::as_u64).unwrap_or(0);
    terminal::print_line(&if arguments.json {
        answer.to_string()
    } else {
        format!(
            "replayed {}",
            terminal::counted(replayed, "delivery", "deliveries")
        )
    });
    match arguments.ids.len() {
        named if usize::try_from(replayed).is_ok_and(|replayed| replayed < named) => {
            bail!("{replayed} of {named} ids are in the delivery log")
        }
        _ => Ok(()),
    }
}
