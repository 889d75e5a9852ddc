//! Takes the pictures of the documents. Browser tests take them, so the pictures show what is tested.

use anyhow::Result;

use crate::engines::Engines;
use crate::process;
use crate::workspace::{cargo, root};

/// The tests that take pictures: of the quickstart, of each page of the sandbox on a desktop and on a phone, and of the doctor.
const TAKEN_BY: [&str; 3] = [
    "quickstart_in_a_browser",
    "every_page_is_for_everybody",
    "a_doctors_report_is_for_everybody",
];

/// The tests of the command that run it on a terminal, and write what it has shown to a file.
const ON_A_TERMINAL: &str = "the_documents_show_a_terminal";

/// Writes `docs/*.png` and `docs/sandbox/*.png` again.
pub(crate) fn run() -> Result<()> {
    let docs = root()?.join("docs");
    std::fs::create_dir_all(docs.join("sandbox"))?;
    let engines = Engines::start()?;
    engines.require_all()?;
    let folder = tempfile::tempdir()?;
    let mut command = cargo(&[
        "test",
        "--package",
        "revento-cli",
        "--all-features",
        "--test",
        "it",
        "--",
        ON_A_TERMINAL,
    ])?;
    process::run(command.env("REVENTO_TEST_TERMINAL", folder.path()))?;
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
    command.env("REVENTO_TEST_TERMINAL", folder.path());
    process::run(command.env("REVENTO_TEST_PICTURES", &docs))
}
