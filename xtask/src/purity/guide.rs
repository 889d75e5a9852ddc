//! The guide reads well in two places: on a code host, and in rustdoc as `revento::guide`.
//!
//! A chapter names its relative links in definitions at its end, which a code host follows. For rustdoc the file `LINKS` defines the
//! same labels again; it stands before each chapter, and the first definition counts. `write` derives that file from the chapters.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::markdown::{Definitions, Link, Page, resolve};
use crate::process;
use crate::workspace::root;

const FOLDER: &str = "docs/guide";
const INDEX: &str = "README.md";
const MODULES: &str = "crates/revento/src/guide.rs";
const LINKS: &str = "crates/revento/src/guide/links.md";
const HEAD: &str = "[//]: # \"Written by `cargo xtask guide` from the chapters in docs/guide.\"\n";
const HOST: &str = "https://github.com/revento/revento-rs";
const RAW: &str = "https://raw.githubusercontent.com/revento/revento-rs/main";

/// Writes the definitions of links that rustdoc needs.
pub(crate) fn write() -> Result<()> {
    let root = root()?;
    let (definitions, _) = definitions(&root, &pages(&root)?);
    fs::write(root.join(LINKS), text(&definitions)).context(LINKS)?;
    println!("{LINKS} has {} links", definitions.len());
    Ok(())
}

pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let pages = pages(root)?;
    let (definitions, mut violations) = definitions(root, &pages);
    if fs::read_to_string(root.join(LINKS)).unwrap_or_default() != text(&definitions) {
        violations.push(violation(
            LINKS,
            1,
            "it does not fit the chapters: run `cargo xtask guide`",
        ));
    }
    violations.extend(unlisted(root, &pages)?);
    violations.extend(code(root, &pages)?);
    Ok(violations)
}

fn pages(root: &Path) -> Result<BTreeMap<String, Page>> {
    let mut pages = BTreeMap::new();
    for file in fs::read_dir(root.join(FOLDER)).context(FOLDER)? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            let text = fs::read_to_string(root.join(FOLDER).join(&name))?;
            pages.insert(name, Page::parse(&text));
        }
    }
    Ok(pages)
}

/// Where rustdoc finds what the chapters link to, by label.
fn definitions(root: &Path, pages: &BTreeMap<String, Page>) -> (Definitions, Vec<Violation>) {
    let mut definitions = Definitions::new();
    let mut violations = Vec::new();
    for (name, page) in pages {
        for (line, label) in &page.undefined {
            violations.push(violation(name, *line, &format!("[{label}] has no definition")));
        }
        for link in &page.links {
            let Some(target) = in_rustdoc(root, link, pages) else {
                continue;
            };
            let Some(label) = &link.label else {
                let why = format!(
                    "name {} in a definition at the end: rustdoc needs another one",
                    link.target
                );
                violations.push(violation(name, link.line, &why));
                continue;
            };
            let defined = definitions.entry(label.clone()).or_insert_with(|| target.clone());
            if *defined != target {
                let why = format!("[{label}] is {target} here and {defined} elsewhere: choose another label");
                violations.push(violation(name, link.line, &why));
            }
        }
    }
    (definitions, violations)
}

/// `None` for a link that is the same in both places.
fn in_rustdoc(root: &Path, link: &Link, pages: &BTreeMap<String, Page>) -> Option<String> {
    let (path, anchor) = link.relative().filter(|(path, _)| !path.is_empty())?;
    let anchor = anchor.map(|anchor| format!("#{anchor}")).unwrap_or_default();
    if path == INDEX {
        return Some(format!("crate::guide{anchor}"));
    }
    if pages.contains_key(path) {
        return Some(format!("crate::guide::{}{anchor}", module(path)));
    }
    let path = resolve(FOLDER, path)?;
    let kind = if root.join(&path).is_dir() { "tree" } else { "blob" };
    Some(match link.is_image {
        true => format!("{RAW}/{path}"),
        false => format!("{HOST}/{kind}/main/{path}{anchor}"),
    })
}

fn module(page: &str) -> String {
    page.trim_end_matches(".md").replace('-', "_")
}

fn text(definitions: &Definitions) -> String {
    let lines = definitions
        .iter()
        .map(|(label, target)| format!("[{label}]: {target}\n"));
    HEAD.to_owned() + &lines.collect::<String>()
}

