//! The top of CHANGELOG.md: what waits for the next release, and the newest release.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

const FILE: &str = "CHANGELOG.md";

/// What the headings of the second level say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changelog<'t> {
    /// Whether a line stands below `## [Unreleased]`.
    is_waiting: bool,
    /// The text of the first heading that is not `[Unreleased]`.
    newest: Option<&'t str>,
}

/// The newest release has the workspace's version and a date.
pub(crate) fn check(root: &Path, version: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let newest = read(&text).newest.unwrap_or_default();
    let is_right = newest
        .strip_prefix(&format!("[{version}] - "))
        .is_some_and(is_date);
    if is_right {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "{FILE}: the newest release is `{newest}`, and the workspace is at {version}; expected `## [{version}] - YYYY-MM-DD`"
    )])
}

/// What stands below `[Unreleased]` would be in the packages and in no release.
pub(super) fn waiting(root: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(root.join(FILE)).context(FILE)?;
    let complaint = format!("{FILE}: [Unreleased] has lines; move them to a new version");
    Ok(if read(&text).is_waiting {
        vec![complaint]
    } else {
        Vec::new()
    })
}

fn read(text: &str) -> Changelog<'_> {
    let mut changelog = Changelog::default();
    let mut is_unreleased = false;
    for line in text.lines() {
        match line.strip_prefix("## ") {
            Some("[Unreleased]") => is_unreleased = true,
            Some(heading) => {
                changelog.newest = Some(heading);
                break;
            }
            None => changelog.is_waiting |= is_unreleased && !line.trim().is_empty(),
        }
    }
    changelog
}

/// `2026-11-28`.
fn is_date(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00"
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASED: &str = "# Changelog\n\nText.\n\n## [Unreleased]\n\n## [0.2.0] - 2026-11-28\n\n- One.\n\n## [0.1.0] - 2026-01-01\n";

    fn complaints(text: &str, version: &str) -> (usize, usize) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), text).unwrap();
        let newest = check(folder.path(), version).unwrap().len();
        (newest, waiting(folder.path()).unwrap().len())
    }

    #[test]
    fn the_newest_release_is_the_first_with_a_version() {
        assert_eq!(complaints(RELEASED, "0.2.0"), (0, 0));
        assert_eq!(complaints(RELEASED, "0.1.0"), (1, 0));
        assert_eq!(complaints(RELEASED, "0.3.0"), (1, 0));
    }

    #[test]
    fn a_release_has_a_date() {
        assert_eq!(complaints("## [0.2.0]\n", "0.2.0"), (1, 0));
        assert_eq!(complaints("## [0.2.0] - soon\n", "0.2.0"), (1, 0));
        assert_eq!(complaints("", "0.2.0"), (1, 0));
    }

    #[test]
    fn a_line_that_waits_is_found() {
        let waits = RELEASED.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n- Two.\n");
        assert_eq!(complaints(&waits, "0.2.0"), (0, 1));
    }
}
