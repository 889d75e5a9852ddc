//! `docs/errors.md` has a row for every public error with its kind, and no other rows.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use revento_core::{ApiErrorCode, ErrorKind};

/// Programs do not match on the errors of these crates.
const NOT_LISTED: [&str; 4] = ["revento-cli", "revento-doctor", "revento-sandbox", "revento"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")
}

#[test]
fn every_error_has_a_row_with_kind_cause_and_remedy() {
    let document = fs::read_to_string(crates().join("../docs/errors.md")).unwrap();
    let mut rows = BTreeSet::new();
    let mut krate = String::new();
    // The first table lists the kinds.
    let start = document.find("\n## ").unwrap();
    for line in document[start..].lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            krate = heading.trim_matches('`').to_owned();
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (name, rest) = row.split_once("` |").unwrap();
        let cells: Vec<&str> = rest.trim_end_matches('|').split('|').map(str::trim).collect();
        let [kind, transient, effect, cause, remedy] = cells[..] else {
            panic!("kind, transient, effect, cause, what to do: {line}");
        };
        assert!(is_kind(kind), "{line}");
        assert!(
            [transient, effect, cause, remedy]
                .iter()
                .all(|cell| cell.len() > 1),
            "{line}"
        );
        assert!(rows.insert(format!("{krate} {name}")), "twice: {line}");
    }
    let mut wanted: BTreeSet<String> = ApiErrorCode::KNOWN
        .iter()
        .map(|code| format!("Codes of the platform {code}"))
        .collect();
    for folder in fs::read_dir(crates()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if !NOT_LISTED.contains(&name.as_str()) && folder.join("src").is_dir() {
            look_into(&folder.join("src"), &name, &mut wanted);
        }
    }
    assert!(wanted.len() > 100, "the test did not find the sources");
    let missing: Vec<_> = wanted.difference(&rows).collect();
    let stale: Vec<_> = rows.difference(&wanted).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/errors.md lacks {missing:#?} and has rows without an error: {stale:#?}"
    );
}

/// Names of kinds, or the place that the kind comes from.
fn is_kind(cell: &str) -> bool {
    let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    match names[..] {
        [] => ["of its cause", "by its cause", "by its code"].contains(&cell),
        _ => names
            .iter()
            .all(|name| KINDS.iter().any(|kind| kind.as_str() == *name)),
    }
}

const KINDS: [ErrorKind; 12] = [
    ErrorKind::Configuration,
    ErrorKind::Usage,
    ErrorKind::Rejected,
    ErrorKind::ConsentRequired,
    ErrorKind::Refused,
    ErrorKind::RateLimited,
    ErrorKind::Timeout,
    ErrorKind::Network,
    ErrorKind::Platform,
    ErrorKind::Storage,
    ErrorKind::Sealing,
    ErrorKind::Internal,
];

fn look_into(folder: &Path, krate: &str, wanted: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look_into(&path, krate, wanted);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
            for error in errors_in(source) {
                wanted.insert(format!("{krate} {error}"));
            }
        }
    }
}

/// The public errors of a file in rustfmt's format: those that derive `thiserror::Error` or implement `Error`.
fn errors_in(source: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in source.split("\npub ").skip(1) {
        let item = item.split("\n}\n").next().unwrap();
        let Some(name) = item
            .strip_prefix("enum ")
            .or_else(|| item.strip_prefix("struct "))
        else {
            continue;
        };
        let name: String = name
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let before = source.split(&format!("\npub {item}")).next().unwrap();
        // An item without attributes comes directly after an empty line.
        let attributes = if before.ends_with('\n') {
            ""
        } else {
            before.rsplit("\n\n").next().unwrap()
        };
        let by_hand = source.contains(&format!("Error for {name} {{"));
        if !attributes.contains("thiserror::Error") && !by_hand {
            continue;
        }
        if item.starts_with("struct ") {
            found.insert(name);
            continue;
        }
        for line in item.lines() {
            let variant: String = line
                .chars()
                .skip(4)
                .take_while(char::is_ascii_alphanumeric)
                .collect();
            let is_variant =
                line.starts_with("    ") && variant.starts_with(|c: char| c.is_ascii_uppercase());
            if is_variant {
                found.insert(format!("{name}::{variant}"));
            }
        }
    }
    found
}

#[test]
fn errors_are_found_in_the_source_text() {
    let source = "use x;\n\n/// A.\n#[derive(Debug, thiserror::Error)]\n#[error(\"a {0}\")]\npub struct A(u8);\n\n\
                  /// B.\n#[derive(Debug, thiserror::Error)]\npub enum B {\n    /// One.\n    #[error(\n        \"One\"\n    )]\n    One {\n        \
                  Field: u8,\n    },\n    /// Two.\n    Two(#[from] C),\n}\n\npub struct C;\n\npub enum D {\n    Three,\n}\n\n\
                  impl std::error::Error for D {}\n\nenum E {\n    Four,\n}\n";
    let found: Vec<_> = errors_in(source).into_iter().collect();
    assert_eq!(found, ["A", "B::One", "B::Two", "D::Three"]);
}
