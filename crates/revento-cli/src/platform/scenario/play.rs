//! Plays a scenario on a sandbox.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use revento::types::text::printable;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{file::Scenario, step::Step};
use crate::{
    platform::trigger::{Delivered, Happened, Output, Repeat, World},
    stop::Stop,
    terminal,
};

/// How long attempts that are due may take.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);
/// More rounds than the retry schedule of any number of deliveries needs, unless new ones keep coming.
const MAX_ROUNDS: usize = 1_000;

/// Plays all steps. The faults that the scenario arms are disarmed at its end, also after a failure or Ctrl-C.
pub(crate) async fn play(world: &World, scenario: &Scenario, output: &mut Output) -> Result<()> {
    check_faults(world, scenario).await?;
    let mut stop = Stop::listen()?;
    let mut stage = Stage {
        world,
        output,
        since: world.sandbox.now().await?.to_string(),
        armed: Vec::new(),
    };
    if scenario.connects() && world.connect().await? {
        stage.say(&format!("connected {}", printable(&world.event)));
    }
    let mut played = Ok(());
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        played = tokio::select! {
            () = stop.requested() => Err(anyhow::anyhow!("interrupted")),
            done = stage.step(step) => done,
        };
        played = played.with_context(|| format!("step {number} of {}", scenario.steps.len()));
        if played.is_err() || terminal::is_closed() {
            break;
        }
    }
    let disarmed = stage.disarm().await;
    played?;
    disarmed?;
    stage.summarize().await
}

/// Checks the names of all faults before anything happens.
async fn check_faults(world: &World, scenario: &Scenario) -> Result<()> {
    let faults = world.sandbox.get("/faults").await?;
    let kinds = faults
        .get("kinds")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let known: Vec<&str> = kinds.filter_map(|kind| kind.get("fault")?.as_str()).collect();
    for (index, step) in scenario.steps.iter().enumerate() {
        if let Step::Fault(body) = step
            && let Some(name) = body.get("fault").and_then(Value::as_str)
            && !known.contains(&name)
        {
            bail!(
                "step {}: there is no fault {}; there are {}",
                index + 1,
                printable(name),
                known.join(", ")
            );
        }
    }
    Ok(())
}

struct Stage<'a> {
    world: &'a World,
    output: &'a mut Output,
    /// When the scenario began, on the sandbox clock.
    since: String,
    armed: Vec<u64>,
}

