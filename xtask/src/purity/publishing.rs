//! Checks that each published crate can be published: cargo finds out only when it uploads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::sources::rust_files;
use crate::workspace::{Package, metadata};

/// Macros that read a file at compile time. A path that leaves the package is not there for its users.
const READERS: [&str; 3] = ["include_str!(\"", "include_bytes!(\"", "include!(\""];

pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let packages = metadata(root)?.packages;
    let mut violations = dependencies(&packages);
    for package in packages.iter().filter(|package| package.is_published()) {
        violations.extend(pages(package));
        violations.extend(reads(package)?);
    }
    Ok(violations)
}

/// A dependency that is not in the registry. Those for tests are not uploaded if they have no version.
fn dependencies(packages: &[Package]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in packages.iter().filter(|package| package.is_published()) {
        for dependency in &package.dependencies {
            let Some(ours) = packages.iter().find(|other| other.name == dependency.name) else {
                continue;
            };
            let is_dev = dependency.kind.as_deref() == Some("dev");
            let is_stripped = is_dev && dependency.req == "*";
            if !is_stripped && !ours.is_published() {
                violations.push(violation(
                    package,
                    format!("it is published and uses {}, which is not", ours.name),
                ));
            } else if dependency.req == "*" && !is_dev {
                violations.push(violation(
                    package,
                    format!("its dependency {} names no version", ours.name),
                ));
            }
        }
    }
    violations
}

/// What its page in the registry shows.
fn pages(package: &Package) -> Vec<Violation> {
    let readme = package
        .readme
        .as_ref()
        .map(|readme| package.manifest_path.with_file_name(readme));
    let missing = [
        (
            package.description.as_deref().unwrap_or_default().is_empty(),
            "a description",
        ),
        (package.license.is_none(), "a license"),
        (!readme.is_some_and(|readme| readme.is_file()), "a README"),
    ];
    missing
        .into_iter()
        .filter(|(is_missing, _)| *is_missing)
        .map(|(_, what)| violation(package, format!("it is published without {what}")))
        .collect()
}

/// Files of other folders that its sources read.
fn reads(package: &Package) -> Result<Vec<Violation>> {
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest has no folder")?;
    let mut violations = Vec::new();
    for file in rust_files(&folder.join("src"))? {
        let text = fs::read_to_string(&file)?;
        // A README that only a documentation test reads.
        let shipped = |line: &&str| !line.trim_start().starts_with("#[doc");
        for (number, line) in text.lines().enumerate().filter(|(_, line)| shipped(line)) {
            let read = READERS
                .iter()
                .filter_map(|reader| line.split_once(reader))
                .filter_map(|(_, rest)| rest.split('"').next());
            for path in read.filter(|path| leaves(folder, &file, path)) {
                violations.push(Violation::Code {
                    place: format!("{}:{}", file.display(), number + 1),
                    why: format!("{path} is not in the package of {}", package.name),
                });
            }
        }
    }
    Ok(violations)
}

/// Whether the path, as seen from the file, is outside the folder.
fn leaves(folder: &Path, file: &Path, path: &str) -> bool {
    let inside = file
        .strip_prefix(folder)
        .map_or(0, |inside| inside.components().count().saturating_sub(1));
    let mut depth = i64::try_from(inside).unwrap_or(i64::MAX);
    for part in path.split('/') {
        depth += if part == ".." { -1 } else { i64::from(part != ".") };
        if depth < 0 {
            return true;
        }
    }
    false
}

fn violation(package: &Package, why: String) -> Violation {
    Violation::Code {
        place: package.name.clone(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A published crate `a` and a crate `b`, as cargo describes them.
    fn packages(b_is_published: bool, kind: Option<&str>, req: &str) -> Vec<Package> {
        let publish: &[&str] = &[];
        serde_json::from_value(serde_json::json!([
            { "name": "a", "manifest_path": "/a/Cargo.toml", "features": {}, "targets": [],
              "dependencies": [{ "name": "b", "kind": kind, "req": req, "optional": false }] },
            { "name": "b", "manifest_path": "/b/Cargo.toml", "features": {}, "targets": [], "dependencies": [],
              "publish": if b_is_published { None } else { Some(publish) } },
        ]))
        .unwrap()
    }

    #[test]
    fn a_published_crate_uses_only_published_ones() {
        assert!(dependencies(&packages(true, None, "^0.1")).is_empty());
        assert_eq!(dependencies(&packages(false, None, "^0.1")).len(), 1);
        assert_eq!(dependencies(&packages(false, Some("build"), "^0.1")).len(), 1);
        assert_eq!(dependencies(&packages(true, None, "*")).len(), 1);
        // Cargo leaves it out of what it uploads.
        assert!(dependencies(&packages(false, Some("dev"), "*")).is_empty());
        assert_eq!(dependencies(&packages(false, Some("dev"), "^0.1")).len(), 1);
    }

    #[test]
    fn a_crate_without_pages_is_found() {
        let found = pages(&packages(true, None, "*")[0]);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn a_path_that_leaves_the_package_is_found() {
        let (folder, file) = (Path::new("/a"), Path::new("/a/src/deep/lib.rs"));
        assert!(!leaves(folder, file, "../../README.md"));
        assert!(!leaves(folder, file, "schema/1.sql"));
        assert!(leaves(folder, file, "../../../README.md"));
        assert!(leaves(folder, file, "../../x/../../b"));
    }
}
