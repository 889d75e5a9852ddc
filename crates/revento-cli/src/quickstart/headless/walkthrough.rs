//! The steps and what each checks.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{
    browser::{Browser, Page},
    control_api::{ControlApi, text},
    form,
};
use crate::quickstart::environment::Environment;

/// How long a step waits for the integration to handle a webhook.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(5);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// One minute longer than the lifetime of an access token.
const SIXTY_ONE_MINUTES: u64 = 61 * 60;

pub(crate) struct Walkthrough {
    environment: Environment,
    browser: Browser,
    control: ControlApi,
    event_id: String,
    consent_page: Option<Page>,
    callback: Option<Url>,
    approval: Option<Value>,
}

impl Walkthrough {
    pub(crate) fn new(environment: Environment) -> Result<Self> {
        let info = environment.info();
        let event_id = info.events.first().context("the sandbox has no events")?.clone();
        let control = ControlApi {
            base: info.control_base.clone(),
        };
        let browser = Browser::new()?;
        Ok(Self {
            environment,
            browser,
            control,
            event_id,
            consent_page: None,
            callback: None,
            approval: None,
        })
    }

    pub(crate) async fn connect(&mut self) -> Result<()> {
        let index = self.browser.get(&self.environment.base_url).await?;
        ensure!(
            index.body.contains("/connect"),
            "the index page has no Connect link: {}",
            index.summary()
        );
        let begun = self
            .browser
            .get(&format!("{}/connect", self.environment.base_url))
            .await?;
        let page = self.browser.get(begun.redirect()?.as_str()).await?;
        ensure!(
            page.status == StatusCode::OK,
            "the platform did not show the consent page: {}",
            page.summary()
        );
        self.consent_page = Some(page);
        Ok(())
    }

    pub(crate) async fn consent(&mut self) -> Result<()> {
        let page = self
            .consent_page
            .take()
            .context("the step before did not reach the consent page")?;
        let submission = form::press(&page.url, &page.body, "Authorize")?;
        let answer = self
            .browser
            .post_form(&submission.action, &submission.fields)
            .await?;
        let callback = answer.redirect()?;
        ensure!(
            callback.as_str().starts_with(&self.environment.base_url),
            "the platform redirected to {} instead of the integration",
            callback.origin().ascii_serialization()
        );
        self.callback = Some(callback.clone());
        Ok(())
    }

    pub(crate) async fn exchange(&mut self) -> Result<()> {
        let callback = self
            .callback
            .take()
            .context("the step before did not reach the callback")?;
        self.browser.get(callback.as_str()).await?.redirect()?;
        self.expect_status("connected").await
    }

    pub(crate) async fn read_all_participants(&mut self) -> Result<()> {
        let applications = self
            .control
            .list(
                &self.browser,
                &format!("/applications?event_id={}", self.event_id),
            )
            .await?;
        let expected = ids(&applications, "participant_id")?;
        let read = self.read().await?;
        let pages = read.get("pages").and_then(Value::as_u64).unwrap_or(0);
        ensure!(
            pages > 1,
            "the participants came in {pages} page instead of several"
        );
        let got: BTreeSet<String> = serde_json::from_value(read.get("ids").cloned().unwrap_or_default())?;
        ensure!(
            got == expected,
            "the integration read {} participants, but the event has {}",
            got.len(),
            expected.len()
        );
        Ok(())
    }

