//! Takes the pictures that the documents show. The browser test takes them on its way, so they show what is tested.

use anyhow::Result;

use crate::engines::Engines;
use crate::process;
use crate::workspace::{cargo, root};

/// Writes `docs/*.png` anew.
pub(crate) fn run() -> Result<()> {
    let docs = root()?.join("docs");
    std::fs::create_dir_all(&docs)?;
    let engines = Engines::start()?;
    engines.require_all()?;
    let mut command = cargo(&[
        "test",
        "--package",
        "revento-tests",
        "--all-features",
        "--test",
        "it",
        "quickstart_in_a_browser",
    ])?;
    engines.hand_to(&mut command);
    process::run(command.env("REVENTO_TEST_PICTURES", &docs))
}
