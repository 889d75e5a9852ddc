//! All tables of the platform, and the little bookkeeping that spans them.

use std::collections::BTreeSet;

use crate::machine::time::Time;
use crate::platform::records::{
    AccessToken, Activity, AuditEntry, CapacityNotice, Code, Connection, Consent, Counter, Credential,
    Delivery, DeliveryStatus, Event, Family, Location, Organization, Participant, RefreshToken, Setting,
    Standing, Thread, User, Wave, WebviewPage,
};
use crate::platform::table::{Change, Row, Table};

/// Everything that the platform knows.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) organizations: Table<Organization>,
    pub(crate) events: Table<Event>,
    pub(crate) users: Table<User>,
    pub(crate) participants: Table<Participant>,
    pub(crate) threads: Table<Thread>,
    pub(crate) activities: Table<Activity>,
    pub(crate) locations: Table<Location>,
    pub(crate) waves: Table<Wave>,
    pub(crate) consents: Table<Consent>,
    pub(crate) codes: Table<Code>,
    pub(crate) connections: Table<Connection>,
    pub(crate) families: Table<Family>,
    pub(crate) access_tokens: Table<AccessToken>,
    pub(crate) refresh_tokens: Table<RefreshToken>,
    pub(crate) deliveries: Table<Delivery>,
    pub(crate) audit: Table<AuditEntry>,
    pub(crate) counters: Table<Counter>,
    pub(crate) settings: Table<Setting>,
    pub(crate) credentials: Table<Credential>,
    pub(crate) standings: Table<Standing>,
    pub(crate) notices: Table<CapacityNotice>,
    pub(crate) webviews: Table<WebviewPage>,
    /// Pending deliveries by the time of their next attempt; follows from `deliveries`.
    due: BTreeSet<(Time, u64, String)>,
}

const CLOCK_OFFSET: &str = "clock_offset_micros";

macro_rules! each_table {
    ($state:expr, $do:ident $(, $argument:expr)*) => {{
        let state = $state;
        state.organizations.$do($($argument),*);
        state.events.$do($($argument),*);
        state.users.$do($($argument),*);
        state.participants.$do($($argument),*);
        state.threads.$do($($argument),*);
        state.activities.$do($($argument),*);
        state.locations.$do($($argument),*);
        state.waves.$do($($argument),*);
        state.consents.$do($($argument),*);
        state.codes.$do($($argument),*);
        state.connections.$do($($argument),*);
        state.families.$do($($argument),*);
        state.access_tokens.$do($($argument),*);
        state.refresh_tokens.$do($($argument),*);
        state.deliveries.$do($($argument),*);
        state.audit.$do($($argument),*);
        state.counters.$do($($argument),*);
        state.settings.$do($($argument),*);
        state.credentials.$do($($argument),*);
        state.standings.$do($($argument),*);
        state.notices.$do($($argument),*);
        state.webviews.$do($($argument),*);
    }};
}

impl State {
    /// Forgets what changed, where nothing is kept.
    pub(crate) fn settle(&mut self) {
        each_table!(self, settle);
    }

    /// Hands out every row that changed since the last call.
    pub(crate) fn drain(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        each_table!(self, drain, &mut changes);
        changes
    }

    /// Puts a row of the data file in place; an unknown table is an error that names it.
    pub(crate) fn load(&mut self, table: &str, body: &str) -> Result<(), String> {
        fn place<T: Row>(table: &mut Table<T>, body: &str) -> Result<(), String> {
            let row = serde_json::from_str(body).map_err(|error| format!("{}: {error}", T::TABLE))?;
            table.load(row);
            Ok(())
        }
        match table {
            Organization::TABLE => place(&mut self.organizations, body),
            Event::TABLE => place(&mut self.events, body),
            User::TABLE => place(&mut self.users, body),
            Participant::TABLE => place(&mut self.participants, body),
            Thread::TABLE => place(&mut self.threads, body),
            Activity::TABLE => place(&mut self.activities, body),
            Location::TABLE => place(&mut self.locations, body),
            Wave::TABLE => place(&mut self.waves, body),
            Consent::TABLE => place(&mut self.consents, body),
            Code::TABLE => place(&mut self.codes, body),
            Connection::TABLE => place(&mut self.connections, body),
            Family::TABLE => place(&mut self.families, body),
            AccessToken::TABLE => place(&mut self.access_tokens, body),
            RefreshToken::TABLE => place(&mut self.refresh_tokens, body),
            Delivery::TABLE => place(&mut self.deliveries, body),
            AuditEntry::TABLE => place(&mut self.audit, body),
            Counter::TABLE => place(&mut self.counters, body),
            Setting::TABLE => place(&mut self.settings, body),
            Credential::TABLE => place(&mut self.credentials, body),
            Standing::TABLE => place(&mut self.standings, body),
            CapacityNotice::TABLE => place(&mut self.notices, body),
            WebviewPage::TABLE => place(&mut self.webviews, body),
            other => Err(format!("unknown table `{other}`")),
        }
    }

    /// Rebuilds what follows from the tables, after loading.
    pub(crate) fn index(&mut self) {
        self.due = self
            .deliveries
            .iter()
            .filter_map(|row| Some((row.next_attempt_at?, row.number, row.id.clone())))
            .collect();
    }

    /// How far the sandbox clock is ahead of the real one, in microseconds.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.settings.get(CLOCK_OFFSET).map_or(0, |setting| setting.value)
    }

    /// Moves the sandbox clock on by seconds. It never goes back.
    pub(crate) fn advance_clock(&mut self, seconds: i64) {
        self.advance_clock_micros(seconds.saturating_mul(1_000_000));
    }

    pub(crate) fn advance_clock_micros(&mut self, micros: i64) {
        let ahead = Time::from_micros(self.clock_offset()).plus_micros(micros.max(0));
        self.settings.put(Setting {
            name: CLOCK_OFFSET.to_owned(),
            value: ahead.micros(),
        });
    }

    pub(crate) fn count(&mut self, name: &str) -> u64 {
        self.add(name, 1)
    }

    pub(crate) fn add(&mut self, name: &str, by: u64) -> u64 {
        let value = self.counter(name).saturating_add(by);
        self.counters.put(Counter {
            name: name.to_owned(),
            value,
        });
        value
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).map_or(0, |counter| counter.value)
    }

    /// Adds a line to the audit log; its id is given here.
    pub(crate) fn note(&mut self, mut entry: AuditEntry) {
        entry.id = format!("{:010}", self.count("audit_entries"));
        self.audit.put(entry);
    }

    /// Stores a delivery and keeps the list of due ones true.
    pub(crate) fn put_delivery(&mut self, delivery: Delivery) {
        if let Some(old) = self.deliveries.get(&delivery.id)
            && let Some(at) = old.next_attempt_at
        {
            self.due.remove(&(at, old.number, old.id.clone()));
        }
        if let Some(at) = delivery
            .next_attempt_at
            .filter(|_| delivery.status == DeliveryStatus::Pending)
        {
            self.due.insert((at, delivery.number, delivery.id.clone()));
        }
        self.deliveries.put(delivery);
    }

    /// Forgets a delivery, wherever it stands.
    pub(crate) fn remove_delivery(&mut self, id: &str) {
        if let Some(old) = self.deliveries.remove(id)
            && let Some(at) = old.next_attempt_at
        {
            self.due.remove(&(at, old.number, old.id));
        }
    }

    /// Pending deliveries in the order of their next attempts.
    pub(crate) fn due(&self) -> impl Iterator<Item = (Time, &str)> {
        self.due.iter().map(|(at, _, id)| (*at, id.as_str()))
    }
}
