//! Checks the public API of each library: which foreign types its signatures have, and the shape of its errors.
//!
//! rustdoc describes each library as JSON, and each path in a public signature leads to the crate that defines it. A crate that is
//! not in the table is a leak: its next major version would force one of ours.
//!
//! `cargo public-api` and `cargo check-external-types` need a nightly toolchain and an installation from the network, which CI does not
//! have.

mod error_shape;
mod rules;
mod signatures;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;
use crate::workspace::{cargo, metadata, root};

/// Prints every complaint. An error if there is any.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata(&root()?)?;
    let libraries: Vec<&str> = metadata
        .packages
        .iter()
        .filter(|package| package.is_public_library())
        .map(|package| package.name.as_str())
        .collect();
    describe(&libraries, &metadata.target_directory)?;
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for library in &libraries {
        let file = description(&metadata.target_directory, library);
        let text = fs::read(&file).with_context(|| format!("rustdoc wrote no {}", file.display()))?;
        let description: Value = serde_json::from_slice(&text)?;
        complaints.extend(check(library, &description, &mut seen)?);
        complaints.extend(error_shape::check(library, &description)?);
    }
    complaints.extend(rules::unused(&seen));
    for complaint in &complaints {
        println!("✗ {complaint}");
    }
    if !complaints.is_empty() {
        bail!(
            "{} complaint(s) about the public API; the tables are in xtask/src/public_api",
            complaints.len()
        );
    }
    println!(
        "{} libraries have only allowed types in their signatures",
        libraries.len()
    );
    Ok(())
}

/// The complaints about this library's foreign types. Adds the rules that it needs to `seen`.
fn check(library: &str, description: &Value, seen: &mut BTreeSet<rules::Use>) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for shown in signatures::foreign(description).context(library.to_owned())? {
        match rules::allows(library, &shown.krate) {
            Some(rule) => {
                seen.insert(rule);
            }
            None => complaints.push(format!("{library} shows {} in {}", shown.path, shown.place)),
        }
    }
    Ok(complaints)
}

/// Runs rustdoc on the libraries.
///
/// JSON is an unstable output, so rustdoc runs as a nightly. The compiler does not, so cargo reuses what it has checked for the
/// documentation. The format is that of the pinned toolchain.
fn describe(libraries: &[&str], target: &Path) -> Result<()> {
    let folder = target.join("public-api");
    fs::create_dir_all(&folder)?;
    let rustdoc = folder.join("rustdoc");
    fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    executable(&rustdoc)?;
    for library in libraries {
        fs::remove_file(description(target, library)).ok();
    }
    let arguments = [
        "doc",
        "--quiet",
        "--locked",
        "--workspace",
        "--lib",
        "--all-features",
        "--no-deps",
    ];
    let mut command = cargo(&arguments)?;
    command.env("RUSTDOC", rustdoc).env(
        "RUSTDOCFLAGS",
        "-Zunstable-options --output-format=json --cap-lints=allow",
    );
    process::run(&mut command)
}

#[cfg(unix)]
fn executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn executable(_: &Path) -> Result<()> {
    bail!("this command needs a Unix shell")
}

fn description(target: &Path, library: &str) -> PathBuf {
    target
        .join("doc")
        .join(format!("{}.json", library.replace('-', "_")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A library with one public function, `fn leak() -> sqlx::Error`, and a private one that may return what it likes.
    fn library(krate: &str) -> Value {
        let returns = json!({ "resolved_path": { "path": "Error", "id": 7, "args": null } });
        let function = json!({ "function": { "sig": { "inputs": [], "output": returns } } });
        let item = |name: &str, visibility: Value| {
            json!({
                "crate_id": 0, "name": name, "visibility": visibility, "inner": function,
                "span": { "filename": "src/lib.rs", "begin": [3, 1] }
            })
        };
        json!({
            "format_version": 57,
            "index": {
                "1": item("leak", json!("public")),
                "2": item("hidden", json!({ "restricted": { "parent": 0, "path": "::inner" } })),
            },
            "paths": { "7": { "crate_id": 5, "path": [krate, "Error"], "kind": "enum" } },
            "external_crates": { "5": { "name": krate } },
        })
    }

    #[test]
    fn a_foreign_type_is_a_leak_once_for_each_place() {
        let complaints = check("revento-core", &library("sqlx"), &mut BTreeSet::new()).unwrap();
        assert_eq!(
            complaints,
            ["revento-core shows sqlx::Error in leak (src/lib.rs:3)"]
        );
    }

    #[test]
    fn vocabulary_our_own_and_an_adapters_framework_are_none() {
        for (ours, krate) in [
            ("revento-core", "http"),
            ("revento-core", "std"),
            ("revento-api", "revento_core"),
            ("revento-axum", "axum_core"),
        ] {
            let complaints = check(ours, &library(krate), &mut BTreeSet::new()).unwrap();
            assert!(complaints.is_empty(), "{complaints:?}");
        }
        let elsewhere = check("revento-core", &library("axum_core"), &mut BTreeSet::new()).unwrap();
        assert_eq!(elsewhere.len(), 1);
    }

    #[test]
    fn a_rule_that_nobody_needs_is_a_complaint() {
        let complaints = rules::unused(&BTreeSet::new());
        assert!(
            complaints.iter().any(|text| text.contains("axum_core")),
            "{complaints:?}"
        );
    }

    #[test]
    fn another_format_is_refused_instead_of_misread() {
        let mut other = library("http");
        other["format_version"] = json!(9999);
        let error = check("revento-core", &other, &mut BTreeSet::new()).unwrap_err();
        assert!(format!("{error:#}").contains("9999"), "{error:#}");
    }
}
