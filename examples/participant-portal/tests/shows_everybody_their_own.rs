//! The program, as a process, with a sandbox: participants sign in, on its own page and in the platform's frame.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing test panics"
)]

#[path = "../../test-support/world.rs"]
mod world;

use std::{collections::BTreeMap, env};

use reqwest::Response;
use revento_sandbox::{Action, ConsentDecision};
use serde_json::{Value, json};
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::process::Child;

use world::{EVENT, World};

#[tokio::test(flavor = "multi_thread")]
async fn two_participants_each_see_only_their_own_data() {
    let world = World::new().await;
    let _program = world.start().await;
    world.connect().await;
    let mut first = Visitor::default();
    let mut second = Visitor::default();
    for (visitor, user) in [(&mut first, "usr_0001"), (&mut second, "usr_0002")] {
        let consent = world.follow(visitor, &world.base).await;
        let decision = ConsentDecision::SignIn(user.into());
        let back = world.sandbox.authorize(&consent, decision).await.unwrap();
        assert_eq!(world.follow(visitor, &back).await, "");
    }
    // Also when they ask at the same time, many times.
    for _ in 0..5 {
        let (one, other) = tokio::join!(world.page(&first), world.page(&second));
        let (ones, others) = (world.name("usr_0001").await, world.name("usr_0002").await);
        assert!(one.contains(&ones) && !one.contains(&others), "{one}");
        assert!(other.contains(&others) && !other.contains(&ones), "{other}");
    }

    // A session does not open the page of another participant, and ends with the platform's consent.
    let client_id = world.sandbox.info().client_id.clone();
    let user_id = "usr_0001".to_owned();
    world
        .sandbox
        .perform(Action::RevokeUser { client_id, user_id })
        .await
        .unwrap();
    let consent = "/oauth/authorize?";
    world
        .wait("signed out", async || {
            world
                .follow(&mut first.clone(), &world.base)
                .await
                .contains(consent)
        })
        .await;
    assert!(world.page(&second).await.contains(&world.name("usr_0002").await));

    // Nothing is left of who has signed in after the event has ended.
    world
        .sandbox
        .perform(Action::ArchiveEvent(EVENT.into()))
        .await
        .unwrap();
    world
        .wait("all signed out", async || {
            world
                .follow(&mut second.clone(), &world.base)
                .await
                .contains(consent)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_takes_a_form_of_this_page() {
    let world = World::new().await;
    let _program = world.start().await;
    world.connect().await;
    let mut visitor = Visitor::default();
    let consent = world.follow(&mut visitor, &world.base).await;
    let decision = ConsentDecision::SignIn("usr_0001".into());
    let back = world.sandbox.authorize(&consent, decision).await.unwrap();
    world.follow(&mut visitor, &back).await;
    for (site, status) in [("cross-site", 403), ("same-origin", 200)] {
        let request = world
            .client
            .post(format!("{}/logout", world.base))
            .header("cookie", visitor.cookies());
        let response = request.header("sec-fetch-site", site).send().await.unwrap();
        assert_eq!(response.status(), status);
        visitor.keep(&response);
    }
    assert!(
        world
            .follow(&mut visitor, &world.base)
            .await
            .contains("/oauth/authorize?")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_platforms_frame_a_browser_signs_in_and_stays_signed_in() {
    let Ok(driver) = env::var("REVENTO_TEST_WEBDRIVER") else {
        return println!("skipped: no Chromium (cargo xtask test provides it)");
    };
    let world = World::new().await;
    let _program = world.start().await;
    world.connect().await;
    let page = json!({ "title": "Your application", "url": world.base, "requires_auth": true });
    let added = world.control(&format!("/events/{EVENT}/pages"), page).await;

    let profile = tempfile::tempdir().unwrap();
    let mut chromium = DesiredCapabilities::chrome();
    let profile_argument = format!("--user-data-dir={}", profile.path().display());
    // The browser blocks all cookies of third parties, but not partitioned ones.
    for argument in [
        "--headless",
        "--no-sandbox",
        "--test-third-party-cookie-phaseout",
        &profile_argument,
    ] {
        chromium.add_arg(argument).unwrap();
    }
    if let Ok(program) = env::var("REVENTO_TEST_CHROMIUM") {
        chromium.set_binary(&program).unwrap();
    }
    let browser = WebDriver::new(driver, chromium).await.unwrap();
    for visit in 1..=2 {
        browser.goto(added["page_url"].as_str().unwrap()).await.unwrap();
        browser
            .find(By::Tag("iframe"))
            .await
            .unwrap()
            .enter_frame()
            .await
            .unwrap();
        if visit == 1 {
            let authorize = By::XPath("//button[normalize-space(.)='Authorize']");
            let click = async || Some(browser.find(authorize.clone()).await.ok()?.click().await.is_ok());
            world
                .wait("the consent page", async || click().await == Some(true))
                .await;
        }
        let text = async || {
            Some(
                browser
                    .find(By::Tag("body"))
                    .await
                    .ok()?
                    .text()
                    .await
                    .unwrap_or_default(),
            )
        };
        world
            .wait("the page", async || {
                text().await.unwrap_or_default().contains("Your application is")
            })
            .await;
    }
    browser.quit().await.unwrap();
}

/// The cookies of a browser.
#[derive(Clone, Default)]
struct Visitor(BTreeMap<String, String>);

impl Visitor {
    fn cookies(&self) -> String {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.0.insert(name.into(), rest.split(';').next().unwrap().into());
        }
    }
}

impl World {
    async fn start(&self) -> Child {
        let mut command = self.command(env!("CARGO_BIN_EXE_revento-example-participant-portal"));
        command
            .env("DATABASE", self.data.path().join("portal.db"))
            .env("PLATFORM_ORIGIN", &self.sandbox.info().auth_base)
            .env("REVENTO_EVENT_ID", EVENT);
        self.run(command).await
    }

    /// Follows the redirects of the program. Returns the address of the consent page if they lead there.
    async fn follow(&self, visitor: &mut Visitor, url: &str) -> String {
        let mut url = url.to_owned();
        for _ in 0..5 {
            let response = self.get(visitor, &url).await;
            visitor.keep(&response);
            let Some(location) = response.headers().get("location") else {
                let status = response.status();
                assert!(
                    status.is_success(),
                    "{status}: {}",
                    response.text().await.unwrap()
                );
                return String::new();
            };
            let location = location.to_str().unwrap();
            if location.starts_with("http") {
                return location.to_owned();
            }
            url = format!("{}{location}", self.base);
        }
        panic!("a circle of redirects: {url}");
    }

    async fn get(&self, visitor: &Visitor, url: &str) -> Response {
        let request = self.client.get(url).header("accept", "text/html");
        request.header("cookie", visitor.cookies()).send().await.unwrap()
    }

    /// The page of a visitor who is signed in.
    async fn page(&self, visitor: &Visitor) -> String {
        let response = self.get(visitor, &self.base).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let policy = format!("frame-ancestors {}", self.sandbox.info().auth_base);
        assert_eq!(response.headers()["content-security-policy"], policy.as_str());
        response.text().await.unwrap()
    }

    /// The name of a participant.
    async fn name(&self, user: &str) -> String {
        let url = format!("{}/directory", self.sandbox.info().control_base);
        let directory = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let directory: Value = serde_json::from_str(&directory).unwrap();
        let users = directory["users"]
            .as_array()
            .unwrap_or_else(|| panic!("{directory}"));
        let found = users.iter().find(|row| row["id"] == user).unwrap();
        found["name"].as_str().unwrap().to_owned()
    }
}
