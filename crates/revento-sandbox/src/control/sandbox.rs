//! The calls that look at a sandbox and change it.

use std::time::Duration;

use super::action::Action;
use super::error::ControlError;
use super::fault::Fault;
use super::views::WebhookDelivery;
use crate::call_log::CallRecord;
use crate::platform::commands::travel;
use crate::platform::queries::stats::Stats;
use crate::platform::records::ApplicationStatus;
use crate::start::Sandbox;

impl Sandbox {
    /// Performs an action as an organizer, a participant, a developer or Revento.
    ///
    /// # Errors
    /// If the thing to act on does not exist, or the action does not fit its state.
    pub async fn perform(&self, action: Action) -> Result<(), ControlError> {
        Ok(self
            .runtime()
            .write(|state, context| action.perform(state, context))
            .await??)
    }

    /// Advances the sandbox clock. Webhook signatures keep the real time.
    ///
    /// # Errors
    /// If the data file cannot be written.
    pub async fn advance(&self, by: Duration) -> Result<(), ControlError> {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Ok(self
            .runtime()
            .write(|state, _| state.advance_clock_micros(micros))
            .await?)
    }

    /// Advances the clock to one second before the next milestone of a kind: `access_expiry`, `retry`, `deadline`, … or
    /// `any`.
    ///
    /// # Errors
    /// If the kind does not exist, or no milestone of it is ahead.
    pub async fn advance_to_just_before(&self, milestone: &str) -> Result<(), ControlError> {
        self.travel(milestone, false).await
    }

    /// Advances the clock to one second after the next milestone of a kind.
    ///
    /// # Errors
    /// If the kind does not exist, or no milestone of it is ahead.
    pub async fn advance_to_just_after(&self, milestone: &str) -> Result<(), ControlError> {
        self.travel(milestone, true).await
    }

    async fn travel(&self, kind: &str, after: bool) -> Result<(), ControlError> {
        self.runtime()
            .write(|state, context| travel::travel(state, context.now, kind, after))
            .await??;
        Ok(())
    }

    /// The counters of the sandbox.
    ///
    /// # Errors
    /// If the data file cannot be written.
    pub async fn stats(&self) -> Result<Stats, ControlError> {
        let counts = self.runtime().request_counts();
        Ok(self
            .runtime()
            .read(|state, _| Stats::collect(state, counts))
            .await?)
    }

    /// Ids of the applications to an event with this status: `pending`, `approved`, …
    ///
    /// # Errors
    /// If the status does not exist.
    pub async fn applications(&self, event_id: &str, status: &str) -> Result<Vec<String>, ControlError> {
        let status = ApplicationStatus::parse(status)
            .ok_or_else(|| ControlError::NotFound(format!("There is no application status '{status}'.")))?;
        let found = self.runtime().read(|state, _| {
            let rows = state.participants.iter();
            let rows = rows.filter(|row| row.event_id == event_id && row.status == status);
            rows.map(|row| row.application_id.clone()).collect()
        });
        Ok(found.await?)
    }

    /// All webhook deliveries, the oldest first.
    ///
    /// # Errors
    /// If the data file cannot be written.
    pub async fn deliveries(&self) -> Result<Vec<WebhookDelivery>, ControlError> {
        let listed = self.runtime().read(|state, _| {
            let mut rows: Vec<_> = state.deliveries.iter().collect();
            rows.sort_by_key(|row| row.number);
            rows.into_iter().map(WebhookDelivery::from).collect()
        });
        Ok(listed.await?)
    }

    /// Waits until no attempt is due: the sandbox has tried every delivery that it can try now.
    ///
    /// # Errors
    /// If the data file cannot be written.
    pub async fn deliveries_settled(&self) -> Result<(), ControlError> {
        let mut changes = self.runtime().changes.subscribe();
        loop {
            changes.borrow_and_update();
            let due = self
                .runtime()
                .read(|state, context| {
                    let next = state.due_deliveries().next();
                    next.is_some_and(|(at, _)| at <= context.now)
                })
                .await?;
            if !due || changes.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// The last two thousand requests to OAuth and the read API, the oldest first. They include bodies after
    /// [`record_bodies`](Self::record_bodies). The records serialize, so that a test can save them.
    pub fn transcript(&self) -> Vec<CallRecord> {
        self.runtime().call_log().iter().cloned().collect()
    }

    /// Records the bodies of requests and answers too, without their secrets.
    pub fn record_bodies(&self, on: bool) {
        self.runtime().call_log().recording = on;
    }

    /// Arms a fault and returns its number.
    ///
    /// # Errors
    /// If there is no fault of this name (the message lists all names), or if a thousand faults are armed.
    pub fn arm(&self, fault: Fault) -> Result<u64, ControlError> {
        let id = self.runtime().faults().arm(fault.spec()?).ok_or_else(|| {
            ControlError::Conflict("Too many faults are armed; disarm some first.".to_owned())
        })?;
        self.runtime().notify_change();
        Ok(id)
    }

    /// Disarms every fault.
    pub fn disarm_all(&self) {
        self.runtime().faults().clear();
        self.runtime().notify_change();
    }

    /// Restores the seed. Deletes connections, tokens, deliveries and faults, and resets the clock.
    ///
    /// # Errors
    /// If the data file cannot be written.
    pub async fn reset(&self) -> Result<(), ControlError> {
        Ok(self.runtime().reset().await?)
    }
}
