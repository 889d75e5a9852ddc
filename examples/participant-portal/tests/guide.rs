//! The page of the guide shows the code of the program and its tests.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

#[path = "../../test-support/guide.rs"]
mod guide;

#[test]
fn the_guide_shows_this_code() {
    let page = include_str!("../../../docs/guide/participant-portal.md");
    guide::shows(
        page,
        &[
            include_str!("../src/main.rs"),
            include_str!("shows_everybody_their_own.rs"),
        ],
    );
}
