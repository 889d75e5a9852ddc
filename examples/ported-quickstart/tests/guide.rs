//! The page of the guide shows the code of the program and of the quickstarts.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

#[path = "../../test-support/guide.rs"]
mod guide;

const PAGE: &str = include_str!("../../../docs/guide/from-node-or-python.md");

#[test]
fn the_guide_shows_this_code() {
    guide::shows(PAGE, &[include_str!("../src/main.rs")]);
    guide::shows_in(
        "js",
        PAGE,
        &[include_str!("../../../tests/interop/express/server.js")],
    );
    guide::shows_in(
        "python",
        PAGE,
        &[include_str!("../../../tests/interop/flask/app.py")],
    );
}