    pub(crate) async fn approve(&mut self) -> Result<()> {
        let path = format!("/applications?event_id={}&status=pending", self.event_id);
        let pending = self.control.list(&self.browser, &path).await?;
        let id = text(
            pending.first().context("the event has no pending application")?,
            "id",
        )?;
        self.control
            .post(&self.browser, &format!("/applications/{id}/approve"), &json!({}))
            .await?;
        self.until("the integration to handle application.approved", async || {
            Ok(self.handled("application.approved").await? == 1)
        })
        .await?;
        self.until("the integration to acknowledge the delivery", async || {
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
        let delivery = self.approval.take().context("the step before saw no delivery")?;
        let id = text(&delivery, "id")?;
        self.control
            .post(&self.browser, &format!("/deliveries/{id}/replay"), &json!({}))
            .await?;
        self.until(
            "the integration to acknowledge the replayed delivery",
            async || {
                Ok(self
                    .delivery("application.approved")
                    .await?
                    .is_some_and(|found| acknowledged(&found) == 2))
            },
        )
        .await?;
        let handled = self.handled("application.approved").await?;
        ensure!(
            handled == 1,
            "the webhook was handled {handled} times instead of once"
        );
        Ok(())
    }

    pub(crate) async fn refresh_expired_token(&mut self) -> Result<()> {
        let before = self.count("refreshes").await?;
        self.control.advance(&self.browser, SIXTY_ONE_MINUTES).await?;
        self.read().await?;
        self.expect_refreshes(before + 1).await
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        let exchanges = self.count("exchanges").await?;
        self.environment.restart_service().await?;
        self.expect_status("connected").await?;
        self.read().await?;
        ensure!(
            self.count("exchanges").await? == exchanges,
            "the integration had to connect again"
        );
        Ok(())
    }

    pub(crate) async fn read_concurrently(&mut self) -> Result<()> {
        let before = self.count("refreshes").await?;
        self.control.advance(&self.browser, SIXTY_ONE_MINUTES).await?;
        tokio::try_join!(self.read(), self.read())?;
        self.expect_refreshes(before + 1).await
    }

    pub(crate) async fn revoke(&mut self) -> Result<()> {
        self.control
            .post(
                &self.browser,
                &format!("/connections/{}/revoke", self.event_id),
                &json!({}),
            )
            .await?;
        self.until("the integration to handle data.deletion_required", async || {
            Ok(self.handled("data.deletion_required").await? == 1)
        })
        .await?;
        self.expect_status("revoked").await?;
        let status = self.browser.get_json(&self.url("/api/status")).await?;
        text(&status, "delete_by").context("the status has no deadline for the deletion")?;

        // Reading the counter is a request, too.
        let before = self.count("requests").await?;
        let refused = self.browser.get(&self.url("/api/participants")).await?;
        let calls = self.count("requests").await? - before - 1;
        ensure!(
            refused.status == StatusCode::GONE,
            "the integration read an ended connection: {}",
            refused.summary()
        );
        ensure!(
            calls == 0,
            "a read of the ended connection sent {calls} requests to the platform"
        );
        Ok(())
    }

    pub(crate) async fn no_token_reused(&mut self) -> Result<()> {
        let reuses = self.count("reuses").await?;
        ensure!(reuses == 0, "{reuses} refresh tokens were sent twice");
        Ok(())
    }

    pub(crate) async fn stats(&self) -> Result<Value> {
        self.control.stats(&self.browser).await
    }

    pub(crate) async fn end(self) {
        self.environment.stop().await;
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.environment.base_url)
    }

    async fn read(&self) -> Result<Value> {
        let url = self.url("/api/participants?fresh=true");
        self.browser.get_json(&url).await
    }

    async fn count(&self, name: &str) -> Result<u64> {
        self.control.count(&self.browser, name).await
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
        let deliveries = self.control.list(&self.browser, "/deliveries").await?;
        Ok(deliveries
            .into_iter()
            .find(|found| found.get("type").and_then(Value::as_str) == Some(event_type)))
    }

    async fn expect_status(&self, expected: &str) -> Result<()> {
        let status = text(&self.browser.get_json(&self.url("/api/status")).await?, "status")?;
        ensure!(
            status == expected,
            "the connection is {status} instead of {expected}"
        );
        Ok(())
    }

    async fn expect_refreshes(&self, expected: u64) -> Result<()> {
        let refreshes = self.count("refreshes").await?;
        ensure!(
            refreshes == expected,
            "the platform counted {refreshes} refreshes instead of {expected}"
        );
        Ok(())
    }

    async fn until(&self, what: &str, check: impl AsyncFn() -> Result<bool>) -> Result<()> {
        let waiting = async {
            while !check().await? {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
            Ok(())
        };
        match tokio::time::timeout(WEBHOOK_TIMEOUT, waiting).await {
            Ok(result) => result,
            Err(_) => bail!("waited {} s for {what}", WEBHOOK_TIMEOUT.as_secs()),
        }
    }
}

/// How many attempts of a delivery were answered with a 2xx.
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
