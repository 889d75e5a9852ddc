//! The page of the guide shows the code of the transport and its tests.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

#[path = "../../test-support/guide.rs"]
mod guide;

#[test]
fn the_guide_shows_this_code() {
    guide::shows(
        include_str!("../../../docs/guide/your-own-transport.md"),
        &[include_str!("../src/lib.rs"), include_str!("conformance.rs")],
    );
}
