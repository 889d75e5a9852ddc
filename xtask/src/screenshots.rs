//! Takes the pictures of the documents. Browser tests take them, so the pictures show what is tested.

use anyhow::Result;

use crate::engines::Engines;
use crate::process;
use crate::workspace::{cargo, root};

/// The tests that take pictures: of the quickstart, and of each page of the sandbox on a desktop and on a phone.
const TAKEN_BY: [&str; 2] = ["quickstart_in_a_browser", "every_page_is_for_everybody"];

/// Writes `docs/*.png` and `docs/sandbox/*.png` again.
pub(crate) fn run() -> Result<()> {
    let docs = root()?.join("docs");
    std::fs::create_dir_all(docs.join("sandbox"))?;
    let engines = Engines::start()?;
    engines.require_all()?;
    let mut command = cargo(&[
        "test",
        "--package",
        "revento-tests",
        "--all-features",
        "--test",
        "it",
        "--",
    ])?;
    command.args(TAKEN_BY);
    engines.hand_to(&mut command);
    process::run(command.env("REVENTO_TEST_PICTURES", &docs))
}
