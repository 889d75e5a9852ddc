//! The formats: a snapshot of each, and hostile texts in all of them.

use proptest::prelude::*;
use serde_json::Value;

use super::sample::report;
use super::*;

#[test]
fn the_verdict_follows_the_required_checks() {
    let mut report = report("");
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::Failed, 1));
    // Without the failed check, the untestable one decides.
    report.results.remove(1);
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::NotTested, 3));
    report.results.remove(2);
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::Passed, 0));
    report.results.drain(..2);
    assert_eq!((report.verdict(), report.exit_code()), (Verdict::NotTested, 3));
}

#[test]
fn what_was_not_told_is_said_with_the_option() {
    assert_eq!(
        report("").not_done().unwrap(),
        "1 check was not done: give --scan (1)"
    );
}

#[test]
fn json() {
    insta::assert_snapshot!(report("").to_json());
}

#[test]
fn junit() {
    insta::assert_snapshot!(report("").to_junit());
}

#[test]
fn sarif() {
    // The order of the keys depends on a feature of serde_json, which any crate of a program can switch on.
    let document: Value = serde_json::from_str(&report("").to_sarif()).unwrap();
    insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(document) });
}

#[test]
fn html() {
    insta::assert_snapshot!(report("").to_html().replace('>', ">\n"));
}

#[test]
fn badge() {
    insta::assert_snapshot!(report("").to_badge());
    let mut good = report("");
    good.results.truncate(1);
    assert!(good.to_badge().contains("passed 1/1"));
}

#[test]
fn github() {
    insta::assert_snapshot!(report("").to_github_annotations());
    insta::assert_snapshot!(report("").to_github_summary());
}

#[test]
fn the_sarif_keeps_the_rules_of_the_standard() {
    let document: Value = serde_json::from_str(&report("").to_sarif()).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    let driver = &run["tool"]["driver"];
    assert!(driver["name"].is_string() && driver["informationUri"].as_str().unwrap().starts_with("https://"));
    let rules = driver["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!((rules.len(), results.len()), (6, 3));
    for rule in rules {
        // A rule's text ends with a full stop.
        assert!(rule["fullDescription"]["text"].as_str().unwrap().ends_with('.'));
        assert!(["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
    }
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        // GitHub refuses a result without a place.
        let place = &result["locations"][0]["physicalLocation"];
        let uri: url::Url = place["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(uri.query(), None);
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
    }
}

/// Texts that act on something: markup, workflow commands, a terminal, and everything else.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("</pre></td><script>alert(1)</script><!--".to_owned()),
        Just("]]>&bogus;\"' onmouseover='x' <?xml?>".to_owned()),
        Just("\n::set-env name=PATH::/evil\r\n::error::x%0A".to_owned()),
        Just("\u{1b}]8;;http://evil.test\u{7}\u{202e}\u{0}\u{fffe}".to_owned()),
        Just("|`</details>` [x](javascript:1) @everyone #1".to_owned()),
        any::<String>(),
    ]
}

/// Tags of the page, in their order.
fn tags(page: &str) -> Vec<&str> {
    let starts = page.split('<').skip(1);
    starts
        .map(|tag| {
            tag.split(|end: char| !end.is_ascii_alphanumeric() && end != '/' && end != '!')
                .next()
                .unwrap()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn h5_hostile_text_stays_text(foreign in hostile()) {
        let (plain, hostile) = (report("x"), report(&foreign));
        let (got, plain_page, plain_summary) = (format!("204{foreign}"), plain.to_html(), plain.to_github_summary());
        // JSON.
        let json = hostile.to_json();
        let json: Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(json["results"][1]["result"]["got"].as_str(), Some(got.as_str()));
        // JUnit: the same cases with the same results.
        let read = quick_junit::Report::deserialize_from_str(&hostile.to_junit());
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!((read.tests, read.failures, read.errors), (6, 1, 1));
        // SARIF.
        let sarif: Value = serde_json::from_str(&hostile.to_sarif()).unwrap();
        let message = sarif["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
        prop_assert!(message.starts_with("Expected 401") && !message.contains('\n'), "{}", message);
        // HTML: the same elements. Nothing acts on the reader's screen.
        let page = hostile.to_html();
        prop_assert_eq!(tags(&plain_page), tags(&page));
        let acting = ["<script", "\u{1b}", "\u{202e}", "\u{0}"].iter().any(|text| page.contains(text));
        prop_assert!(!acting);
        // Annotations: a line for each, and each begins with its command.
        let annotations = hostile.to_github_annotations();
        prop_assert_eq!(annotations.lines().count(), 4);
        for line in annotations.split('\n').filter(|line| !line.is_empty()) {
            prop_assert!(["::error title=", "::warning title=", "::notice title="].iter().any(|command| line.starts_with(command)), "{}", line);
            prop_assert!(!line.contains('\r'));
        }
        // The summary: the same tags.
        let summary = hostile.to_github_summary();
        prop_assert_eq!(tags(&plain_summary), tags(&summary));
        prop_assert_eq!(plain_summary.lines().count(), summary.lines().count());
        // The badge has no foreign text.
        prop_assert_eq!(plain.to_badge(), hostile.to_badge());
    }
}
