//! The code on the page of the guide is the code of the program and its tests.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

const PAGE: &str = include_str!("../../../docs/guide/spreadsheet-sync.md");
const CODE: [&str; 2] = [
    include_str!("../src/main.rs"),
    include_str!("follows_the_event.rs"),
];

#[test]
fn the_guide_shows_this_code() {
    let blocks: Vec<_> = PAGE.split("```rust\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let block = flush_left(block.split("```").next().unwrap());
        let is_ours = CODE.iter().any(|code| flush_left(code).contains(&block));
        assert!(is_ours, "not in the program:\n{block}");
    }
}

fn flush_left(code: &str) -> String {
    code.lines()
        .map(|line| format!("{}\n", line.trim_start()))
        .collect()
}
