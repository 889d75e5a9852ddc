//! The steps, each with what it must show.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{
    browser::{Browser, Page},
    consent,
    platform::{Platform, text},
};
use crate::quickstart::world::World;

/// How long a webhook may take to be handled.
const WEBHOOK_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);
/// A minute longer than an access token lives.
const SIXTY_ONE_MINUTES: u64 = 61 * 60;

pub(crate) struct Walk {
    world: World,
    browser: Browser,
    platform: Platform,
    event_id: String,
    consent_page: Option<Page>,
    callback: Option<Url>,
    approval: Option<Value>,
}

impl Walk {
    pub(crate) fn new(world: World) -> Result<Self> {
        let info = world.info();
        let event_id = info.events.first().context("the sandbox has no events")?.clone();
        let platform = Platform {
            base: info.control_base.clone(),
        };
        let browser = Browser::new()?;
        Ok(Self {
            world,
            browser,
            platform,
            event_id,
            consent_page: None,
            callback: None,
            approval: None,
        })
    }

    pub(crate) async fn connect(&mut self) -> Result<()> {
        let index = self.browser.get(&self.world.base_url).await?;
        ensure!(
            index.body.contains("/connect"),
            "the index page offers no Connect: {}",
            index.told()
        );
        let begun = self
            .browser
            .get(&format!("{}/connect", self.world.base_url))
            .await?;
        let page = self.browser.get(begun.redirect()?.as_str()).await?;
        ensure!(page.status == StatusCode::OK, "no consent page: {}", page.told());
        self.consent_page = Some(page);
        Ok(())
    }

    pub(crate) async fn consent(&mut self) -> Result<()> {
        let page = self.consent_page.take().context("no consent page")?;
        let pressed = consent::press(&page.url, &page.body, "Authorize")?;
        let answer = self.browser.post_form(&pressed.action, &pressed.fields).await?;
        let callback = answer.redirect()?;
        ensure!(
            callback.as_str().starts_with(&self.world.base_url),
            "sent to {callback}"
        );
        self.callback = Some(callback.clone());
        Ok(())
    }

    pub(crate) async fn exchange(&mut self) -> Result<()> {
        let callback = self.callback.take().context("no callback")?;
        self.browser.get(callback.as_str()).await?.redirect()?;
        self.expect_status("connected").await
    }

    pub(crate) async fn read_everybody(&mut self) -> Result<()> {
        let applications = self
            .platform
            .list(
                &self.browser,
                &format!("/applications?event_id={}", self.event_id),
            )
            .await?;
        let expected = ids(&applications, "participant_id")?;
        let read = self.read().await?;
        let pages = read.get("pages").and_then(Value::as_u64).unwrap_or(0);
        ensure!(pages > 1, "everybody came on {pages} page");
        let got: BTreeSet<String> = serde_json::from_value(read.get("ids").cloned().unwrap_or_default())?;
        ensure!(
            got == expected,
            "{} participants were read, the event has {}",
            got.len(),
            expected.len()
        );
        Ok(())
    }

    pub(crate) async fn approve(&mut self) -> Result<()> {
        let path = format!("/applications?event_id={}&status=pending", self.event_id);
        let pending = self.platform.list(&self.browser, &path).await?;
        let id = text(pending.first().context("no application is pending")?, "id")?;
        self.platform
            .post(&self.browser, &format!("/applications/{id}/approve"), &json!({}))
            .await?;
        self.until("application.approved is handled", async || {
            Ok(self.handled("application.approved").await? == 1)
        })
        .await?;
        self.until("the delivery is acknowledged", async || {
            Ok(self
                .delivery("application.approved")
                .await?
                .is_some_and(|found| acknowledged(&found) == 1))
        })
        .await?;
        self.approval = self.delivery("application.approved").await?;
        Ok(())
    }

    pub(crate) async fn replay(&mut self) -> Result<()> {
        let delivery = self.approval.take().context("nothing was delivered")?;
        let id = text(&delivery, "id")?;
        self.platform
            .post(&self.browser, &format!("/deliveries/{id}/replay"), &json!({}))
            .await?;
        self.until("the second delivery is acknowledged", async || {
            Ok(self
                .delivery("application.approved")
                .await?
                .is_some_and(|found| acknowledged(&found) == 2))
        })
        .await?;
        let handled = self.handled("application.approved").await?;
        ensure!(handled == 1, "it was handled {handled} times");
        Ok(())
    }

