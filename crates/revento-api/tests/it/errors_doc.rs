//! `docs/errors.md` has a row for every public error, and none for one that is gone.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use revento_core::ApiErrorCode;

/// Programs, and the sandbox: people read their errors, and no code matches them.
const WITHOUT: [&str; 3] = ["revento-cli", "revento-sandbox", "revento"];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn every_error_is_in_the_documents_with_cause_and_remedy() {
    let document = fs::read_to_string(crates().join("../docs/errors.md")).unwrap();
    let mut rows = BTreeSet::new();
    let mut krate = String::new();
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            krate = heading.trim_matches('`').to_owned();
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (name, rest) = row.split_once("` |").unwrap();
        let cells: Vec<&str> = rest.trim_end_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 2, "cause and remedy: {line}");
        assert!(cells.iter().all(|cell| cell.len() > 3), "{line}");
        assert!(rows.insert(format!("{krate} {name}")), "twice: {line}");
    }
    let mut wanted: BTreeSet<String> = ApiErrorCode::KNOWN
        .iter()
        .map(|code| format!("Codes of the platform {code}"))
        .collect();
    for folder in fs::read_dir(crates()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        if !WITHOUT.contains(&name.as_str()) && folder.join("src").is_dir() {
            look_into(&folder.join("src"), &name, &mut wanted);
        }
    }
    assert!(wanted.len() > 100, "the sources were not found");
    let missing: Vec<_> = wanted.difference(&rows).collect();
    let stale: Vec<_> = rows.difference(&wanted).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "docs/errors.md lacks {missing:#?} and has rows for what is gone: {stale:#?}"
    );
}

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

/// The public errors of a file that rustfmt has formatted: those with `#[error(…)]`, and those with an `impl Error`.
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
        // An item without attributes follows an empty line.
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
fn the_sources_are_read_as_they_are_written() {
    let source = "use x;\n\n/// A.\n#[derive(Debug, thiserror::Error)]\n#[error(\"a {0}\")]\npub struct A(u8);\n\n\
                  /// B.\n#[derive(Debug, thiserror::Error)]\npub enum B {\n    /// One.\n    #[error(\n        \"One\"\n    )]\n    One {\n        \
                  Field: u8,\n    },\n    /// Two.\n    Two(#[from] C),\n}\n\npub struct C;\n\npub enum D {\n    Three,\n}\n\n\
                  impl std::error::Error for D {}\n\nenum E {\n    Four,\n}\n";
    let found: Vec<_> = errors_in(source).into_iter().collect();
    assert_eq!(found, ["A", "B::One", "B::Two", "D::Three"]);
}