impl Stage<'_> {
    fn say(&mut self, what: &str) {
        let happened = Happened {
            what: what.to_owned(),
            ..Happened::default()
        };
        self.output.print(None, &happened);
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        let sandbox = &self.world.sandbox;
        match step {
            Step::Trigger {
                kind,
                settings,
                count,
                rate,
            } => {
                let repeat = repeat(*count, *rate);
                let perform = || self.world.perform(*kind, settings);
                repeat.run(sandbox, kind.name(), self.output, perform).await
            }
            Step::Test {
                body, count, rate, ..
            } => {
                let name = body
                    .get("type")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                let perform = || self.world.test(body.clone());
                repeat(*count, *rate)
                    .run(sandbox, &name, self.output, perform)
                    .await
            }
            Step::Wait(wait) => {
                self.say(&format!("wait {wait:?}"));
                tokio::time::sleep(*wait).await;
                Ok(())
            }
            Step::Fault(body) => {
                let armed = sandbox.post("/faults", body).await?;
                self.armed.extend(armed.get("id").and_then(Value::as_u64));
                let name = body.get("fault").and_then(Value::as_str).unwrap_or_default();
                self.say(&format!("armed {}", printable(name)));
                Ok(())
            }
            Step::Disarm => {
                self.disarm().await?;
                self.say("disarmed");
                Ok(())
            }
            Step::Advance(body) => {
                // What is due now is attempted before the time goes on.
                self.settle().await?;
                self.advance(body).await?;
                self.settle().await
            }
            Step::Drain => self.drain().await,
            Step::Replay(status) => {
                let body = json!({ "status": status, "since": self.since });
                let answer = sandbox.post("/deliveries/replay", &body).await?;
                let replayed = answer.get("replayed").and_then(Value::as_u64).unwrap_or(0);
                let counted = terminal::counted(replayed, "delivery", "deliveries");
                self.say(&format!("replayed {counted}"));
                Ok(())
            }
            Step::Connect => {
                let what = match self.world.connect().await? {
                    true => "connected",
                    false => "connected already:",
                };
                self.say(&format!("{what} {}", printable(&self.world.event)));
                Ok(())
            }
        }
    }

    async fn advance(&mut self, body: &Value) -> Result<()> {
        let clock = self.world.sandbox.post("/clock", body).await?;
        let now = clock.get("now").and_then(Value::as_str).unwrap_or_default();
        self.say(&format!("advanced the clock to {}", printable(now)));
        Ok(())
    }

    /// The deliveries of this scenario that are not finished.
    async fn pending(&self) -> Result<Vec<Value>> {
        let query = [("status", "pending"), ("since", self.since.as_str())];
        self.world.sandbox.list("/deliveries", &query).await
    }

    /// Waits until no attempt of this scenario is due.
    async fn settle(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while self.is_any_due().await? {
            if Instant::now() > until {
                bail!("attempts have been due for a minute: does the receiver answer?");
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    async fn is_any_due(&self) -> Result<bool> {
        let since = [("since", self.since.as_str())];
        let rows = self.world.sandbox.list("/deliveries", &since).await?;
        let now = self.world.sandbox.now().await?;
        let is_due = |row: &Value, name: &str| {
            let at = row
                .get(name)
                .and_then(Value::as_str)
                .and_then(|text| text.parse().ok());
            at.is_some_and(|at: revento::Timestamp| at <= now)
        };
        let is_pending = |row: &Value| row.get("status").and_then(Value::as_str) == Some("pending");
        Ok(rows
            .iter()
            .any(|row| is_due(row, "replay_at") || (is_pending(row) && is_due(row, "next_attempt_at"))))
    }

    /// Advances the clock from retry to retry.
    async fn drain(&mut self) -> Result<()> {
        for _ in 0..MAX_ROUNDS {
            self.settle().await?;
            if self.pending().await?.is_empty() {
                return Ok(());
            }
            self.advance(&json!({ "to": "retry", "side": "after" })).await?;
        }
        bail!("deliveries are still pending after {MAX_ROUNDS} retries")
    }

    /// Disarms the faults of this scenario.
    async fn disarm(&mut self) -> Result<()> {
        let faults = self.world.sandbox.get("/faults").await?;
        let armed = faults
            .get("armed")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let armed: Vec<u64> = armed.filter_map(|row| row.get("id")?.as_u64()).collect();
        for id in std::mem::take(&mut self.armed) {
            if armed.contains(&id) {
                self.world.sandbox.delete(&format!("/faults/{id}")).await?;
            }
        }
        Ok(())
    }

    async fn summarize(&mut self) -> Result<()> {
        self.settle().await?;
        let since = [("since", self.since.as_str())];
        let rows = self.world.sandbox.list("/deliveries", &since).await?;
        let with = |wanted: &str| {
            let is = |row: &&Value| row.get("status").and_then(Value::as_str) == Some(wanted);
            rows.iter().filter(is).count()
        };
        let attempts = rows
            .iter()
            .filter_map(|row| row.get("attempts")?.as_array())
            .map(Vec::len)
            .sum::<usize>();
        self.say(&format!(
            "{} in {}: {} delivered, {} pending, {} dead",
            terminal::counted(u64::try_from(rows.len())?, "delivery", "deliveries"),
            terminal::counted(u64::try_from(attempts)?, "attempt", "attempts"),
            with("delivered"),
            with("pending"),
            with("dead")
        ));
        Ok(())
    }
}

fn repeat(count: u32, rate: Option<crate::platform::trigger::Rate>) -> Repeat {
    Repeat {
        count,
        rate,
        delivered: Delivered::InOrder,
    }
}
