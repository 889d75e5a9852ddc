//! The page of `revento doctor --html` on a large and a small screen, in light and dark, and on paper: axe-core finds no
//! accessibility problem, nothing is wider than the screen, and closed evidence is printed. `cargo xtask screenshots` saves the
//! pictures.

use revento_doctor::Doctor;
use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::{accessibility, engine, install, quickstarts, terminal, wait};

/// Width, height and colour scheme of a screen.
const SCREENS: [(u32, u32, &str); 2] = [(1280, 1000, "light"), (390, 844, "dark")];

/// Some checks of each result. Those with fifty exchanges would make the page long, and its check slow.
const ONLY: [&str; 6] = [
    "signature",
    "delivery-handled",
    "delivery-duplicate",
    "delivery-other-delivery-id",
    "delivery-get",
    "delivery-health",
];

#[tokio::test(flavor = "multi_thread")]
async fn on_a_screen_and_on_paper() {
    let (Some(node), Some(npm)) = (
        engine::path("REVENTO_TEST_NODE"),
        engine::path("REVENTO_TEST_NPM"),
    ) else {
        return engine::skip("Node");
    };
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("report.html");
    let server = install::express(&npm).await;
    std::fs::write(&page, examine(&node, &server).await).unwrap();

    let axe = install::axe(&npm).await;
    let mut faults: Vec<Value> = Vec::new();
    for (width, height, scheme) in SCREENS {
        browser.screen(width, height, scheme).await;
        browser.visit(&format!("file://{}", page.display())).await;
        if scheme == "light" {
            browser.picture("doctor-report").await;
        }
        // What is in closed evidence counts, too.
        set_open(&browser, true).await;
        faults.extend(accessibility::check(&browser, width, Some(&axe)).await);
        set_open(&browser, false).await;
    }
    assert!(faults.is_empty(), "{}", json!(faults));
    // The browser takes note of what can be seen with its next frame.
    wait::until("closed evidence is hidden on a screen", async || {
        none(visible_evidence(&browser).await)
    })
    .await;
    browser.media("print").await;
    wait::until("closed evidence is printed", async || {
        none(hidden_evidence(&browser).await)
    })
    .await;
    let loaded = browser
        .run("return performance.getEntriesByType('resource').length")
        .await;
    assert_eq!(loaded, json!(0), "the page needs other files");
    browser.close().await;
}

/// Takes the pictures of terminals. `cargo xtask screenshots` runs the commands on a terminal before, and names the folder of what
/// they have shown.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal() {
    let Some(shown) = engine::path("REVENTO_TEST_TERMINAL") else {
        return;
    };
    let Some(browser) = Browser::open().await else {
        return engine::skip("Chromium");
    };
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("terminal.html");
    for file in std::fs::read_dir(shown).unwrap().map(Result::unwrap) {
        let text = std::fs::read_to_string(file.path()).unwrap();
        std::fs::write(&page, terminal::page(&text)).unwrap();
        browser.screen(1180, 100, "dark").await;
        browser.visit(&format!("file://{}", page.display())).await;
        let height = browser.run("return document.documentElement.scrollHeight").await;
        let height = u32::try_from(height.as_u64().unwrap()).unwrap();
        browser.screen(1180, height, "dark").await;
        browser.picture(file.file_name().to_str().unwrap()).await;
    }
    browser.close().await;
}

/// The page of an examination of the Express server in `tests/interop`, which has its flaws.
async fn examine(node: &std::path::Path, server: &std::path::Path) -> String {
    let mut settings = quickstarts::settings(node, server);
    settings.only = ONLY.map(str::to_owned).to_vec();
    let report = Doctor::new(settings).unwrap().run(&mut ()).await.unwrap();
    assert!(report.counts().warnings > 0, "there is nothing to see");
    report.to_html()
}

/// Opens or closes all evidence.
async fn set_open(browser: &Browser, open: bool) {
    let script = format!("document.querySelectorAll('details').forEach(details => details.open = {open})");
    browser.run(&script).await;
}

fn none(evidence: Vec<Value>) -> Result<(), Vec<Value>> {
    if evidence.is_empty() {
        Ok(())
    } else {
        Err(evidence)
    }
}

async fn hidden_evidence(browser: &Browser) -> Vec<Value> {
    evidence(browser, false).await
}

async fn visible_evidence(browser: &Browser) -> Vec<Value> {
    evidence(browser, true).await
}

/// The first words of the exchanges in closed evidence that are visible, or are not.
async fn evidence(browser: &Browser, visible: bool) -> Vec<Value> {
    let script = format!(
        "return [...document.querySelectorAll('details:not([open]) .exchange')]
            .filter(exchange => exchange.checkVisibility({{ contentVisibilityAuto: true }}) === {visible})
            .map(exchange => exchange.textContent.slice(0, 60));"
    );
    browser.run(&script).await.as_array().unwrap().clone()
}
