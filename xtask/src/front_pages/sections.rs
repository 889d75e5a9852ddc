//! What the first page of each crate has.

/// The words about versions, which are the same on each page.
const STABILITY: &str = "\
It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
[semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
[changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.
";

const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// A sentence for each part that the page lacks.
pub(super) fn missing(page: &str, features: &[String]) -> Vec<String> {
    let section = |title: &str| section(page, title);
    let mut missing = Vec::new();
    if page.lines().next().is_none_or(str::is_empty) {
        missing.push("the first line has to say what the crate is for".to_owned());
    }
    if !code(page) {
        missing.push("there is no code that compiles: show the usual program".to_owned());
    }
    match section("Features") {
        None => missing.push("there is no section `# Features`".to_owned()),
        Some(text) => missing.extend(
            features
                .iter()
                .filter(|feature| !text.contains(&format!("`{feature}`")))
                .map(|feature| format!("the section `# Features` does not have `{feature}`")),
        ),
    }
    if section("What it does not do").is_none() {
        missing.push("there is no section `# What it does not do`".to_owned());
    }
    if section("Stability").is_none_or(|text| text.trim() != STABILITY.trim()) {
        missing.push(format!("the section `# Stability` has to be:\n{STABILITY}"));
    }
    if !STABILITY.contains(RUST) {
        missing.push(format!("the section `# Stability` has to name Rust {RUST}"));
    }
    missing
}

/// The text below a heading of the first level.
fn section<'a>(page: &'a str, title: &str) -> Option<&'a str> {
    let (_, after) = page.split_once(&format!("\n# {title}\n"))?;
    Some(after.split_once("\n\n# ").map_or(after, |(text, _)| text))
}

/// Whether a documentation test compiles some of the code.
fn code(page: &str) -> bool {
    page.lines()
        .filter_map(|line| line.strip_prefix("```"))
        .step_by(2)
        .any(|language| matches!(language, "" | "rust" | "no_run" | "rust,no_run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        format!(
            "Verifies.\n\n```\nverify();\n```\n\n# Features\n- `bytes`: shares\n\n# What it does not do\nI/O.\n\n# Stability\n{STABILITY}"
        )
    }

    fn lacks(page: &str, feature: &str) -> Vec<String> {
        missing(page, &[feature.to_owned()])
    }

    #[test]
    fn a_whole_page_lacks_nothing() {
        assert_eq!(lacks(&page(), "bytes"), [""; 0]);
    }

    #[test]
    fn what_a_page_lacks_is_named() {
        let cases = [
            (page(), "events", "does not have `events`"),
            (
                page().replace("# Features", "Features"),
                "bytes",
                "no section `# Features`",
            ),
            (
                page().replace("```\nverify", "```ignore\nverify"),
                "bytes",
                "no code",
            ),
            (
                page().replace("I/O.\n\n# St", "I/O.\n\nSt"),
                "bytes",
                "# Stability",
            ),
            (page().replace("1.95", "1.94"), "bytes", "has to be"),
            (page().replace("not do", "do"), "bytes", "not do"),
            (page().replace("Verifies.", ""), "bytes", "first line"),
        ];
        for (page, feature, expected) in cases {
            let lacks = lacks(&page, feature);
            assert!(
                lacks.iter().any(|text| text.contains(expected)),
                "{expected}: {lacks:?}"
            );
        }
    }
}
