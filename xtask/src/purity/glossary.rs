//! The glossary names code that exists: each path in the last column of its tables is a crate, and an item that the crate's
//! source mentions.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::sources::rust_files;

const FILE: &str = "docs/glossary.md";

/// One violation for each path that names nothing.
pub(super) fn check(root: &Path) -> Result<Vec<Violation>> {
    let page = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let mut violations = Vec::new();
    for (line, path) in paths(&page) {
        if let Some(why) = missing(root, path)? {
            violations.push(Violation::Code {
                place: format!("{FILE}:{line}"),
                why,
            });
        }
    }
    Ok(violations)
}

/// The paths in the last cells, each with its line.
fn paths(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let rows = (1..).zip(page.lines()).filter(|(_, line)| line.starts_with('|'));
    let cells =
        rows.filter_map(|(number, line)| Some((number, line.trim_end_matches('|').rsplit('|').next()?)));
    cells.flat_map(|(number, cell)| cell.split('`').skip(1).step_by(2).map(move |path| (number, path)))
}

/// Why `revento_core::Page` is missing; `None` if the crate's source has the word `Page`.
fn missing(root: &Path, path: &str) -> Result<Option<String>> {
    let mut names = path.split("::");
    let name = names.next().unwrap_or_default().replace('_', "-");
    let Some(folder) = [root.join("crates").join(&name), root.join(&name)]
        .into_iter()
        .find(|folder| folder.join("Cargo.toml").exists())
    else {
        return Ok(Some(format!("there is no crate for `{path}`")));
    };
    let Some(item) = names.last() else {
        return Ok(None);
    };
    for file in rust_files(&folder.join("src"))? {
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        if text
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == item)
        {
            return Ok(None);
        }
    }
    Ok(Some(format!("`{path}` is not in the source of {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_the_last_cell() {
        let page = "| term | `not::this` | `a::B`, `c` |\n|---|---|---|\ntext `d::E`\n";
        assert_eq!(paths(page).collect::<Vec<_>>(), [(1, "a::B"), (1, "c")]);
    }

    #[test]
    fn an_item_that_no_source_has_is_named() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("crates/revento-core/src");
        fs::create_dir_all(&source).unwrap();
        fs::write(root.path().join("crates/revento-core/Cargo.toml"), "").unwrap();
        fs::write(source.join("lib.rs"), "pub struct Page;").unwrap();
        let missing = |path| missing(root.path(), path).unwrap();
        assert_eq!(missing("revento_core::page::Page"), None);
        assert_eq!(missing("revento_core"), None);
        assert!(missing("revento_core::Pag").is_some());
        assert!(missing("revento_none::Page").is_some());
    }
}
