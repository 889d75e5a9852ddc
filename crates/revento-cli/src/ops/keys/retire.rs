//! `revento ops keys retire`.

use anyhow::{Result, bail};
use serde_json::json;

use super::{
    super::{StoreArguments, Stores, key_files::KeyFile},
    count::{Under, count},
};
use crate::terminal;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The command changes nothing: the service holds its keys. It says whether the key can be taken from the service and destroyed.

Examples:
  revento ops keys retire 3f9a0c5e1e7a574c --store sqlite:integration.db
  revento ops keys retire --key-file old.key"
)]
pub(crate) struct RetireArguments {
    /// The id of the key, as `revento ops keys status` shows it.
    #[arg(value_name = "KEY", required_unless_present = "key_file")]
    key_id: Option<String>,
    /// The file with the key, instead of its id.
    #[arg(long, value_name = "FILE", conflicts_with = "key_id")]
    key_file: Option<KeyFile>,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) async fn retire(arguments: RetireArguments) -> Result<()> {
    let id = match arguments.key_file {
        Some(file) => file.read()?.id().to_owned(),
        None => arguments.key_id.unwrap_or_default(),
    };
    let stores = Stores::open(&arguments.store).await?;
    let counts = count(&stores).await?;
    let key = Under::Key(id);
    let under = counts.get(&key).copied().unwrap_or_default();
    let unreadable = counts.get(&Under::Unreadable).copied().unwrap_or_default().all();
    let name = key.name();
    if arguments.json {
        let line = json!({
            "can_go": under.all() == 0 && unreadable == 0,
            "tokens": under.tokens,
            "bodies": under.bodies,
            "errors": under.errors,
            "unreadable": unreadable,
        });
        terminal::print_line(&line.to_string());
    }
    if under.all() > 0 {
        bail!(
            "{} sealed under the {name}: run revento ops keys reseal. If the number does not fall, a replica still seals under it: make the \
             new key the current one everywhere",
            terminal::counted(under.all(), "record is", "records are")
        );
    }
    if unreadable > 0 {
        bail!(
            "{} no key, and can be sealed under any: find out what wrote them before you drop a key",
            terminal::counted(unreadable, "record names", "records name")
        );
    }
    if !arguments.json {
        let others: Vec<String> = counts
            .iter()
            .map(|(under, counts)| format!("{} under the {}", counts.all(), under.name()))
            .collect();
        let others = if others.is_empty() {
            "nothing is sealed at all".to_owned()
        } else {
            others.join(", ")
        };
        terminal::print_line(&format!(
            "Nothing in this store is sealed under the {name} ({others}).\n\
             1. Check the other stores that the service has (tokens in Redis, the inbox elsewhere), and that every replica seals under another key.\n\
             2. Take the key out of the service's key ring.\n\
             3. Destroy the key when no backup is needed that is sealed under it."
        ));
    }
    Ok(())
}
