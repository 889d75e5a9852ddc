//! `llms.txt` is the map of the documentation: it lists every page that people read, and each of its links leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::check::Violation;
use crate::process;

const FILE: &str = "llms.txt";

pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let text = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let linked: BTreeSet<&str> = links(&text).collect();
    let dead = linked
        .iter()
        .filter(|link| !link.contains("://") && !root.join(link).exists())
        .map(|link| format!("{link} does not exist"));
    let pages = pages(root)?;
    let absent = pages
        .iter()
        .filter(|page| !linked.contains(page.as_str()))
        .map(|page| format!("{page} is not listed"));
    let violation = |why| Violation::Code {
        place: FILE.to_owned(),
        why,
    };
    Ok(dead.chain(absent).map(violation).collect())
}

/// The targets of `[name](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// The Markdown files of the root, of `docs`, and the README of each crate and example. Links to files are left out: their target is a page already.
fn pages(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["ls-files", "--", ":(glob)*.md", "docs/*.md"])
        .args([":(glob)crates/*/README.md", ":(glob)examples/*/README.md"]);
    let names = process::stdout(&mut git)?;
    let is_page = |name: &&str| fs::symlink_metadata(root.join(name)).is_ok_and(|found| found.is_file());
    Ok(names.lines().filter(is_page).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_and_an_absent_page_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("README.md", "");
        write("docs/guide/read.md", "");
        write("crates/one/README.md", "");
        write("crates/one/tests/notes.md", "");
        let git = |arguments: &[&str]| {
            process::stdout(Command::new("git").args(arguments).current_dir(folder.path()))
        };
        git(&["init", "--quiet"]).unwrap();
        write(
            FILE,
            "- [Read me](README.md): x\n- [Gone](docs/gone.md)\n- [Web](https://revento.example)\n",
        );
        git(&["add", "."]).unwrap();
        let found: Vec<String> = check(folder.path())
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "llms.txt: docs/gone.md does not exist",
                "llms.txt: crates/one/README.md is not listed",
                "llms.txt: docs/guide/read.md is not listed",
            ]
        );
    }
}
