//! Checks the sandbox's counters after a run of the quickstart: tokens were refreshed, and no refresh token was sent twice.

use std::fmt;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The sandbox's counters after one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) refreshes: u64,
    reuses: u64,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refreshes, {} reuses", self.refreshes, self.reuses)
    }
}

/// Reads the lines of JSON that the quickstart printed.
pub(super) fn read(text: &str) -> Result<Evidence> {
    let documents: Vec<Value> = match serde_json::from_str(text) {
        Ok(document) => vec![document],
        Err(_) => text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
    };
    let count = |name| {
        let last = documents.iter().rev().find_map(|document| find(document, name));
        last.with_context(|| format!("the quickstart printed no `{name}`"))
    };
    let evidence = Evidence {
        refreshes: count("refreshes")?,
        reuses: count("reuses")?,
    };
    if evidence.reuses > 0 {
        bail!("a refresh token was sent twice ({} times)", evidence.reuses);
    }
    if evidence.refreshes == 0 {
        bail!("no token was refreshed, so the run proves nothing");
    }
    Ok(evidence)
}

/// The number with this name, at any depth.
fn find(value: &Value, name: &str) -> Option<u64> {
    match value {
        Value::Object(fields) => {
            let here = fields.get(name).and_then(Value::as_u64);
            here.or_else(|| fields.values().find_map(|field| find(field, name)))
        }
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_wherever_the_walk_puts_them() {
        let text = "{\"step\":\"connect\"}\n{\"ok\":true,\"stats\":{\"refreshes\":3,\"reuses\":0}}\n";
        assert_eq!(read(text).unwrap().to_string(), "3 refreshes, 0 reuses");
    }

    #[test]
    fn a_token_sent_twice_is_a_failure_even_when_the_walk_passed() {
        let text = "{\"refreshes\":3,\"reuses\":1}";
        assert!(read(text).unwrap_err().to_string().contains("sent twice"));
    }

    #[test]
    fn silence_is_no_evidence() {
        assert!(read("all good\n").is_err());
    }
}
