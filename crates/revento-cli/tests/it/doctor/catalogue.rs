//! `revento doctor --list` and `revento doctor explain`.

use std::{fs, path::Path};

use revento_doctor::{Check, Family, Need, Severity, catalogue};

use crate::{
    json::json_lines,
    support::{Ended, run},
};

#[test]
fn the_list_has_every_check() {
    let lines = json_lines("doctor-list", &run(&["doctor", "--list", "--json"]));
    let ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, catalogue().map(|check| check.id).collect::<Vec<_>>());
    let Ended { code, stdout, .. } = run(&["doctor", "--list", "--only", "signature"]);
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with("signature (") && stdout.contains(" required "),
        "{stdout}"
    );
    assert!(!stdout.contains("oauth"), "{stdout}");
}

#[test]
fn each_check_is_explained() {
    for check in catalogue() {
        let Ended { code, stdout, stderr } = run(&["doctor", "explain", check.id]);
        assert_eq!(code, Some(0), "{stderr}");
        for text in [check.title, check.why, check.mend, check.section] {
            assert!(stdout.contains(text), "{}: {text} is not in\n{stdout}", check.id);
        }
    }
    let family = run(&["doctor", "explain", "signature"]).stdout;
    assert!(family.contains("signature-good"), "{family}");
}

/// The table in docs/doctor.md, from the catalogue.
fn table() -> String {
    let mut table = String::new();
    for family in Family::ALL {
        let checks: Vec<&Check> = catalogue().filter(|check| check.family == family).collect();
        table.push_str(&format!("\n### {}: {} checks\n\n", family.name(), checks.len()));
        table.push_str("| check | what a good integration does | contract | needs |\n|---|---|---|---|\n");
        for check in checks {
            let mark = match check.severity {
                Severity::Required => "",
                _ => " (recommended)",
            };
            let needs: Vec<String> = check
                .needs
                .iter()
                .copied()
                .map(Need::option)
                .map(|option| format!("`{option}`"))
                .collect();
            table.push_str(&format!(
                "| `{}` | {}{mark} | {} | {} |\n",
                check.id,
                check.title.replace('|', "\\|"),
                check.section,
                needs.join(" ")
            ));
        }
    }
    table
}

/// `INSTA_UPDATE=always cargo test -p revento-cli the_document` writes it.
#[test]
fn the_document_has_every_check() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/doctor.md");
    let document = fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        "<!-- The tests write what follows. -->\n",
        "\n<!-- The tests write what precedes. -->",
    );
    let (before, rest) = document
        .split_once(begin)
        .expect("docs/doctor.md has a place for the table");
    let (_, after) = rest
        .split_once(end)
        .expect("docs/doctor.md has a place for the table");
    let expected = format!("{before}{begin}{}{end}{after}", table());
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(
        document == expected,
        "docs/doctor.md is not up to date: INSTA_UPDATE=always cargo test -p revento-cli the_document writes it"
    );
}
