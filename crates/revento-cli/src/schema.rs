//! `revento schema`: what the lines of each `--json` output hold.
//!
//! A schema is a file in `schemas/`. Its name is that of the command with hyphens, such as `ops-check`. A new one needs a line in
//! the list below, and a test of the command that reads its output with `support::json_lines`.

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use crate::terminal;

/// Reads each schema at compile time, so that the installed program has them.
macro_rules! schemas {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../schemas/", $name, ".json")))),*]
    };
}

/// The names and the texts, in alphabetical order.
const SCHEMAS: &[(&str, &str)] = schemas! {
    "deliveries-list"
    "deliveries-record"
    "deliveries-redrive"
    "deliveries-replay"
    "deliveries-show"
    "doctor"
    "doctor-list"
    "export-participants"
    "listen"
    "ops-check"
    "ops-connections-list"
    "ops-connections-show"
    "ops-deletions-due"
    "ops-inbox-dead"
    "ops-inbox-show"
    "ops-inbox-stats"
    "ops-keys-reseal"
    "ops-keys-retire"
    "ops-keys-status"
    "quickstart-headless"
    "sandbox"
    "sign"
    "trigger"
    "trigger-list"
    "verify"
};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento schema
  revento schema ops-check > ops-check.schema.json")]
pub(crate) struct Arguments {
    /// The command whose `--json` output is described. Without it the names are listed.
    #[arg(value_name = "NAME", value_parser = names(), hide_possible_values = true)]
    name: Option<String>,
}

/// The shell completes the names, and a wrong one is answered with the list.
fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(SCHEMAS.iter().map(|(name, _)| *name))
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.name {
        Some(wanted) => {
            for (_, text) in SCHEMAS.iter().filter(|(name, _)| name == wanted) {
                terminal::print_line(text.trim_end());
            }
        }
        None => SCHEMAS.iter().for_each(|(name, _)| terminal::print_line(name)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use serde_json::Value;

    use super::SCHEMAS;

    #[test]
    fn each_file_is_in_the_list_and_describes_its_fields() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        let files: BTreeSet<String> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let listed: BTreeSet<String> = SCHEMAS.iter().map(|(name, _)| format!("{name}.json")).collect();
        assert_eq!(files, listed);
        assert!(SCHEMAS.is_sorted(), "the names are in alphabetical order");
        for (name, text) in SCHEMAS {
            let schema: Value = serde_json::from_str(text).unwrap();
            for member in ["$schema", "$id", "title", "description"] {
                assert!(schema[member].is_string(), "{name} has no {member}");
            }
            assert!(
                schema["$id"]
                    .as_str()
                    .unwrap()
                    .ends_with(&format!("/{name}.json")),
                "{name}"
            );
        }
    }
}
