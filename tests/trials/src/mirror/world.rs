//! The month.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use revento_api::Client;
use revento_core::{Envelope, EventId, Timestamp};
use revento_inbox::Deletions;
use revento_mirror::{
    Mirror, MirrorError, Phase, ResourceKind,
    store::{MirrorStore as _, RowQuery},
};
use revento_sandbox::{Action, Fault};
use revento_store::{
    Clock as _,
    memory::{MemoryBudgets, MemoryDeletions, MemoryTokens},
};
use serde_json::Value;

use super::{
    in_flight::InFlight,
    platform::{EVENT, Platform},
    replica::{Shared, until_crash},
    store::ShakyStore,
    time::VirtualTime,
};
use crate::random::Random;

const HOUR: Duration = Duration::from_secs(3600);
const REPLICAS: usize = 2;
/// Faults that change no row.
const FAULTS: [&str; 11] = [
    "server_error",
    "unavailable",
    "html_error",
    "reset_before",
    "answer_lost",
    "truncated_body",
    "invalid_json",
    "rate_limited",
    "concurrent_limited",
    "duplicate_rows",
    "more_without_cursor",
];

pub(super) struct World {
    shared: Shared,
    replicas: Vec<(Client, Mirror)>,
    deletions: Deletions,
    in_flight: InFlight,
    random: Random,
    careless: bool,
    happened: BTreeMap<&'static str, u64>,
    first_read: Duration,
    /// Rows that differed at the ends of the days.
    stale: Vec<usize>,
    compared: u64,
    /// Reads that are not reconciliations: before the first, and after the second consent.
    full_reads: Vec<(Timestamp, Timestamp)>,
}

impl World {
    pub(super) async fn new(seed: u64, people: u32, careless: bool) -> Result<Self> {
        let time = VirtualTime::new();
        let shared = Shared {
            platform: Platform::start(&time, people).await?,
            time: time.clone(),
            tokens: Arc::new(MemoryTokens::new()),
            budgets: Arc::new(MemoryBudgets::new()),
            store: Arc::new(ShakyStore::new(seed ^ 0x0dd)),
        };
        let replicas = (0..REPLICAS)
            .map(|_| shared.replica())
            .collect::<Result<Vec<_>>>()?;
        let world = Self {
            replicas,
            deletions: Deletions::new(MemoryDeletions::new()).clock(time),
            shared,
            in_flight: InFlight::default(),
            random: Random::new(seed),
            careless,
            happened: BTreeMap::new(),
            first_read: Duration::ZERO,
            stale: Vec::new(),
            compared: 0,
            full_reads: Vec::new(),
        };
        world.shared.connect(world.client()?).await?;
        Ok(world)
    }

    fn client(&self) -> Result<&Client> {
        self.replicas
            .first()
            .map(|(client, _)| client)
            .context("no replica")
    }

    fn mirror(&self) -> Result<&Mirror> {
        self.replicas
            .first()
            .map(|(_, mirror)| mirror)
            .context("no replica")
    }

    fn now(&self) -> Timestamp {
        self.shared.time.now()
    }

    fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    /// The read of everything, without faults.
    pub(super) async fn first_read(&mut self) -> Result<()> {
        let begin = self.now();
        self.read_everything().await?;
        self.first_read = self.now().saturating_since(begin);
        let differences = self.differences().await?;
        if differences > 0 {
            bail!("after the first read {differences} rows differ");
        }
        Ok(())
    }

    async fn read_everything(&mut self) -> Result<()> {
        let begin = self.now();
        for _ in 0..100_000 {
            let mirror = self.mirror()?;
            let next = mirror.advance(&EventId::new(EVENT)).await?;
            let status = mirror.status(EVENT).await?;
            if status.is_some_and(|status| matches!(status.phase, Phase::InSync { .. })) {
                self.full_reads.push((begin, self.now()));
                return Ok(());
            }
            self.shared.time.advance_to(next);
        }
        bail!("the read does not end");
    }

    /// A day, in steps of some minutes.
    pub(super) async fn day(&mut self, day: u32, with_revocation: bool) -> Result<()> {
        self.shared.store.failing.store(3, Ordering::Relaxed);
        for hour in 0..24 {
            self.an_hour_of_changes().await?;
            self.arm_faults()?;
            let end = self.now().saturating_add(HOUR);
            while self.now() < end {
                self.deliver().await?;
                self.work().await?;
                let step = Duration::from_secs(30 + self.random.below(90));
                let next = self.now().saturating_add(step);
                let next = self.in_flight.next().map_or(next, |at| at.min(next)).min(end);
                self.shared
                    .time
                    .advance_to(next.max(self.now().saturating_add(Duration::from_secs(1))));
            }
            if with_revocation && hour == 11 {
                self.revoke_and_reconnect().await?;
            }
        }
        self.shared.platform.sandbox.disarm_all();
        let stale = self.differences().await?;
        self.stale.push(stale);
        println!(
            "day {day}: {stale} of {} rows differ while webhooks are on their way",
            self.compared
        );
        Ok(())
    }

