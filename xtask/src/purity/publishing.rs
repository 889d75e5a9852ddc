//! Checks that each published crate can be published: cargo finds out only when it uploads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::modules::{Graph, circles};
use super::sources::rust_files;
use crate::workspace::{Package, metadata};

/// What reads a file while a package is built or tested. A path that leaves the package is not there for its users: let a link bring
/// the file into the package.
const READERS: [&str; 4] = [
    "include_str!(\"",
    "include_bytes!(\"",
    "include!(\"",
    "#[path = \"",
];

/// Where the text of a package's folder is joined with a path.
const FOLDER: &str = "env!(\"CARGO_MANIFEST_DIR\")";

/// What the licences demand of a copy.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// The categories of the registry that fit a crate of ours. It drops a category that it does not know.
const CATEGORIES: [&str; 14] = [
    "api-bindings",
    "asynchronous",
    "authentication",
    "caching",
    "command-line-utilities",
    "cryptography",
    "data-structures",
    "database",
    "development-tools::testing",
    "no-std",
    "simulation",
    "web-programming",
    "web-programming::http-client",
    "web-programming::http-server",
];

pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let packages = metadata(root)?.packages;
    let mut violations = dependencies(&packages);
    violations.extend(order(&packages));
    for package in packages.iter().filter(|package| package.is_published()) {
        violations.extend(pages(package));
        violations.extend(found_by(package));
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

/// Circles: cargo finds no first package to upload. A dependency for tests counts, unless it has no version.
fn order(packages: &[Package]) -> Vec<Violation> {
    let mut graph = Graph::new();
    for package in packages.iter().filter(|package| package.is_published()) {
        let uses = graph.entry(package.name.clone()).or_default();
        for dependency in &package.dependencies {
            let is_ours = packages.iter().any(|other| other.name == dependency.name);
            if is_ours && dependency.req != "*" {
                let kind = dependency.kind.clone().unwrap_or_else(|| "normal".to_owned());
                uses.insert(dependency.name.clone(), kind);
            }
        }
    }
    let circle = |edges| Violation::Circle {
        place: "the packages, so that none can be uploaded first".to_owned(),
        edges,
    };
    circles(&graph).into_iter().map(circle).collect()
}

/// What its page in the registry shows.
fn pages(package: &Package) -> Vec<Violation> {
    let readme = package
        .readme
        .as_ref()
        .map(|readme| package.manifest_path.with_file_name(readme));
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    let has_licences = LICENCES.iter().all(|name| folder.join(name).is_file());
    let missing = [
        (!has_licences, "the texts of its licences"),
        (
            package.description.as_deref().unwrap_or_default().is_empty(),
            "a description",
        ),
        (package.license.is_none(), "a license"),
        (!readme.is_some_and(|readme| readme.is_file()), "a README"),
        (package.documentation.is_none(), "documentation"),
        (package.repository.is_none(), "a repository"),
        (package.rust_version.is_none(), "a rust-version"),
        (
            package.has_library() && package.metadata.pointer("/docs/rs/all-features").is_none(),
            "all-features in [package.metadata.docs.rs]",
        ),
    ];
    missing
        .into_iter()
        .filter(|(is_missing, _)| *is_missing)
        .map(|(_, what)| violation(package, format!("it is published without {what}")))
        .collect()
}

/// The words by which people find it: the registry takes five of each, and drops categories that it does not know.
fn found_by(package: &Package) -> Vec<Violation> {
    let unfit = |word: &String| {
        let starts = word.starts_with(|first: char| first.is_ascii_alphabetic());
        let others = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '+');
        !starts || word.len() > 20 || !word.chars().all(others)
    };
    let mut problems = Vec::new();
    if !(1..=5).contains(&package.categories.len()) || !(1..=5).contains(&package.keywords.len()) {
        problems.push("it needs one to five categories and keywords".to_owned());
    }
    let unknown = package
        .categories
        .iter()
        .filter(|name| !CATEGORIES.contains(&name.as_str()));
    problems.extend(unknown.map(|name| format!("the category {name} is not in the list of publishing.rs")));
    let keywords = package.keywords.iter().filter(|word| unfit(word));
    problems.extend(keywords.map(|word| format!("the registry does not take the keyword {word}")));
    problems.into_iter().map(|why| violation(package, why)).collect()
}

