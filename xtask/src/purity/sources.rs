//! Reads the code: below the line for uses of the standard library's clocks, sockets and files, which a dependency list cannot
//! show; in the facade for logic.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::check::{Violation, rule};
use super::facts::Facts;
use super::rules::Kind;

/// Texts that code below the line must not contain.
const IMPURE: &[(&str, &str)] = &[
    ("::now(", "`now` is an argument"),
    ("new_v4", "randomness is an argument"),
    ("getrandom", "randomness is an argument"),
    ("thread_rng", "randomness is an argument"),
    ("rand::", "randomness is an argument"),
    ("RandomState", "it draws randomness; use a BTreeMap"),
    ("HashMap", "it draws randomness; use a BTreeMap"),
    ("HashSet", "it draws randomness; use a BTreeSet"),
    ("std::env", "nothing reads the environment unasked"),
    ("std::fs", "no I/O"),
    ("std::io", "no I/O"),
    ("std::net", "no I/O"),
    ("std::process", "no I/O"),
    ("std::thread", "no threads"),
    ("async fn", "a machine yields what to do; it does not wait"),
];

/// The one file of `revento-api` that may call Tokio's timer: a simulation replaces it.
const TIMER: &str = "revento-api/src/runtime.rs";

/// The attributes of items that are not shipped.
const NOT_SHIPPED: &[&str] = &["#[cfg(test)]", "#[cfg(doctest)]"];

/// The name of a module for tests, as a file or a folder.
const TESTS: &str = "tests";

/// The beginnings of items that are more than a re-export.
const LOGIC: &[&str] = &[
    "fn ",
    "struct ",
    "enum ",
    "trait ",
    "impl ",
    "impl<",
    "const ",
    "static ",
    "type ",
    "macro_rules!",
];

/// Every violation in the code of the members.
pub(super) fn check(facts: &Facts) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for member in &facts.members {
        let judge: fn(&str) -> Option<String> = match rule(member).map(|rule| rule.kind) {
            Some(Kind::Pure) => impure,
            Some(Kind::Facade) => logic,
            _ if member.name == "revento-api" => raw_wait,
            _ => continue,
        };
        for file in rust_files(&member.folder.join("src"))? {
            let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let name = format!("{}/{}", member.name, relative(&file, &member.folder));
            violations.extend(lines(&name, &text, shipped_tests));
            if name != TIMER {
                violations.extend(lines(&name, &text, judge));
            }
        }
    }
    Ok(violations)
}

fn lines(file: &str, text: &str, judge: fn(&str) -> Option<String>) -> Vec<Violation> {
    let code = shipped(text).filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter_map(|(number, line)| {
        Some(Violation::Code {
            place: format!("{file}:{number}"),
            why: judge(line)?,
        })
    })
    .collect()
}

/// The numbered lines of a file without the items that are not shipped. An item ends at its semicolon, or at the brace in the
/// column of its beginning, as rustfmt formats it.
fn shipped(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside: Option<Item> = None;
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let indent = line.len() - line.trim_start().len();
        match inside {
            None if NOT_SHIPPED.contains(&line.trim()) => inside = Some(Item { indent, begun: false }),
            None => return true,
            Some(Item { begun: false, .. }) if line.trim_start().starts_with(['#', '/']) => {}
            Some(Item { begun: false, .. }) if line.ends_with([';', '}']) => inside = None,
            Some(Item { indent, .. }) if line.trim_start() == "}" && line.len() == indent + 1 => {
                inside = None
            }
            Some(Item { indent, .. }) => inside = Some(Item { indent, begun: true }),
        }
        false
    })
}

#[derive(Clone, Copy)]
struct Item {
    indent: usize,
    /// Past its attributes.
    begun: bool,
}

fn impure(line: &str) -> Option<String> {
    let (found, why) = IMPURE.iter().find(|(text, _)| line.contains(text))?;
    Some(format!("`{}` below the line: {why}", found.trim()))
}

fn raw_wait(line: &str) -> Option<String> {
    let found = line.contains("tokio::time");
    found.then(|| format!("`tokio::time`: wait by `runtime::Runtime`; only {TIMER} asks Tokio"))
}

fn logic(line: &str) -> Option<String> {
    let line = line.trim_start();
    let item = ["pub(crate) ", "pub "]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix))
        .unwrap_or(line);
    let item = item.strip_prefix("async ").unwrap_or(item);
    let found = LOGIC.iter().find(|start| item.starts_with(**start))?;
    Some(format!("`{}` in the facade, which only re-exports", found.trim()))
}

/// Modules with the name `tests` are not read, so they have to be under `#[cfg(test)]`.
fn shipped_tests(line: &str) -> Option<String> {
    let declares = ["mod tests;", "mod tests {"]
        .iter()
        .any(|text| line.trim_start().ends_with(text));
    declares.then(|| "a module `tests` that is not under `#[cfg(test)]`".to_owned())
}

/// All files except tests.
pub(super) fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let path = entry?.path();
            if path.file_stem().is_some_and(|name| name == TESTS) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn relative(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, judge: fn(&str) -> Option<String>) -> Vec<String> {
        lines("a.rs", text, judge)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_clock_below_the_line_is_found_at_its_place() {
        let text = "fn age() {\n    let now = std::time::SystemTime::now();\n}\n";
        assert_eq!(
            said(text, impure),
            ["a.rs:2: `::now(` below the line: `now` is an argument"]
        );
    }

    #[test]
    fn comments_and_the_tests_at_the_end_may_say_anything() {
        let text =
            "// Timestamp::now() is not for us\n/// nor std::fs\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert!(said(text, impure).is_empty());
    }

    #[test]
    fn the_facade_may_re_export_and_no_more() {
        let text =
            "//! Docs.\npub use revento_core as core;\npub mod web {\n    pub use revento_axum::*;\n}\n";
        assert!(said(text, logic).is_empty());
        assert_eq!(said("pub fn connect() {}\n", logic).len(), 1);
        assert_eq!(said("impl Client {}\n", logic).len(), 1);
    }
}