    async fn an_hour_of_changes(&mut self) -> Result<()> {
        for _ in 0..4 + self.random.below(6) {
            self.change().await?;
        }
        let deliveries = self.shared.platform.sandbox.deliveries().await?;
        let now = self.now();
        self.in_flight
            .take(&deliveries, now, &mut self.random, self.careless);
        Ok(())
    }

    async fn change(&mut self) -> Result<()> {
        let sandbox = &self.shared.platform.sandbox;
        let kind = self.random.below(12);
        let status = ["pending", "approved", "rejected", "revision_requested"];
        let status = *self.random.pick(&status).context("a status")?;
        let applications = sandbox.applications(EVENT, status).await?;
        let Some(id) = self.random.pick(&applications).cloned() else {
            return Ok(());
        };
        let (what, action) = match kind {
            0..2 => (
                "applications",
                Action::Submit {
                    event_id: EVENT.to_owned(),
                    user_id: None,
                },
            ),
            2..5 => ("approvals", Action::Approve(id)),
            5..6 => ("rejections", Action::Reject(id)),
            6..7 => ("revisions", Action::RequestRevision(id)),
            7..9 => ("cancellations", Action::Cancel(id)),
            9..10 => ("registrations", Action::Register(id)),
            _ => {
                let id = id.replacen("app_", "par_", 1);
                self.shared.platform.vanish(&id);
                self.count("participants who vanished");
                return Ok(());
            }
        };
        // What is not possible in this state does not happen.
        if sandbox.perform(action).await.is_ok() {
            self.count(what);
        }
        Ok(())
    }

    fn arm_faults(&mut self) -> Result<()> {
        self.shared.platform.sandbox.disarm_all();
        for _ in 0..2 {
            let name = *self.random.pick(&FAULTS).context("a fault")?;
            let seed = self.random.next();
            self.shared.platform.sandbox.arm(
                Fault::named(name)
                    .at("participants")
                    .unlimited()
                    .with_probability(0.05, seed),
            )?;
        }
        Ok(())
    }

