//! The guide shows the code of the stores, and a store forgets nothing when its file is opened again or its process is killed.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

use revento_core::Timestamp;
use revento_example_custom_store::RedbStore;
use revento_store::TokenStore;

#[path = "../../../test-support/guide.rs"]
mod guide;
mod killed;

#[test]
fn the_guide_shows_this_code() {
    guide::shows(
        include_str!("../../../../docs/guide/your-own-store.md"),
        &[
            include_str!("../../src/sql.rs"),
            include_str!("../../src/tokens.rs"),
            include_str!("../../src/inbox.rs"),
            include_str!("../../src/deletions.rs"),
            include_str!("../../src/budgets.rs"),
            include_str!("../../src/once.rs"),
            include_str!("../conformance.rs"),
            include_str!("killed.rs"),
        ],
    );
}

#[test]
fn the_guide_counts_right() {
    let page = include_str!("../../../../docs/guide/your-own-store.md");
    let lines = |file: &str| file.lines().count();
    for (name, file) in [
        ("tokens", include_str!("../../src/tokens.rs")),
        ("inbox", include_str!("../../src/inbox.rs")),
        ("deletions", include_str!("../../src/deletions.rs")),
        ("once", include_str!("../../src/once.rs")),
        ("budgets", include_str!("../../src/budgets.rs")),
    ] {
        let counted = format!("| [`{name}.rs`]: {} lines |", lines(file));
        assert!(page.contains(&counted), "{counted}");
    }
    let shared = format!("[`sql.rs`], {} lines", lines(include_str!("../../src/sql.rs")));
    assert!(page.contains(&shared), "{shared}");
    let mariadb = lines(include_str!("../../src/mariadb.rs"));
    assert!(page.contains(&format!("has {mariadb} lines")), "{mariadb}");
}

#[tokio::test]
async fn a_file_can_be_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.redb");
    for _ in 0..3 {
        let store = RedbStore::open(&path).unwrap();
        let due = store
            .due(&"clt_1".into(), Timestamp::MAX, None, 10)
            .await
            .unwrap();
        assert!(due.is_empty());
    }
}
