//! `revento ops keys reseal`.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, bail};
use futures_util::FutureExt;
use indicatif::{ProgressBar, ProgressStyle};
use revento::{
    KeyRing,
    store::{
        RecordPages, Sealed, SealedDelivery, Sealer,
        reseal::{ResealError, ResealOutcome, reseal_delivery, reseal_tokens},
    },
    types::{ConnectionKey, error},
};
use serde_json::json;

use super::{
    super::{RequiredKeys, StoreArguments, Stores, now, shown},
    count::{Under, count},
};
use crate::{stop::Stop, terminal};

/// How many deliveries are read at once: each comes with its body.
const PAGE: usize = 20;
/// How often records that others were writing are tried again, and how long after.
const ROUNDS: u32 = 5;
/// So many failures are named.
const MOST_WARNINGS: u64 = 20;
const PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every replica must be able to open what is sealed under the new key: give it to them first. The command can be stopped and run again,
and services may run: it takes the claim of a refresh for each connection, so no new token is lost.

Example:
  revento ops keys reseal --key-file new.key --previous-key-file old.key --store sqlite:integration.db"
)]
pub(crate) struct ResealArguments {
    #[command(flatten)]
    keys: RequiredKeys,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    /// Print the result as one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

pub(super) async fn reseal(arguments: ResealArguments) -> Result<()> {
    let ring = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let current = Under::Key(ring.key_ids().next().unwrap_or_default().to_owned());
    let counts = count(&stores).await?;
    let others = counts.iter().filter(|(under, _)| **under != current);
    let to_do = others.map(|(_, counts)| counts.all()).sum();
    if to_do > 0 {
        let what = format!(
            "this seals {} again, under the {}; a replica that does not have this key cannot use them any more",
            terminal::counted(to_do, "record", "records"),
            current.name()
        );
        terminal::confirm(arguments.yes, &what)?;
    }
    // Not before the question, which Ctrl-C has to end.
    let mut stop = Stop::listen()?;
    let mut work = Work::new(&stores, &ring, current, to_do);
    work.up_to_date = counts.get(&work.current).copied().unwrap_or_default().all();
    let finished = work.run(&mut stop).await;
    work.bar.finish_and_clear();
    let is_complete = finished?;
    work.report(arguments.json);
    work.result(is_complete)
}

/// What is done, and what could not be.
struct Work<'a> {
    stores: &'a Stores,
    ring: &'a KeyRing,
    current: Under,
    resealed: u64,
    up_to_date: u64,
    failed: u64,
    /// What others were writing.
    busy: u64,
    busy_connections: BTreeSet<ConnectionKey>,
    bar: ProgressBar,
}

impl<'a> Work<'a> {
    fn new(stores: &'a Stores, ring: &'a KeyRing, current: Under, to_do: u64) -> Self {
        Self {
            stores,
            ring,
            current,
            resealed: 0,
            up_to_date: 0,
            failed: 0,
            busy: 0,
            busy_connections: BTreeSet::new(),
            bar: ProgressBar::new(to_do).with_style(
                ProgressStyle::with_template("{bar:30} {pos}/{len} sealed again · {eta} left")
                    .unwrap_or_else(|_| ProgressStyle::default_bar()),
            ),
        }
    }

    /// `false` if the user stopped it. Each record is finished first, so that no claim is left behind.
    async fn run(&mut self, stop: &mut Stop) -> Result<bool> {
        if !self.connections(stop).await? || !self.deliveries(stop).await? {
            return Ok(false);
        }
        for _ in 0..ROUNDS {
            let again = std::mem::take(&mut self.busy_connections);
            let bodies = std::mem::take(&mut self.busy);
            if again.is_empty() && bodies == 0 {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.requested() => return Ok(false),
            }
            for key in again {
                self.connection(&key).await;
            }
            if bodies > 0 && !self.deliveries(stop).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn connections(&mut self, stop: &mut Stop) -> Result<bool> {
        for client in self.stores.clients(None).await? {
            let mut pages = RecordPages::of_client(self.stores.tokens.as_ref(), client);
            while let Some(page) = pages.next().await? {
                for record in page.into_iter().map(|stored| stored.record) {
                    if stop.requested().now_or_never().is_some() {
                        return Ok(false);
                    }
                    match &record.tokens {
                        Some(sealed) if Under::of(sealed) != self.current => {
                            self.connection(&record.connection.key).await;
                        }
                        _ => {}
                    }
                }
            }
        }
        Ok(true)
    }

    async fn connection(&mut self, key: &ConnectionKey) {
        let sealer: &dyn Sealer = self.ring;
        let done = reseal_tokens(self.stores.tokens.as_ref(), sealer, key, now()).await;
        if matches!(done, Ok(ResealOutcome::Busy)) {
            self.busy_connections.insert(key.clone());
        } else {
            self.note(done, 1, &key.to_string());
        }
    }

    async fn deliveries(&mut self, stop: &mut Stop) -> Result<bool> {
        let Some(inbox) = self.stores.has_inbox() else {
            return Ok(true);
        };
        let mut after = None;
        loop {
            let page = inbox.sealed(after.as_ref(), PAGE).await?;
            for delivery in &page {
                if stop.requested().now_or_never().is_some() {
                    return Ok(false);
                }
                let to_do = to_do(delivery, &self.current);
                if to_do == 0 {
                    continue;
                }
                let done = reseal_delivery(inbox, self.ring, delivery).await;
                if matches!(done, Ok(ResealOutcome::Busy)) {
                    self.busy += 1;
                } else {
                    self.note(done, to_do, &shown(delivery.envelope_id.as_str()));
                }
            }
            if page.len() < PAGE {
                return Ok(true);
            }
            after = page.last().map(|last| last.envelope_id.clone());
        }
    }

    fn note(&mut self, done: Result<ResealOutcome, ResealError>, count: u64, name: &str) {
        self.bar.inc(count);
        match done {
            Ok(ResealOutcome::Resealed) => self.resealed += count,
            // The service was quicker, or it is gone.
            Ok(_) => self.up_to_date += count,
            Err(error) => {
                if self.failed < MOST_WARNINGS {
                    let text = format!("{name}: {}", error::chain(&error));
                    self.bar.suspend(|| terminal::print_warning(&text));
                }
                self.failed += count;
            }
        }
    }

    fn left(&self) -> u64 {
        self.busy + self.busy_connections.len() as u64
    }

    fn report(&self, as_json: bool) {
        terminal::print_line(&if as_json {
            json!({
                "resealed": self.resealed,
                "up_to_date": self.up_to_date,
                "failed": self.failed,
                "busy": self.left(),
            })
            .to_string()
        } else {
            format!(
                "{} sealed again under the {}, {} were already",
                terminal::counted(self.resealed, "record", "records"),
                self.current.name(),
                self.up_to_date
            )
        });
    }

    fn result(&self, is_complete: bool) -> Result<()> {
        if !is_complete {
            bail!("stopped; run the same command again to continue");
        }
        if self.failed > 0 {
            bail!(
                "{} could not be sealed again, and are as they were; the warnings name the first ones",
                terminal::counted(self.failed, "record", "records")
            );
        }
        if self.left() > 0 {
            bail!(
                "{} being written by others all the time: run the same command again",
                terminal::counted(self.left(), "record was", "records were")
            );
        }
        Ok(())
    }
}

/// How many of body and error are under another key.
fn to_do(delivery: &SealedDelivery, current: &Under) -> u64 {
    let error = delivery.sealed_error();
    let is_other = |sealed: &Sealed| u64::from(Under::of(sealed) != *current);
    is_other(&delivery.body) + error.as_ref().map_or(0, is_other)
}
