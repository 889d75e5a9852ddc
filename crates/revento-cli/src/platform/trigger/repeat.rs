//! Triggers several times: at a rate, twice each, or out of order.

use std::{pin::pin, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{
    happened::{Happened, Output},
    rate::Rate,
};
use crate::{platform::remote_sandbox::RemoteSandbox, terminal};

/// How long the sandbox may take to begin an attempt.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);
/// How long a webhook is held back beyond the time until the next one.
const HELD_BACK: Duration = Duration::from_secs(3);
/// The longest interval in which the sandbox holds a webhook back.
const MAX_INTERVAL: Duration = Duration::from_secs(60);

/// How the webhooks of a trigger are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Delivered {
    #[default]
    InOrder,
    /// Each request is sent twice.
    Twice,
    /// Of each two webhooks, the second one overtakes the first one.
    OutOfOrder,
}

/// How often and how fast to trigger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeat {
    pub(crate) count: u32,
    pub(crate) rate: Option<Rate>,
    pub(crate) delivered: Delivered,
}

impl Repeat {
    /// Calls `perform` as often as asked. `name` is the type of the webhook.
    pub(crate) async fn run<F: Future<Output = Result<Happened>>>(
        self,
        sandbox: &RemoteSandbox,
        name: &str,
        output: &mut Output,
        mut perform: impl FnMut() -> F,
    ) -> Result<()> {
        let interval = self.rate.map_or(Duration::ZERO, |rate| rate.interval);
        if self.delivered == Delivered::OutOfOrder && interval > MAX_INTERVAL {
            bail!("a webhook cannot wait so long for the next one: give --rate 1/min or a faster one");
        }
        let mut ticks = self.rate.map(|rate| tokio::time::interval(rate.interval));
        for done in 0..self.count {
            if let Some(ticks) = &mut ticks {
                ticks.tick().await;
            }
            let fault = self.arm(sandbox, name, done).await?;
            let performed = pin!(perform()).await;
            let happened = performed.with_context(|| format!("triggered {done} of {}", self.count))?;
            output.print(Some(name), &happened);
            if let Some(fault) = fault {
                if !happened.sends(name) {
                    disarm(sandbox, fault).await?;
                    bail!("no webhook {name} follows, so its delivery cannot be changed");
                }
                wait_for(sandbox, fault).await?;
            }
            if terminal::is_closed() {
                break;
            }
        }
        Ok(())
    }

    /// Arms the fault that the next webhook needs.
    async fn arm(&self, sandbox: &RemoteSandbox, name: &str, done: u32) -> Result<Option<u64>> {
        let fault = match self.delivered {
            Delivered::Twice => "delivery_duplicated",
            Delivered::OutOfOrder if done.is_multiple_of(2) && done + 1 < self.count => "delivery_reordered",
            _ => return Ok(None),
        };
        let interval = self.rate.map_or(Duration::ZERO, |rate| rate.interval);
        let delay_ms = u64::try_from((interval + HELD_BACK).as_millis())?;
        let body = json!({ "fault": fault, "event_type": name, "times": 1, "delay_ms": delay_ms });
        let armed = sandbox.post("/faults", &body).await?;
        Ok(armed.get("id").and_then(Value::as_u64))
    }
}

async fn disarm(sandbox: &RemoteSandbox, fault: u64) -> Result<()> {
    sandbox.delete(&format!("/faults/{fault}")).await.map(drop)
}

/// Waits until the fault has triggered, so that it affects this webhook and not the next one.
async fn wait_for(sandbox: &RemoteSandbox, fault: u64) -> Result<()> {
    let triggered = async {
        loop {
            let faults = sandbox.get("/faults").await?;
            let armed = faults
                .get("armed")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            let is_this = |row: &&Value| row.get("id").and_then(Value::as_u64) == Some(fault);
            let count = armed
                .filter(is_this)
                .filter_map(|row| row.get("triggered").and_then(Value::as_u64))
                .next();
            if count != Some(0) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(PATIENCE, triggered).await {
        Ok(done) => done,
        Err(_) => {
            disarm(sandbox, fault).await?;
            bail!("the sandbox did not begin to send the webhook within 15 seconds")
        }
    }
}
