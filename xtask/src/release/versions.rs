//! One version in the whole workspace: in the manifests, in what they demand of each other, and in what the pages tell people to write.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::changelog;
use crate::process;
use crate::workspace::{Package, VERSION, metadata};

/// One complaint for each place that names another version than the workspace.
pub(crate) fn check(root: &Path) -> Result<Vec<String>> {
    let mut complaints = changelog::check(root, VERSION)?;
    complaints.extend(manifests(&metadata(root)?.packages, VERSION));
    for page in pages(root)? {
        // A file that is deleted and not yet committed.
        let text = fs::read_to_string(root.join(&page)).unwrap_or_default();
        for (number, told) in told(&text) {
            if !fits(told, VERSION) {
                complaints.push(format!(
                    "{page}:{number}: tells people to use {told}; this is {VERSION}"
                ));
            }
        }
    }
    Ok(complaints)
}

fn manifests(packages: &[Package], version: &str) -> Vec<String> {
    let demanded = format!("^{version}");
    let is_ours = |name: &str| packages.iter().any(|package| package.name == name);
    let mut complaints = Vec::new();
    for package in packages {
        if package.version != version {
            complaints.push(format!(
                "{} is at {}; this is {version}",
                package.name, package.version
            ));
        }
        for used in package.dependencies.iter().filter(|used| is_ours(&used.name)) {
            if used.req != "*" && used.req != demanded {
                complaints.push(format!(
                    "{} demands {} {}; this is {version}",
                    package.name, used.name, used.req
                ));
            }
        }
    }
    complaints
}

/// The files in which people read a dependency: pages, and documentation of code.
fn pages(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["ls-files", "*.md", "crates/*.rs", "examples/*.rs"]);
    let names = process::stdout(&mut git).context("git lists no files")?;
    let is_history = |name: &&str| *name == "CHANGELOG.md";
    Ok(names
        .lines()
        .filter(|name| !is_history(name))
        .map(str::to_owned)
        .collect())
}

/// The versions in lines such as `revento = "0.2"` and `revento-api = { version = "0.2", … }`, with or without the mark of a comment.
fn told(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter_map(|(number, line)| {
        let line = line.trim_start_matches(['/', '!', ' ']);
        let (name, value) = line.split_once(" = ")?;
        let is_name = |c: char| c.is_ascii_lowercase() || c == '-';
        if !name.starts_with("revento") || !name.chars().all(is_name) {
            return None;
        }
        let quoted = value
            .strip_prefix('"')
            .or_else(|| Some(value.split_once("version = \"")?.1))?;
        let version = quoted.split('"').next()?;
        version
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some((number, version))
    })
}

/// Whether `0.2` or `0.2.0` is what a user of 0.2.0 writes.
fn fits(told: &str, version: &str) -> bool {
    version == told
        || version
            .strip_prefix(told)
            .is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str, uses: &[(&str, &str)]) -> Package {
        let uses: Vec<_> = uses
            .iter()
            .map(|(name, req)| serde_json::json!({ "name": name, "kind": null, "req": req, "optional": false }))
            .collect();
        serde_json::from_value(serde_json::json!({
            "name": name, "version": version, "manifest_path": "/a/Cargo.toml", "features": {}, "targets": [],
            "dependencies": uses,
        }))
        .unwrap()
    }

    #[test]
    fn the_manifests_agree() {
        let right = [
            package(
                "revento",
                "0.2.0",
                &[("revento-api", "^0.2.0"), ("serde", "^1.0.1")],
            ),
            package("revento-api", "0.2.0", &[("revento", "*")]),
        ];
        assert!(manifests(&right, "0.2.0").is_empty());
        let wrong = [
            package("revento", "0.2.0", &[("revento-api", "^0.1.0")]),
            package("revento-api", "0.1.0", &[]),
        ];
        assert_eq!(manifests(&wrong, "0.2.0").len(), 2);
    }

    #[test]
    fn a_page_tells_a_version() {
        let page = "revento = \"0.2\"\n//! revento-api = { version = \"0.1\", features = [] }\nrevento = { path = \"..\" }\nserde = \"1\"\nlet revento = \"text\";\n";
        let told: Vec<_> = told(page).collect();
        assert_eq!(told, [(1, "0.2"), (2, "0.1")]);
        assert!(fits("0.2", "0.2.0") && fits("0.2.0", "0.2.0") && fits("1", "1.4.2"));
        assert!(!fits("0.1", "0.2.0") && !fits("0", "01.2") && !fits("0.2.1", "0.2.0"));
    }
}
