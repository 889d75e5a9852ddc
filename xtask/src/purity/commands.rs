//! Files for a code host and pages name only commands that exist: each YAML file of `.github` is YAML, and each `cargo xtask …` is
//! understood.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use saphyr::{LoadableYamlNode, Yaml};

use super::check::Violation;
use crate::process;

const COMMAND: &str = "cargo xtask ";

pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["ls-files", "--", ".github/*.yml", "*.md", "llms.txt"]);
    let mut violations = Vec::new();
    for name in process::stdout(&mut git)?.lines() {
        // A file that is deleted and not yet committed.
        let text = fs::read_to_string(root.join(name)).unwrap_or_default();
        let complaints = if name.ends_with(".yml") {
            workflow(root, &text)
        } else {
            page(&text)
        };
        violations.extend(complaints.into_iter().map(|why| Violation::Code {
            place: name.to_owned(),
            why,
        }));
    }
    Ok(violations)
}

/// What is wrong with a YAML file: its form, or a text in it that is a command.
fn workflow(root: &Path, text: &str) -> Vec<String> {
    match Yaml::load_from_str(text) {
        Err(error) => vec![format!("this is no YAML: {error}")],
        Ok(documents) => documents
            .iter()
            .flat_map(texts)
            .flat_map(str::lines)
            .filter_map(|line| wrong(root, line))
            .collect(),
    }
}

/// All texts in a node, however deep.
fn texts<'a>(node: &'a Yaml<'_>) -> Vec<&'a str> {
    if let Some(text) = node.as_str() {
        return vec![text];
    }
    let items = node.as_sequence().into_iter().flatten();
    let values = node
        .as_mapping()
        .into_iter()
        .flat_map(|mapping| mapping.iter().map(|(_, value)| value));
    items.chain(values).flat_map(texts).collect()
}

/// What is wrong with a line, if it is a command of this repository.
fn wrong(root: &Path, line: &str) -> Option<String> {
    if let Some(program) = line.strip_prefix('.') {
        let program = program.trim_start_matches('/');
        let exists = root.join(format!(".{program}")).exists() || root.join(program).exists();
        return (!exists).then(|| format!("there is no program {line}"));
    }
    not_understood(line.strip_prefix(COMMAND)?)
}

/// The commands in code of a page.
fn page(text: &str) -> Vec<String> {
    let code = text.split('`').skip(1).step_by(2);
    let quoted = code.filter_map(|code| code.strip_prefix(COMMAND));
    let lines = text.lines().filter_map(|line| line.strip_prefix(COMMAND));
    quoted.chain(lines).filter_map(not_understood).collect()
}

/// A complaint about a command or an option that does not exist. A value may be a placeholder.
fn not_understood(arguments: &str) -> Option<String> {
    let arguments = arguments.split(" #").next().unwrap_or_default();
    let unknown = crate::unknown_argument(arguments.split_whitespace())?;
    Some(format!("{COMMAND}{arguments}: there is no {unknown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_names_commands_that_exist() {
        let root = tempfile::tempdir().unwrap();
        let complaints = |run: &str| {
            workflow(
                root.path(),
                &format!("jobs:\n  ci:\n    steps:\n      - uses: a@v1\n      - run: {run}\n"),
            )
        };
        assert!(complaints("cargo xtask crash --kills 300").is_empty());
        assert!(complaints("rustup toolchain install nightly").is_empty());
        assert_eq!(complaints("cargo xtask destroy").len(), 1);
        assert_eq!(complaints("cargo xtask crash --lives 9").len(), 1);
        assert_eq!(
            complaints("|\n          echo\n          cargo xtask destroy").len(),
            1
        );
        assert_eq!(complaints(".ci/run").len(), 1);
        assert_eq!(complaints("]").len(), 1);
    }

    #[test]
    fn a_page_names_commands_that_exist() {
        let right = "Run `cargo xtask bench verify` or `cargo xtask test -p PACKAGE`.\n```sh\ncargo xtask crash --kills N  # many\n```\n";
        assert!(page(right).is_empty(), "{:?}", page(right));
        assert_eq!(page("`cargo xtask bench nothing`").len(), 1);
        assert_eq!(page("```sh\ncargo xtask cii\n```").len(), 1);
    }
}