    pub(crate) async fn outlive_the_token(&mut self) -> Result<()> {
        let before = self.count("refreshes").await?;
        self.platform.advance(&self.browser, SIXTY_ONE_MINUTES).await?;
        self.read().await?;
        self.expect_refreshes(before + 1).await
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        let exchanges = self.count("exchanges").await?;
        self.world.restart_service().await?;
        self.expect_status("connected").await?;
        self.read().await?;
        ensure!(
            self.count("exchanges").await? == exchanges,
            "it had to connect again"
        );
        Ok(())
    }

    pub(crate) async fn read_twice_at_once(&mut self) -> Result<()> {
        let before = self.count("refreshes").await?;
        self.platform.advance(&self.browser, SIXTY_ONE_MINUTES).await?;
        tokio::try_join!(self.read(), self.read())?;
        self.expect_refreshes(before + 1).await
    }

    pub(crate) async fn revoke(&mut self) -> Result<()> {
        self.platform
            .post(
                &self.browser,
                &format!("/connections/{}/revoke", self.event_id),
                &json!({}),
            )
            .await?;
        self.until("data.deletion_required is handled", async || {
            Ok(self.handled("data.deletion_required").await? == 1)
        })
        .await?;
        self.expect_status("revoked").await?;
        let status = self.browser.get_json(&self.url("/api/status")).await?;
        text(&status, "delete_by").context("no deadline for the deletion")?;

        // Asking for the count is one request itself.
        let before = self.count("requests").await?;
        let refused = self.browser.get(&self.url("/api/participants")).await?;
        let calls = self.count("requests").await? - before - 1;
        ensure!(
            refused.status == StatusCode::GONE,
            "the read was not refused: {}",
            refused.told()
        );
        ensure!(calls == 0, "the read of an ended connection made {calls} calls");
        Ok(())
    }

    pub(crate) async fn no_token_twice(&mut self) -> Result<()> {
        let reuses = self.count("reuses").await?;
        ensure!(reuses == 0, "a refresh token was sent twice ({reuses} times)");
        Ok(())
    }

    pub(crate) async fn stats(&self) -> Result<Value> {
        self.platform.stats(&self.browser).await
    }

    pub(crate) async fn end(self) {
        self.world.stop().await;
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.world.base_url)
    }

    async fn read(&self) -> Result<Value> {
        self.browser.get_json(&self.url("/api/participants")).await
    }

    async fn count(&self, name: &str) -> Result<u64> {
        self.platform.count(&self.browser, name).await
    }

    /// How many webhooks of this type the integration has handled.
    async fn handled(&self, event_type: &str) -> Result<usize> {
        let handled = self.browser.get_json(&self.url("/api/webhooks")).await?;
        let of_type = |entry: &&Value| entry.get("event_type").and_then(Value::as_str) == Some(event_type);
        Ok(handled
            .as_array()
            .map_or(0, |entries| entries.iter().filter(of_type).count()))
    }

    async fn delivery(&self, event_type: &str) -> Result<Option<Value>> {
        let deliveries = self.platform.list(&self.browser, "/deliveries").await?;
        Ok(deliveries
            .into_iter()
            .find(|found| found.get("type").and_then(Value::as_str) == Some(event_type)))
    }

    async fn expect_status(&self, expected: &str) -> Result<()> {
        let status = text(&self.browser.get_json(&self.url("/api/status")).await?, "status")?;
        ensure!(status == expected, "the connection is {status}, not {expected}");
        Ok(())
    }

    async fn expect_refreshes(&self, expected: u64) -> Result<()> {
        let refreshes = self.count("refreshes").await?;
        ensure!(
            refreshes == expected,
            "{refreshes} refreshes instead of {expected}"
        );
        Ok(())
    }

    async fn until(&self, what: &str, check: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let waiting = async {
            while !check().await? {
                tokio::time::sleep(POLL).await;
            }
            Ok(())
        };
        match tokio::time::timeout(WEBHOOK_WITHIN, waiting).await {
            Ok(outcome) => outcome,
            Err(_) => bail!("waited {} s and {what} did not happen", WEBHOOK_WITHIN.as_secs()),
        }
    }
}

/// How many attempts of a delivery got a 2xx.
fn acknowledged(delivery: &Value) -> usize {
    let attempts = delivery.get("attempts").and_then(Value::as_array);
    let good = |attempt: &&Value| {
        attempt
            .get("status")
            .and_then(Value::as_u64)
            .is_some_and(|s| (200..300).contains(&s))
    };
    attempts.map_or(0, |attempts| attempts.iter().filter(good).count())
}

fn ids(items: &[Value], field: &str) -> Result<BTreeSet<String>> {
    items.iter().map(|item| text(item, field)).collect()
}
