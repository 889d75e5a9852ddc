//! Compares the list of the client's modules in ARCHITECTURE.md with the code: it has each use, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::facts::Facts;
use super::modules::{Graph, siblings};
use crate::rust::Crate;

const FILE: &str = "ARCHITECTURE.md";
const CRATE: &str = "revento-api";

/// What stands above the drawing, a fenced block.
const CAPTION: &str = "modules of revento-api";

/// Who uses whom: `(user, used)`. A module that uses none is drawn with an empty right side.
type Edges = BTreeSet<(String, String)>;

/// One violation for each use that only the code or only the drawing has.
pub(super) fn check(root: &Path, facts: &Facts) -> Result<Vec<Violation>> {
    let member = facts.members.iter().find(|member| member.name == CRATE);
    let member = member.with_context(|| format!("no crate {CRATE}"))?;
    let code = edges(&siblings(&Crate::load(&member.folder)?, &[]));
    let page = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let drawn = drawn(&page).with_context(|| format!("{FILE} has no fenced block under \"{CAPTION}\""))?;
    let missing = code
        .difference(&drawn)
        .map(|(user, used)| format!("{user} -> {used} is in the code only"));
    let extra = drawn
        .difference(&code)
        .map(|(user, used)| format!("{user} -> {used} is in the drawing only"));
    let all = missing.chain(extra).map(|why| Violation::Code {
        place: format!("{FILE} ({CAPTION})"),
        why,
    });
    Ok(all.collect())
}

fn edges(graph: &Graph) -> Edges {
    let uses = graph
        .iter()
        .flat_map(|(user, uses)| uses.keys().map(move |used| (user.clone(), used.clone())));
    uses.collect()
}

/// The edges of the fenced block that follows the caption.
fn drawn(page: &str) -> Option<Edges> {
    let (_, below) = page.split_once(CAPTION)?;
    let (_, block) = below.split_once("```")?;
    let (block, _) = block.split_once("```")?;
    let lines = block.lines().filter_map(|line| line.split_once("->"));
    let edges = lines.flat_map(|(user, used)| {
        let used = used.split(',').map(str::trim).filter(|used| !used.is_empty());
        used.map(move |used| (user.trim().to_owned(), used.to_owned()))
    });
    Some(edges.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_is_read_line_by_line() {
        let page = "text\n### modules of revento-api\n\n```text\nclient -> session, error\nsession -> error\nerror\n```\nmore -> text\n";
        let edges = drawn(page).unwrap();
        let edges: Vec<_> = edges
            .iter()
            .map(|(user, used)| format!("{user} -> {used}"))
            .collect();
        assert_eq!(
            edges,
            ["client -> error", "client -> session", "session -> error"]
        );
        assert!(drawn("no drawing").is_none());
    }
}
