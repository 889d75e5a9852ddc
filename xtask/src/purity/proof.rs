//! The checks find violations: a real workspace with one is refused.

use std::path::Path;

use super::check;
use super::facts::{Facts, Network};
use crate::workspace::root;

const BELOW: [&str; 3] = ["revento-core", "revento-oauth", "revento-webhooks"];

/// Copies the manifests below the line into a new workspace.
fn copy(to: &Path) {
    let from = root().unwrap();
    let manifest = std::fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let lines = manifest.lines().map(|line| match line.split_once(" = ") {
        Some(("members", _)) => "members = [\"crates/*\"]",
        Some(("default-members", _)) => "",
        _ => line,
    });
    let manifest = lines.collect::<Vec<_>>().join("\n");
    std::fs::write(to.join("Cargo.toml"), manifest).unwrap();
    std::fs::copy(from.join("Cargo.lock"), to.join("Cargo.lock")).unwrap();
    for name in BELOW {
        let folder = Path::new("crates").join(name);
        std::fs::create_dir_all(to.join(&folder).join("src")).unwrap();
        std::fs::write(to.join(&folder).join("src/lib.rs"), "").unwrap();
        std::fs::copy(
            from.join(&folder).join("Cargo.toml"),
            to.join(&folder).join("Cargo.toml"),
        )
        .unwrap();
    }
}

fn said(workspace: &Path) -> Vec<String> {
    let facts = Facts::of(workspace, Network::Offline).unwrap();
    assert_eq!(facts.members.len(), BELOW.len());
    check::dependencies(&facts)
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn add_dependency(workspace: &Path, member: &str, line: &str) {
    let path = workspace.join("crates").join(member).join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        manifest.replace("[dependencies]\n", &format!("[dependencies]\n{line}\n")),
    )
    .unwrap();
}

#[test]
fn the_workspace_as_it_is_passes() {
    let workspace = tempfile::tempdir().unwrap();
    copy(workspace.path());
    assert_eq!(said(workspace.path()), Vec::<String>::new());
}

#[test]
fn tokio_in_the_oauth_machines_fails() {
    let workspace = tempfile::tempdir().unwrap();
    copy(workspace.path());
    add_dependency(workspace.path(), "revento-oauth", "tokio.workspace = true");
    let said = said(workspace.path());
    let expected = "revento-oauth is below the line, but brings tokio: a runtime";
    assert!(said.iter().any(|line| line == expected), "{said:#?}");
}

#[test]
fn randomness_far_down_in_the_tree_fails() {
    let workspace = tempfile::tempdir().unwrap();
    copy(workspace.path());
    add_dependency(
        workspace.path(),
        "revento-core",
        "chacha20poly1305 = { workspace = true, features = [\"getrandom\"] }",
    );
    let said = said(workspace.path());
    for member in ["revento-core", "revento-oauth"] {
        let expected = format!("{member} is below the line, but brings getrandom: randomness");
        assert!(said.contains(&expected), "{said:#?}");
    }
}

#[test]
fn the_machines_may_not_use_the_verifier() {
    let workspace = tempfile::tempdir().unwrap();
    copy(workspace.path());
    add_dependency(
        workspace.path(),
        "revento-oauth",
        "revento-webhooks.workspace = true",
    );
    assert_eq!(
        said(workspace.path()),
        ["revento-oauth must not use revento-webhooks"]
    );
}