/// Files of other folders that its code reads, and that of its tests, if they are in the package.
fn reads(package: &Package) -> Result<Vec<Violation>> {
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest has no folder")?;
    let manifest = fs::read_to_string(&package.manifest_path)?;
    let mut violations = Vec::new();
    for code in ["src", "tests", "examples", "benches"] {
        // Of the code, the list in the workspace's manifest has the sources alone.
        let is_left_out = code != "src" && manifest.contains("include.workspace = true")
            || manifest.contains(&format!("exclude = [\"/{code}\"]"));
        if is_left_out || !folder.join(code).is_dir() {
            continue;
        }
        for file in rust_files(&folder.join(code))? {
            let text = fs::read_to_string(&file)?;
            for (number, path) in outside(folder, &file, &text) {
                violations.push(Violation::Code {
                    place: format!("{}:{number}", file.display()),
                    why: format!("{path} is not in the package of {}", package.name),
                });
            }
        }
    }
    Ok(violations)
}

/// The paths in a file's code that leave the folder of the package, each with its line.
fn outside<'t>(folder: &Path, file: &Path, text: &'t str) -> Vec<(usize, &'t str)> {
    let beside = |line: &'t str| {
        let read = READERS.iter().filter_map(move |reader| line.split_once(reader));
        read.filter_map(|(_, rest)| rest.split('"').next())
            .filter(|path| leaves(folder, file, path))
            .collect::<Vec<_>>()
    };
    let below = |line: &'t str| {
        let joined = line.split_once(FOLDER).map(|(_, rest)| rest);
        joined
            .and_then(|rest| rest.split('"').nth(1))
            .filter(|path| leaves(folder, &folder.join("Cargo.toml"), path.trim_start_matches('/')))
    };
    let lines = (1..).zip(text.lines());
    lines
        .flat_map(|(number, line)| {
            beside(line)
                .into_iter()
                .chain(below(line))
                .map(move |path| (number, path))
        })
        .collect()
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
        assert_eq!(found.len(), 7, "{found:?}");
    }

    #[test]
    fn words_that_the_registry_does_not_take_are_found() {
        let mut package = packages(true, None, "*").remove(0);
        assert_eq!(found_by(&package).len(), 1);
        package.categories = vec!["database".into()];
        package.keywords = vec!["revento".into(), "no spaces".into(), "2fast".into()];
        let found: Vec<String> = found_by(&package).iter().map(ToString::to_string).collect();
        assert!(
            found[0].contains("no spaces") && found[1].contains("2fast"),
            "{found:?}"
        );
        package.keywords.truncate(1);
        assert!(found_by(&package).is_empty());
        package.categories = vec!["databases".into()];
        assert_eq!(found_by(&package).len(), 1);
    }

    #[test]
    fn a_path_that_leaves_the_package_is_found() {
        let (folder, file) = (Path::new("/a"), Path::new("/a/src/deep/lib.rs"));
        assert!(!leaves(folder, file, "../../README.md"));
        assert!(!leaves(folder, file, "schema/1.sql"));
        assert!(leaves(folder, file, "../../../README.md"));
        assert!(leaves(folder, file, "../../x/../../b"));
    }

    #[test]
    fn a_circle_of_packages_is_found() {
        let packages = |req: &str| -> Vec<Package> {
            serde_json::from_value(serde_json::json!([
                { "name": "a", "manifest_path": "/a/Cargo.toml", "features": {}, "targets": [],
                  "dependencies": [{ "name": "b", "kind": null, "req": "^0.1", "optional": false }] },
                { "name": "b", "manifest_path": "/b/Cargo.toml", "features": {}, "targets": [],
                  "dependencies": [{ "name": "a", "kind": "dev", "req": req, "optional": false }] },
            ]))
            .unwrap()
        };
        assert_eq!(order(&packages("^0.1")).len(), 1);
        // Cargo leaves it out of what it uploads.
        assert!(order(&packages("*")).is_empty());
    }

    #[test]
    fn what_code_reads_outside_is_found() {
        let (folder, file) = (Path::new("/a"), Path::new("/a/tests/it/main.rs"));
        let text = "include_str!(\"../pages/x.md\")\n#[path = \"../../../b/y.rs\"]\n\
                    #[doc = include_str!(\"../../../README.md\")]\nenv!(\"CARGO_MANIFEST_DIR\")).join(\"../../docs\")\n\
                    concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/tests/x.json\")\n";
        let found = outside(folder, file, text);
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4], "{found:?}");
    }
}
