//! A real browser, controlled by WebDriver.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, Key, WebDriver, WebElement};

use super::{engine, wait};

/// No screen, and no requests of the browser to its vendor.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,1100",
];

/// How long a page may take to load on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A browser with an empty profile.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: WebDriver,
    _profile: TempDir,
}

impl Browser {
    /// Returns `None` if this machine has no browser.
    pub(crate) async fn open() -> Option<Self> {
        Self::open_with(&[]).await
    }

    /// Opens a browser with additional arguments.
    pub(crate) async fn open_with(more: &[&str]) -> Option<Self> {
        let driver = engine::value("REVENTO_TEST_WEBDRIVER")?;
        let profile = tempfile::tempdir().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        for argument in ARGUMENTS.iter().chain(more) {
            capabilities.add_arg(argument).unwrap();
        }
        capabilities
            .add_arg(&format!("--user-data-dir={}", profile.path().display()))
            .unwrap();
        if let Some(program) = engine::value("REVENTO_TEST_CHROMIUM") {
            capabilities.set_binary(&program).unwrap();
        }
        let driver = WebDriver::new(driver, capabilities)
            .await
            .expect("the driver could not open a browser");
        driver.set_page_load_timeout(TIMEOUT).await.unwrap();
        Some(Self {
            driver,
            _profile: profile,
        })
    }

    /// Opens a URL.
    pub(crate) async fn visit(&self, url: &str) {
        self.driver
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits for the first button or link with this text and clicks it.
    pub(crate) async fn click(&self, text: &str) {
        self.click_in("", text).await;
    }

    /// As [`Browser::click`], inside the element at this XPath.
    pub(crate) async fn click_in(&self, inside: &str, text: &str) {
        let path = format!("{inside}//*[(self::button or self::a) and normalize-space(.)='{text}']");
        wait::until(&format!("click {text:?}"), async || {
            let clicked = async { self.driver.find(By::XPath(path.as_str())).await?.click().await };
            self.explain(clicked.await).await
        })
        .await;
    }

    /// Presses a key.
    pub(crate) async fn press(&self, key: Key) {
        let keys = self.driver.action_chain().send_keys(key);
        keys.perform().await.unwrap();
    }

    /// The text of the focused element.
    pub(crate) async fn focused(&self) -> String {
        let focused = async { self.driver.active_element().await?.text().await };
        focused.await.unwrap_or_default()
    }

    /// Unticks the checkbox with this value.
    pub(crate) async fn untick(&self, value: &str) {
        let found = self
            .find(&format!("//input[@type='checkbox' and @value='{value}']"))
            .await;
        assert!(found.is_selected().await.unwrap(), "{value} was not ticked");
        found.click().await.unwrap();
    }

    /// Waits until the page shows this text.
    pub(crate) async fn sees(&self, text: &str) {
        wait::until(&format!("see {text:?}"), async || {
            let page = self.text().await;
            if page.contains(text) { Ok(()) } else { Err(page) }
        })
        .await;
    }

    /// Enters the first frame of the page, until the next visit.
    pub(crate) async fn enter_frame(&self) {
        let frame = self.find("//iframe").await;
        frame.enter_frame().await.unwrap();
    }

    /// Waits for the element at this XPath.
    pub(crate) async fn find(&self, path: &str) -> WebElement {
        wait::until(path, async || {
            self.explain(self.driver.find(By::XPath(path)).await).await
        })
        .await
    }

    /// How many elements match this XPath now.
    pub(crate) async fn count(&self, path: &str) -> usize {
        self.driver
            .find_all(By::XPath(path))
            .await
            .map_or(0, |found| found.len())
    }

    /// The text of the page.
    pub(crate) async fn text(&self) -> String {
        let read = async { self.driver.find(By::Tag("body")).await?.text().await };
        read.await.unwrap_or_default()
    }

    /// The current URL.
    pub(crate) async fn address(&self) -> String {
        self.driver
            .current_url()
            .await
            .map(String::from)
            .unwrap_or_default()
    }

    /// Sets the size of the screen and the colour scheme (`light` or `dark`).
    pub(crate) async fn screen(&self, width: u32, height: u32, scheme: &str) {
        let metrics = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 600,
        });
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        let tools = self.driver.cdp();
        tools
            .send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .unwrap();
        tools.send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
    }

    /// Shows the page as on this medium: `screen` or `print`.
    pub(crate) async fn media(&self, medium: &str) {
        let tools = self.driver.cdp();
        let medium = json!({ "media": medium });
        tools
            .send_raw("Emulation.setEmulatedMedia", medium)
            .await
            .unwrap();
    }

    /// Runs a script in the page and returns its result.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// Runs a script in the page and returns what the script passes to its last argument, a callback.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.driver
            .execute_async(script, vec![])
            .await
            .unwrap()
            .json()
            .clone()
    }

    /// Saves a screenshot if `cargo xtask screenshots` runs the test.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(folder) = engine::path("REVENTO_TEST_PICTURES") {
            self.driver
                .screenshot(&folder.join(format!("{name}.png")))
                .await
                .unwrap();
        }
    }

    /// Closes the browser. If a scenario fails, the driver closes its browsers when it ends.
    pub(crate) async fn close(self) {
        self.driver.quit().await.unwrap();
    }

    async fn explain<T>(&self, result: thirtyfour::error::WebDriverResult<T>) -> Result<T, String> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(format!(
                "{error}\nat {}:\n{}",
                self.address().await,
                self.text().await
            )),
        }
    }
}
