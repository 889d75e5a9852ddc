//! Each published crate has a README, and the target of each relative link in a page exists.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The entries of a folder of the repository.
fn entries(folder: &str) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
}

fn is_published(package: &Path) -> bool {
    !fs::read_to_string(package.join("Cargo.toml"))
        .unwrap()
        .contains("publish = false")
}

#[test]
fn each_published_crate_has_a_readme() {
    let crates: Vec<PathBuf> = entries("crates")
        .filter(|package| is_published(package))
        .collect();
    assert!(crates.len() > 10, "{crates:?}");
    for package in crates {
        let facade = package.ends_with("revento");
        let readme = package.join(if facade { "../../README.md" } else { "README.md" });
        assert!(readme.is_file(), "{} is missing", readme.display());
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let pages = entries("")
        .chain(entries("docs"))
        .chain(entries("crates").map(|package| package.join("README.md")))
        .filter(|page| page.extension().is_some_and(|extension| extension == "md") && page.is_file());
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split([')', '#']).next())
            .filter(|target| !target.is_empty() && !target.contains("://"));
        for target in targets {
            let leads_to = page.parent().unwrap().join(target);
            assert!(
                leads_to.exists(),
                "{}: the link to {target} is broken",
                page.display()
            );
            links += 1;
        }
    }
    assert!(links > 50, "{links}");
}