    /// Hands over the webhooks that arrive now.
    async fn deliver(&mut self) -> Result<()> {
        let now = self.now();
        for envelope in self.in_flight.arrived(now) {
            let index = usize::try_from(self.random.below(REPLICAS as u64))?;
            let (_, mirror) = self.replicas.get(index).context("no replica")?;
            if envelope.event_type == revento_core::EventType::DataDeletionRequired {
                self.deletions.record(&envelope).await?;
            }
            let turns = self.random.chance(2).then(|| self.random.below(20));
            match until_crash(mirror.apply(&envelope), turns).await {
                Some(Ok(_)) => self.count("webhooks handled"),
                Some(Err(MirrorError::Store(_))) | None => {
                    self.count("webhooks handled again");
                    self.in_flight.again(envelope, now);
                }
                Some(Err(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// A replica does what is due, or crashes meanwhile.
    async fn work(&mut self) -> Result<()> {
        let index = usize::try_from(self.random.below(REPLICAS as u64))?;
        let turns = self.random.chance(5).then(|| self.random.below(200));
        let (_, mirror) = self.replicas.get(index).context("no replica")?;
        match until_crash(mirror.advance(&EventId::new(EVENT)), turns).await {
            Some(Ok(_)) => {}
            Some(Err(MirrorError::Store(_) | MirrorError::Read(_))) => self.count("failures of a replica"),
            Some(Err(error)) => return Err(error.into()),
            None => {
                self.count("crashes");
                if let Some(replica) = self.replicas.get_mut(index) {
                    *replica = self.shared.replica()?;
                }
            }
        }
        Ok(())
    }

    async fn revoke_and_reconnect(&mut self) -> Result<()> {
        self.shared.platform.sandbox.disarm_all();
        self.shared.store.failing.store(0, Ordering::Relaxed);
        let client_id = self.shared.platform.sandbox.info().client_id.clone();
        let action = Action::RevokeConnection {
            client_id,
            event_id: EVENT.to_owned(),
        };
        self.shared.platform.sandbox.perform(action).await?;
        let deliveries = self.shared.platform.sandbox.deliveries().await?;
        let end = deliveries.last().context("a webhook")?;
        let envelope = Envelope::parse(end.body.as_bytes())?;
        self.deletions.record(&envelope).await?;
        self.mirror()?.apply(&envelope).await?;
        let evidence = self.mirror()?.fulfil(&self.deletions).await?;
        let evidence = evidence.first().context("no evidence")?;
        println!("revoked: {evidence}");
        let counts = self.shared.store.counts(&EVENT.into()).await?;
        if counts.of(ResourceKind::Participant) > 0 || counts.answers > 0 {
            bail!("rows are left after the wipe: {counts:?}");
        }
        self.shared.time.advance_to(self.now().saturating_add(HOUR));
        let client = self.client()?;
        self.shared.connect(client).await?;
        self.read_everything().await?;
        self.count("new consents");
        self.shared.store.failing.store(3, Ordering::Relaxed);
        Ok(())
    }

    /// Everything works again: one more reconciliation, and then the webhooks that are still on their way. Returns how many rows
    /// differ.
    pub(super) async fn settle(&mut self) -> Result<usize> {
        self.shared.platform.sandbox.disarm_all();
        self.shared.store.failing.store(0, Ordering::Relaxed);
        self.shared
            .time
            .advance_to(self.now().saturating_add(Duration::from_secs(10)));
        let begin = self.now();
        while !self.careless && !self.has_read_since(begin).await? {
            let next = self.mirror()?.advance(&EventId::new(EVENT)).await?;
            let soon = self.now().saturating_add(HOUR);
            self.shared.time.advance_to(next.min(soon));
        }
        let before = self.differences().await?;
        let late = self.in_flight.arrived(Timestamp::MAX);
        println!("{} webhooks arrive after the last reconciliation", late.len());
        for envelope in late {
            self.mirror()?.apply(&envelope).await?;
        }
        Ok(before + self.differences().await?)
    }

    async fn has_read_since(&self, begin: Timestamp) -> Result<bool> {
        let status = self.mirror()?.status(EVENT).await?.context("no status")?;
        let is_done = matches!(status.phase, Phase::InSync { next_read_at } if next_read_at > self.now());
        Ok(is_done && status.last_read.is_some_and(|read| read.began_at > begin))
    }

    /// How many rows of the mirror are not as on the platform.
    async fn differences(&mut self) -> Result<usize> {
        let token = self.client()?.event(EVENT).access_token().await?;
        let mut differences = 0;
        self.compared = 0;
        for (list, kind) in [
            ("participants", ResourceKind::Participant),
            ("activities", ResourceKind::Activity),
        ] {
            let right = self.shared.platform.rows(list, token.expose()).await?;
            let mut ours = self.rows(kind).await?;
            self.compared += right.len() as u64;
            for (id, row) in right {
                differences += usize::from(ours.remove(&id) != Some(row));
            }
            differences += ours.len();
        }
        Ok(differences)
    }

    async fn rows(&self, kind: ResourceKind) -> Result<BTreeMap<String, Value>> {
        let query = RowQuery {
            event_id: EVENT.into(),
            kind,
            conditions: Vec::new(),
            after: None,
            limit: usize::MAX,
        };
        let failing = self.shared.store.failing.swap(0, Ordering::Relaxed);
        let rows = self.shared.store.rows(&query).await;
        self.shared.store.failing.store(failing, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        for stored in rows? {
            all.insert(stored.row.id.to_string(), serde_json::from_str(&stored.row.json)?);
        }
        Ok(all)
    }

    /// The most reads within an hour that no full read touches.
    fn busiest_hour(&self) -> usize {
        let reads = self.shared.platform.reads();
        let mut most = 0;
        let mut first = 0;
        for (index, at) in reads.iter().enumerate() {
            while reads
                .get(first)
                .is_some_and(|begin| at.saturating_since(*begin) >= HOUR)
            {
                first += 1;
            }
            let begin = at.saturating_sub(HOUR);
            let is_touched = self
                .full_reads
                .iter()
                .any(|(from, to)| *from <= *at && begin <= *to);
            if !is_touched {
                most = most.max(index + 1 - first);
            }
        }
        most
    }

    pub(super) fn report(&self) -> String {
        let mut text = String::new();
        let days = self.shared.time.since_the_beginning().as_secs_f64() / 86_400.0;
        let (store, in_flight) = (&self.shared.store, &self.in_flight);
        let happened: Vec<_> = self
            .happened
            .iter()
            .map(|(what, count)| format!("{count} {what}"))
            .collect();
        let stale: usize = self.stale.iter().sum();
        let _ = writeln!(
            text,
            "{days:.1} days, {} rows: {}",
            self.compared,
            happened.join(", ")
        );
        let _ = writeln!(
            text,
            "webhooks: {} sent, {} lost, {} doubled, {} more than a minute late",
            in_flight.sent, in_flight.lost, in_flight.doubled, in_flight.later_than_a_minute
        );
        let _ = writeln!(
            text,
            "first read: {} minutes; {} reads in all, at most {} in an hour of reconciliation; {} requests and {} calls of the store failed",
            self.first_read.as_secs() / 60,
            self.shared.platform.reads().len(),
            self.busiest_hour(),
            self.shared.platform.failures(),
            store.failed.load(Ordering::Relaxed)
        );
        let _ = write!(
            text,
            "{} writes with {} rows; at the ends of the days {:.1} rows differed on average, {} at most",
            store.writes.load(Ordering::Relaxed),
            store.rows.load(Ordering::Relaxed),
            stale as f64 / self.stale.len().max(1) as f64,
            self.stale.iter().max().unwrap_or(&0)
        );
        text
    }
}
