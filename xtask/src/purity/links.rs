//! No relative link between pages is dead.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Result;

use super::check::Violation;
use super::markdown::{Page, resolve};
use crate::process;

/// Checks the links of every page that git tracks.
pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let mut git = std::process::Command::new("git");
    git.current_dir(root).args(["ls-files", "*.md"]);
    let mut pages = BTreeMap::new();
    for name in process::stdout(&mut git)?.lines() {
        // A symbolic link brings a page into a package. Its links count from where the page is.
        let is_page = fs::symlink_metadata(root.join(name)).is_ok_and(|found| found.is_file());
        // A file that is deleted and not yet committed.
        if let (true, Ok(text)) = (is_page, fs::read_to_string(root.join(name))) {
            pages.insert(name.to_owned(), Page::parse(&text));
        }
    }
    Ok(dead(&pages, |path| root.join(path).exists()))
}

fn dead(pages: &BTreeMap<String, Page>, exists: impl Fn(&str) -> bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (name, page) in pages {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in &page.links {
            let Some((path, anchor)) = link.relative() else {
                continue;
            };
            let target = match path {
                "" => Some(name.clone()),
                path => resolve(folder, path),
            };
            let is_there = target.as_ref().is_some_and(|target| exists(target));
            let linked = target.and_then(|target| pages.get(&target));
            let has_anchor = match (anchor, linked) {
                (Some(anchor), Some(linked)) => linked.anchors.contains(anchor),
                _ => true,
            };
            if !is_there || !has_anchor {
                violations.push(Violation::Code {
                    place: format!("{name}:{}", link.line),
                    why: format!("the link to {} is dead", link.target),
                });
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found() {
        let pages = [
            (
                "docs/a.md",
                "[1](b.md#there) [2](b.md#gone) [3](c.md) [4](#here) [5](../../x) [6](../Cargo.toml)\n# Here",
            ),
            ("docs/b.md", "# There"),
        ];
        let pages = pages
            .map(|(name, text)| (name.to_owned(), Page::parse(text)))
            .into();
        let found = dead(&pages, |path| {
            ["docs/a.md", "docs/b.md", "Cargo.toml"].contains(&path)
        });
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "docs/a.md:1: the link to b.md#gone is dead",
                "docs/a.md:1: the link to c.md is dead",
                "docs/a.md:1: the link to ../../x is dead",
            ]
        );
    }
}
