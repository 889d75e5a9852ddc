//! `revento ops keys status`.

use anyhow::Result;
use revento::KeyRing;
use serde_json::json;

use super::{
    super::{OptionalKeys, StoreArguments, Stores},
    Counts,
    count::{Under, count},
};
use crate::terminal;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The id of a key is no secret, and no key is needed. With --key-file each line says whether that key is the current one, a
previous one, or not given.

Examples:
  revento ops keys status --store sqlite:integration.db
  revento ops keys status --key-file new.key --previous-key-file old.key --json"
)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    keys: OptionalKeys,
    /// Print one line of JSON for each key.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) async fn status(arguments: StatusArguments) -> Result<()> {
    let ring = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let counts = count(&stores).await?;
    for (under, counts) in &counts {
        let role = ring.as_ref().map(|ring| role(ring, under));
        terminal::print_line(&if arguments.json {
            as_json(under, *counts, role)
        } else {
            line(under, *counts, role)
        });
    }
    if counts.is_empty() && !arguments.json {
        terminal::print_line("Nothing is sealed.");
    }
    Ok(())
}

/// What the key is in the ring.
fn role(ring: &KeyRing, under: &Under) -> &'static str {
    let Under::Key(id) = under else {
        return "none";
    };
    match ring.key_ids().position(|known| known == id) {
        Some(0) => "current",
        Some(_) => "previous",
        None => "not_given",
    }
}

fn line(under: &Under, counts: Counts, role: Option<&str>) -> String {
    let role = match role {
        Some("not_given") => "  (not given)",
        Some("current") => "  (current)",
        Some("previous") => "  (previous)",
        _ => "",
    };
    format!(
        "{:24} {}, {}, {}{role}",
        under.name(),
        terminal::counted(counts.tokens, "token pair", "token pairs"),
        terminal::counted(counts.bodies, "webhook body", "webhook bodies"),
        terminal::counted(counts.errors, "error", "errors"),
    )
}

fn as_json(under: &Under, counts: Counts, role: Option<&str>) -> String {
    let (sealing, key_id) = match under {
        Under::Key(id) => ("key", Some(id)),
        Under::Nothing => ("none", None),
        Under::Unreadable => ("unreadable", None),
    };
    json!({
        "sealing": sealing,
        "key_id": key_id,
        "role": role,
        "tokens": counts.tokens,
        "bodies": counts.bodies,
        "errors": counts.errors,
    })
    .to_string()
}
