//! Checks a page with axe-core.

use serde_json::{Value, json};

use super::browser::Browser;

/// Runs the accessibility checker, which is loaded in the page. Skips frames, because others own their content.
const CHECK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { iframes: false, resultTypes: ['violations'] })
        .then(found => done(found.violations.map(row => ({
            rule: row.id, impact: row.impact, help: row.help, nodes: row.nodes.map(node => node.target.join(' ')),
        }))), error => done([{ rule: String(error) }]));";

/// What is wrong with the page of the browser: its width, and with axe-core what it finds.
pub(crate) async fn check(browser: &Browser, width: u32, axe: Option<&str>) -> Vec<Value> {
    let mut faults = Vec::new();
    // A phone zooms out if a page is too wide, so the width of its window says nothing.
    let needed = browser.run("return document.documentElement.scrollWidth;").await;
    if needed.as_u64() > Some(width.into()) {
        faults.push(json!({ "wider than the screen": needed }));
    }
    if let Some(axe) = axe {
        browser.run(axe).await;
        let found = browser.run_async(CHECK).await;
        faults.extend(found.as_array().unwrap().iter().cloned());
    }
    faults
}
