//! `revento doctor --list` and `revento doctor explain`.

use revento_doctor::{Check, Family, Need, Settings, Severity, catalogue, similar_checks};
use serde_json::json;

use super::{
    failure::{Failure, usage},
    paint::{Paint, Tone, print},
};
use crate::terminal;

/// Lists the chosen checks.
pub(crate) fn list(settings: &Settings) -> Result<(), Failure> {
    let plan = settings.chosen()?;
    if settings.json {
        for check in plan {
            terminal::print_line(&as_json(check).to_string());
        }
        return Ok(());
    }
    let paint = Paint::of_stdout();
    for family in Family::ALL {
        let checks: Vec<_> = plan.iter().filter(|check| check.family == family).collect();
        if !checks.is_empty() {
            print(&format!(
                "{} ({})",
                paint.text(Tone::Strong, family.name()),
                checks.len()
            ));
            checks.into_iter().for_each(|check| row(paint, check));
        }
    }
    Ok(())
}

fn row(paint: Paint, check: &Check) {
    let severity = severity(check);
    print(&format!(
        "  {:<34} {severity:<11} {:<6} {}",
        check.id,
        check.section,
        paint.text(Tone::Soft, check.title)
    ));
}

/// Explains a check, or lists a family.
pub(crate) fn explain(id: &str) -> Result<(), Failure> {
    let paint = Paint::of_stdout();
    if let Some(check) = catalogue().find(|check| check.id == id) {
        explain_check(paint, check);
        return Ok(());
    }
    let mut family = catalogue().filter(|check| check.family.name() == id).peekable();
    if family.peek().is_none() {
        return Err(usage(unknown(id)));
    }
    family.for_each(|check| row(paint, check));
    print("");
    print("revento doctor explain ID explains one of them.");
    Ok(())
}

fn explain_check(paint: Paint, check: &Check) {
    print(&format!(
        "{}  ({}, contract {})",
        paint.text(Tone::Strong, check.id),
        severity(check),
        check.section
    ));
    print(&format!("{}.", check.title));
    print("");
    let line = |name: &str, text: &str| {
        print(&format!(
            "{} {text}",
            paint.text(Tone::Soft, &format!("{name:<9}"))
        ));
    };
    line("why", &format!("{}.", check.why));
    line("mend", &format!("{}.", check.mend));
    for (framework, hint) in check.hints {
        line(framework.name(), &format!("{}.", hint.trim_end_matches('.')));
    }
    let needs: Vec<&str> = check.needs.iter().copied().map(Need::option).collect();
    line("needs", &needs.join(", "));
    line("run it", &format!("revento doctor --only {}", check.id));
}

fn unknown(id: &str) -> String {
    let similar: Vec<String> = similar_checks(id)
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let question = match similar.is_empty() {
        true => String::new(),
        false => format!("; did you mean {}?", similar.join(" or ")),
    };
    format!("there is no check and no family `{id}`{question}\n`revento doctor --list` lists them")
}

fn severity(check: &Check) -> &'static str {
    match check.severity {
        Severity::Required => "required",
        _ => "recommended",
    }
}

fn as_json(check: &Check) -> serde_json::Value {
    let hints = check
        .hints
        .iter()
        .map(|(framework, hint)| json!({ "framework": framework, "hint": hint }));
    json!({
        "id": check.id,
        "family": check.family,
        "title": check.title,
        "section": check.section,
        "severity": check.severity,
        "why": check.why,
        "mend": check.mend,
        "hints": hints.collect::<Vec<_>>(),
        "needs": check.needs.iter().copied().map(Need::option).collect::<Vec<_>>(),
    })
}
