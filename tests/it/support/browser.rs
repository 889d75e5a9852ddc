//! A person with a real browser.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, Key, WebDriver, WebElement};

use super::{engine, wait};

/// Nothing that talks to the browser's maker, and nothing that needs a screen.
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

/// How long a page may take to load, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser with an empty profile.
#[derive(Debug)]
pub(crate) struct Browser {
    driver: WebDriver,
    _profile: TempDir,
}

impl Browser {
    /// `None` when this machine has none.
    pub(crate) async fn open() -> Option<Self> {
        Self::open_with(&[]).await
    }

    /// With more arguments than the usual ones.
    pub(crate) async fn open_with(more: &[&str]) -> Option<Self> {
        let driver = engine::value("REVENTO_TEST_WEBDRIVER")?;
        let profile = tempfile::tempdir().unwrap();
        let mut wishes = DesiredCapabilities::chrome();
        for argument in ARGUMENTS.iter().chain(more) {
            wishes.add_arg(argument).unwrap();
        }
        wishes
            .add_arg(&format!("--user-data-dir={}", profile.path().display()))
            .unwrap();
        if let Some(program) = engine::value("REVENTO_TEST_CHROMIUM") {
            wishes.set_binary(&program).unwrap();
        }
        let driver = WebDriver::new(driver, wishes)
            .await
            .expect("the driver opens a browser");
        driver.set_page_load_timeout(PATIENCE).await.unwrap();
        Some(Self {
            driver,
            _profile: profile,
        })
    }

    /// Types an address.
    pub(crate) async fn visit(&self, url: &str) {
        self.driver
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Clicks the first button or link with this text, as soon as there is one.
    pub(crate) async fn click(&self, text: &str) {
        self.click_in("", text).await;
    }

    /// As [`Browser::click`], inside the element that an XPath names.
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

    /// What the element says that keys go to.
    pub(crate) async fn focused(&self) -> String {
        let focused = async { self.driver.active_element().await?.text().await };
        focused.await.unwrap_or_default()
    }

    /// Unticks the box of this value.
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

    /// Looks at the page inside the first frame from now on, until the next visit.
    pub(crate) async fn enter_frame(&self) {
        let frame = self.find("//iframe").await;
        frame.enter_frame().await.unwrap();
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, path: &str) -> WebElement {
        wait::until(path, async || {
            self.explain(self.driver.find(By::XPath(path)).await).await
        })
        .await
    }

    /// How many elements there are right now.
    pub(crate) async fn count(&self, path: &str) -> usize {
        self.driver
            .find_all(By::XPath(path))
            .await
            .map_or(0, |found| found.len())
    }

    /// What a person reads.
    pub(crate) async fn text(&self) -> String {
        let read = async { self.driver.find(By::Tag("body")).await?.text().await };
        read.await.unwrap_or_default()
    }

    /// Where the browser is.
    pub(crate) async fn address(&self) -> String {
        self.driver
            .current_url()
            .await
            .map(String::from)
            .unwrap_or_default()
    }

    /// Shows pages as a screen of this width and height does, in light or dark.
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

    /// What a script returns, run inside the page.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// What a script hands to its last argument, a function.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.driver
            .execute_async(script, vec![])
            .await
            .unwrap()
            .json()
            .clone()
    }

    /// Keeps a picture of the page where `cargo xtask screenshots` wants one.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(folder) = engine::path("REVENTO_TEST_PICTURES") {
            self.driver
                .screenshot(&folder.join(format!("{name}.png")))
                .await
                .unwrap();
        }
    }

    /// Closes it. A scenario that fails leaves it to the driver, which ends with its browsers.
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
