//! `quickstart --headless`: goes through the steps of the quickstart without a browser, by the same pages and forms.

mod browser;
mod control_api;
mod form;
mod report;
mod walkthrough;

use anyhow::Result;

use super::environment::{Environment, Ports};
use crate::stop::Stop;
use report::Report;
use walkthrough::Walkthrough;

/// Runs every step in a temporary directory and reports each.
pub(crate) async fn run(json: bool) -> Result<()> {
    let mut stop = Stop::listen()?;
    let data = tempfile::Builder::new().prefix("revento-quickstart-").tempdir()?;
    let environment = Environment::start(
        data.path(),
        Ports {
            sandbox: 0,
            service: 0,
        },
    )
    .await?;
    let mut walkthrough = Walkthrough::new(environment)?;
    let mut report = Report::new(json);
    let result = tokio::select! {
        result = run_steps(&mut walkthrough, &mut report) => result,
        () = stop.requested() => Err(anyhow::anyhow!("stopped before the last step")),
    };
    let stats = walkthrough.stats().await.unwrap_or_default();
    report.finish(result.is_ok(), &stats);
    walkthrough.end().await;
    result
}

async fn run_steps(walkthrough: &mut Walkthrough, report: &mut Report) -> Result<()> {
    report.step("connect", walkthrough.connect()).await?;
    report.step("consent", walkthrough.consent()).await?;
    report.step("exchange", walkthrough.exchange()).await?;
    report
        .step(
            "read: all participants, in several pages",
            walkthrough.read_all_participants(),
        )
        .await?;
    report
        .step(
            "approve: webhook verified, stored, handled once",
            walkthrough.approve(),
        )
        .await?;
    report
        .step(
            "replay: the same delivery acknowledged, not handled again",
            walkthrough.replay(),
        )
        .await?;
    report
        .step(
            "clock +61 min: one token refresh",
            walkthrough.refresh_expired_token(),
        )
        .await?;
    report
        .step(
            "restart: still connected, without a new consent",
            walkthrough.restart(),
        )
        .await?;
    report
        .step(
            "two reads at once with an expired token: one refresh",
            walkthrough.read_concurrently(),
        )
        .await?;
    report
        .step(
            "revoke: connection ended, deletion required, no further calls",
            walkthrough.revoke(),
        )
        .await?;
    report
        .step("no refresh token sent twice", walkthrough.no_token_reused())
        .await
}
