//! The calls that look at a sandbox and move it.

use std::time::Duration;

use super::{Act, Delivery, Fault, SteerError};
use crate::laboratory::exchanges::Exchange;
use crate::platform::acts::travel;
use crate::platform::read::stats::Stats;
use crate::platform::records::ApplicationStatus;
use crate::start::Sandbox;

impl Sandbox {
    /// Does something as organizer, participant, developer or Revento.
    ///
    /// # Errors
    /// When there is no such thing, or the act does not fit its state.
    pub async fn perform(&self, act: Act) -> Result<(), SteerError> {
        Ok(self
            .hub()
            .write(|state, scene| act.perform(state, scene))
            .await??)
    }

    /// Moves the sandbox clock on. Webhook signatures keep the real time.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn advance(&self, by: Duration) -> Result<(), SteerError> {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Ok(self
            .hub()
            .write(|state, _| state.advance_clock_micros(micros))
            .await?)
    }

    /// Moves the clock to just before the next milestone of a kind: `access_expiry`, `retry`, `deadline`, … or `any`.
    ///
    /// # Errors
    /// When there is no such kind, or nothing of it lies ahead.
    pub async fn advance_to_just_before(&self, milestone: &str) -> Result<(), SteerError> {
        self.travel(milestone, false).await
    }

    /// Moves the clock to just after the next milestone of a kind.
    ///
    /// # Errors
    /// When there is no such kind, or nothing of it lies ahead.
    pub async fn advance_to_just_after(&self, milestone: &str) -> Result<(), SteerError> {
        self.travel(milestone, true).await
    }

    async fn travel(&self, kind: &str, after: bool) -> Result<(), SteerError> {
        self.hub()
            .write(|state, scene| travel::travel(state, scene.now, kind, after))
            .await??;
        Ok(())
    }

    /// What the sandbox has counted.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn stats(&self) -> Result<Stats, SteerError> {
        Ok(self
            .hub()
            .read(|state, _| Stats::collect(self.hub(), state))
            .await?)
    }

    /// Ids of the applications to an event that stand like this: `pending`, `approved`, …
    ///
    /// # Errors
    /// When there is no such status.
    pub async fn applications(&self, event_id: &str, status: &str) -> Result<Vec<String>, SteerError> {
        let status = ApplicationStatus::parse(status)
            .ok_or_else(|| SteerError::NotFound(format!("There is no application status '{status}'.")))?;
        let found = self.hub().read(|state, _| {
            let rows = state.participants.iter();
            let rows = rows.filter(|row| row.event_id == event_id && row.status == status);
            rows.map(|row| row.application_id.clone()).collect()
        });
        Ok(found.await?)
    }

    /// Every delivery, the oldest first.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn deliveries(&self) -> Result<Vec<Delivery>, SteerError> {
        let listed = self.hub().read(|state, _| {
            let mut rows: Vec<_> = state.deliveries.iter().collect();
            rows.sort_by_key(|row| row.number);
            rows.into_iter().map(Delivery::from).collect()
        });
        Ok(listed.await?)
    }

    /// Waits until no attempt is due: everything that can be delivered now has been tried.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn deliveries_settled(&self) -> Result<(), SteerError> {
        let mut changes = self.hub().changes.subscribe();
        loop {
            changes.borrow_and_update();
            let due = self
                .hub()
                .read(|state, now| state.due().next().is_some_and(|(at, _)| at <= now))
                .await?;
            if !due || changes.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// The last two thousand requests of OAuth and read API, the oldest first. Bodies are there from
    /// [`record_bodies`](Self::record_bodies) on. It serializes, so that a test can save it.
    pub fn transcript(&self) -> Vec<Exchange> {
        self.hub().exchanges().iter().cloned().collect()
    }

    /// Keeps the bodies of requests and answers too, without their secrets.
    pub fn record_bodies(&self, on: bool) {
        self.hub().exchanges().recording = on;
    }

    /// Arms a fault and returns its number.
    ///
    /// # Errors
    /// When there is no fault of this name, which the message lists, or when a thousand are armed.
    pub fn arm(&self, fault: Fault) -> Result<u64, SteerError> {
        let id = self.hub().faults().arm(fault.order()?).ok_or_else(|| {
            SteerError::Conflict("Too many faults are armed; disarm some first.".to_owned())
        })?;
        self.hub().announce();
        Ok(id)
    }

    /// Disarms every fault.
    pub fn disarm_all(&self) {
        self.hub().faults().clear();
        self.hub().announce();
    }

    /// Restores the seed: connections, tokens, deliveries, faults and the moved clock are forgotten.
    ///
    /// # Errors
    /// When the data file cannot be written.
    pub async fn reset(&self) -> Result<(), SteerError> {
        Ok(self.hub().reset().await?)
    }
}
