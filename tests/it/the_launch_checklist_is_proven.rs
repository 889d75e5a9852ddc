//! Every test that `docs/guide/before-launch.md` names exists.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_test_that_the_checklist_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let page = std::fs::read_to_string(root.join("docs/guide/before-launch.md")).unwrap();
    let named: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| is_test(code))
        .collect();
    assert!(named.len() > 15, "the page names {} tests", named.len());

    let mut sources = String::new();
    for folder in ["crates", "tests"] {
        read(&root.join(folder), &mut sources);
    }
    let missing: Vec<_> = named
        .into_iter()
        .filter(|name| !sources.contains(&format!("fn {name}(")))
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// The name of a test begins with a case code: `t8_…`.
fn is_test(code: &str) -> bool {
    let case = code.split('_').next().unwrap_or_default();
    code.matches('_').count() > 2
        && case.starts_with(|c: char| c.is_ascii_lowercase())
        && case.ends_with(|c: char| c.is_ascii_digit())
}

fn read(folder: &Path, sources: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