/// Chapters that the index does not link to, or that are no module.
fn unlisted(root: &Path, pages: &BTreeMap<String, Page>) -> Result<Vec<Violation>> {
    let modules = fs::read_to_string(root.join(MODULES)).context(MODULES)?;
    let listed: BTreeSet<&str> = pages
        .get(INDEX)
        .into_iter()
        .flat_map(|index| &index.links)
        .filter_map(|link| link.relative().map(|(path, _)| path))
        .collect();
    let mut violations = Vec::new();
    for name in pages.keys().filter(|name| *name != INDEX) {
        if !listed.contains(name.as_str()) {
            violations.push(violation(INDEX, 1, &format!("it has no link to {name}")));
        }
        let entry = format!(
            "#[doc = include_str!(\"guide/links.md\")]\n#[doc = include_str!(\"../guide/{name}\")]\npub mod {} {{}}\n",
            module(name)
        );
        if !modules.contains(&entry) {
            violations.push(violation(
                name,
                1,
                &format!("{MODULES} does not have these lines:\n{entry}"),
            ));
        }
    }
    Ok(violations)
}

/// Blocks of code that nothing compiles: rustdoc compiles what is Rust, unless it is an excerpt of an example. A test of that example
/// compares the two.
fn code(root: &Path, pages: &BTreeMap<String, Page>) -> Result<Vec<Violation>> {
    let mut git = std::process::Command::new("git");
    git.current_dir(root).args(["ls-files", "examples/*.rs"]);
    let mut tests = String::new();
    for name in process::stdout(&mut git)?.lines() {
        tests.push_str(&fs::read_to_string(root.join(name)).unwrap_or_default());
    }
    let mut violations = Vec::new();
    for (name, page) in pages {
        let is_compared = tests.contains(&format!("{FOLDER}/{name}\""));
        for block in &page.blocks {
            let mut words = block.info.split(',').map(str::trim);
            let why = match words.next() {
                None | Some("") => "name the language of this block: rustdoc takes it for Rust",
                Some("rust") => match words.find(|word| *word != "no_run") {
                    None => continue,
                    Some("ignore") if is_compared => continue,
                    Some("ignore") => {
                        "nothing compiles this block: take `ignore` out, or let a test of an example compare the page"
                    }
                    Some(_) => "a block of Rust is `rust`, `rust,no_run` or `rust,ignore`",
                },
                Some(_) => continue,
            };
            violations.push(violation(name, block.line, why));
        }
    }
    Ok(violations)
}

fn violation(page: &str, line: usize, why: &str) -> Violation {
    let folder = if page.contains('/') { "" } else { "docs/guide/" };
    Violation::Code {
        place: format!("{folder}{page}:{line}"),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(target: &str, is_image: bool) -> Option<String> {
        let link = Link {
            line: 1,
            target: target.to_owned(),
            label: Some("x".to_owned()),
            is_image,
        };
        let pages = ["README.md", "keep-in-sync.md"].map(|name| (name.to_owned(), Page::default()));
        in_rustdoc(&root().unwrap(), &link, &pages.into())
    }

    #[test]
    fn rustdoc_gets_links_of_its_own() {
        let expected = [
            ("keep-in-sync.md#costs", Some("crate::guide::keep_in_sync#costs")),
            ("README.md", Some("crate::guide")),
            (
                "../contract.md#1",
                Some("https://github.com/revento/revento-rs/blob/main/docs/contract.md#1"),
            ),
            (
                "../../examples/service",
                Some("https://github.com/revento/revento-rs/tree/main/examples/service"),
            ),
            ("#costs", None),
            ("https://example.org", None),
        ];
        for (target, expected) in expected {
            assert_eq!(linked(target, false).as_deref(), expected, "{target}");
        }
        let picture = "https://raw.githubusercontent.com/revento/revento-rs/main/docs/console.png";
        assert_eq!(linked("../console.png", true).as_deref(), Some(picture));
    }

    #[test]
    fn a_link_that_works_in_one_place_only_is_found() {
        let pages = [
            ("a.md", "[inline](b.md) [x] [undefined]\n\n[x]: b.md"),
            ("b.md", "[x]\n\n[x]: a.md"),
        ];
        let pages = pages.map(|(name, text)| (name.to_owned(), Page::parse(text)));
        let (definitions, violations) = definitions(&root().unwrap(), &pages.into());
        assert_eq!(text(&definitions), format!("{HEAD}[x]: crate::guide::b\n"));
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
    }

    #[test]
    fn code_that_nothing_compiles_is_found() {
        let text = "```rust\n```\n```rust,no_run\n```\n```sh\n```\n```rust,ignore\n```\n```\n```\n";
        let pages = [("a.md".to_owned(), Page::parse(text))].into();
        let found = code(&root().unwrap(), &pages).unwrap();
        let places: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(
            places[0].starts_with("docs/guide/a.md:7: nothing compiles"),
            "{places:?}"
        );
        assert!(
            places[1].starts_with("docs/guide/a.md:9: name the language"),
            "{places:?}"
        );
        assert_eq!(places.len(), 2);
    }
}
