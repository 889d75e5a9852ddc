//! Cells of an exported file.

#[path = "../../../crates/revento-cli/src/export/csv_guard.rs"]
mod csv_guard;

use csv_guard::{begins_formula, guard_json, guard_text, is_skipped, separates};
use serde_json::Value;

/// Nowhere in a guarded text could a spreadsheet begin a cell with a formula, and a guarded JSON text is the same JSON.
pub(super) fn csv_cells(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let guarded = guard_text(&text);
    assert!(!could_run(&guarded), "{guarded:?}");
    if serde_json::from_slice::<Value>(data).is_ok() {
        let same: Value = serde_json::from_str(&guard_json(&text)).expect("still JSON");
        assert_eq!(Some(same), serde_json::from_slice(data).ok());
    }
}

fn could_run(text: &str) -> bool {
    let mut may_begin = true;
    text.chars().any(|character| {
        let begins = may_begin && begins_formula(character);
        may_begin = separates(character) || (may_begin && character != '\'' && is_skipped(character));
        begins
    })
}
