//! `quickstart --headless`: the same walk by itself, through the same pages and forms.

mod browser;
mod consent;
mod platform;
mod report;
mod steps;

use anyhow::Result;

use super::world::{Ports, World};
use crate::stop::Stop;
use report::Report;
use steps::Walk;

/// Walks every step in a fresh directory and reports each.
pub(crate) async fn run(json: bool) -> Result<()> {
    let mut stop = Stop::listen()?;
    let data = tempfile::Builder::new().prefix("revento-quickstart-").tempdir()?;
    let world = World::start(
        data.path(),
        Ports {
            sandbox: 0,
            service: 0,
        },
    )
    .await?;
    let mut walk = Walk::new(world)?;
    let mut report = Report::new(json);
    let outcome = tokio::select! {
        outcome = all(&mut walk, &mut report) => outcome,
        () = stop.requested() => Err(anyhow::anyhow!("stopped before the walk was over")),
    };
    let stats = walk.stats().await.unwrap_or_default();
    report.finish(outcome.is_ok(), &stats);
    walk.end().await;
    outcome
}

async fn all(walk: &mut Walk, report: &mut Report) -> Result<()> {
    report.step("connect", walk.connect()).await?;
    report.step("consent", walk.consent()).await?;
    report.step("exchange", walk.exchange()).await?;
    report
        .step("all participants over several pages", walk.read_everybody())
        .await?;
    report
        .step("approve: webhook verified, stored, handled once", walk.approve())
        .await?;
    report
        .step(
            "the same delivery again: acknowledged, not handled again",
            walk.replay(),
        )
        .await?;
    report
        .step("clock +61 min: exactly one refresh", walk.outlive_the_token())
        .await?;
    report
        .step("restart: still connected, no consent", walk.restart())
        .await?;
    report
        .step(
            "two reads at once on an expired token: one refresh",
            walk.read_twice_at_once(),
        )
        .await?;
    report
        .step(
            "revoke: deletion required, connection ended, no call after",
            walk.revoke(),
        )
        .await?;
    report
        .step("no refresh token was sent twice", walk.no_token_twice())
        .await
}
