//! The state of the platform: one list of all its tables, and the bookkeeping that spans them.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::platform::announcement::Announcement;
use crate::platform::records::{
    AccessToken, Activity, AnsweredConsents, AuditEntry, CapacityNotice, Code, Connection, Consent, Counter,
    Credential, Delivery, Event, Family, IntegrationStatus, Listener, Location, Organization, Participant,
    RefreshToken, Setting, Thread, User, Wave, WebviewPage,
};
use crate::platform::table::{Change, Row, Table};
use crate::primitives::time::Time;

/// Declares the tables. A table's name is the name of its field, its name in the data file and its name in a seed
/// file, so renaming one changes both formats.
macro_rules! tables {
    (
        seed { $($seed:ident: $seed_row:ident by $seed_key:ident;)* }
        other { $($other:ident: $other_row:ident by $other_key:ident;)* }
    ) => {
        /// Everything that the platform stores.
        #[derive(Debug, Default)]
        pub(crate) struct State {
            $(pub(crate) $seed: Table<$seed_row>,)*
            $(pub(crate) $other: Table<$other_row>,)*
            /// Deliveries by the time of their next attempt; derived from `deliveries`.
            due: BTreeSet<(Time, u64, String)>,
            /// Consent pages that were answered, until they expire. They are in memory only: an answer contains its code in
            /// the clear.
            pub(crate) answered: AnsweredConsents,
            /// The webhooks of the command that runs, sent or not. In memory only; `Runtime::write` empties it.
            pub(crate) announced: Vec<Announcement>,
        }

        tables!(@rows $($seed: $seed_row by $seed_key;)* $($other: $other_row by $other_key;)*);

        impl State {
            /// The tables that a seed file can fill. The others hold what happened since: tokens, deliveries, …
            pub(crate) const SEED_TABLES: &[&str] = &[$(stringify!($seed)),*];

            #[cfg(test)]
            const OTHER_TABLES: &[&str] = &[$(stringify!($other)),*];

            /// The rows of the seed tables, in the form of a seed file.
            pub(crate) fn export_seed(&self) -> Value {
                let mut tables = Map::new();
                $(tables.insert(stringify!($seed).to_owned(), self.$seed.export());)*
                Value::Object(tables)
            }

            /// Forgets which rows have changed, for a sandbox without a data file.
            pub(crate) fn forget_changes(&mut self) {
                $(self.$seed.forget_changes();)*
                $(self.$other.forget_changes();)*
            }

            /// Returns every row that changed since the last call.
            pub(crate) fn take_changes(&mut self) -> Vec<Change> {
                let mut changes = Vec::new();
                $(self.$seed.take_changes(&mut changes);)*
                $(self.$other.take_changes(&mut changes);)*
                changes
            }

            /// Adds a row of the data file or of a seed file, as JSON.
            ///
            /// # Errors
            /// Names the table when it is unknown, or when the row does not fit it.
            pub(crate) fn load(&mut self, table: &str, body: &str) -> Result<(), String> {
                match table {
                    $(stringify!($seed) => self.$seed.load_json(body),)*
                    $(stringify!($other) => self.$other.load_json(body),)*
                    other => Err(format!("unknown table `{other}`")),
                }
            }
        }
    };
    (@rows $($table:ident: $row:ident by $key:ident;)*) => {
        $(impl Row for $row {
            const TABLE: &'static str = stringify!($table);

            fn key(&self) -> &str {
                &self.$key
            }
        })*
    };
}

tables! {
    seed {
        organizations: Organization by id;
        events: Event by id;
        users: User by id;
        participants: Participant by id;
        threads: Thread by id;
        activities: Activity by id;
        locations: Location by id;
        waves: Wave by id;
    }
    other {
        consents: Consent by id;
        codes: Code by hash;
        connections: Connection by id;
        families: Family by id;
        access_tokens: AccessToken by hash;
        refresh_tokens: RefreshToken by hash;
        deliveries: Delivery by id;
        audit: AuditEntry by id;
        counters: Counter by name;
        settings: Setting by name;
        credentials: Credential by id;
        standings: IntegrationStatus by client_id;
        capacity_notices: CapacityNotice by activity_id;
        webview_pages: WebviewPage by id;
        listeners: Listener by client_id;
    }
}

const CLOCK_OFFSET: &str = "clock_offset_micros";
const WEEKLY_RESET: &str = "weekly_reset_at_micros";

impl State {
    /// Rebuilds what is derived from the tables, after loading.
    pub(crate) fn rebuild_indexes(&mut self) {
        self.due = self
            .deliveries
            .iter()
            .filter_map(|row| Some((row.due_at()?, row.number, row.id.clone())))
            .collect();
    }

    /// How far the sandbox clock is ahead of the real one, in microseconds.
    pub(crate) fn clock_offset(&self) -> i64 {
        self.settings.get(CLOCK_OFFSET).map_or(0, |setting| setting.value)
    }

    /// Advances the sandbox clock by seconds. The clock never goes back.
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

    /// When the test data is restored next, if it is restored every week.
    pub(crate) fn weekly_reset_at(&self) -> Option<Time> {
        let setting = self.settings.get(WEEKLY_RESET)?;
        Some(Time::from_micros(setting.value))
    }

    pub(crate) fn set_weekly_reset(&mut self, at: Option<Time>) {
        match at {
            Some(at) => self.settings.put(Setting {
                name: WEEKLY_RESET.to_owned(),
                value: at.micros(),
            }),
            None => drop(self.settings.remove(WEEKLY_RESET)),
        }
    }

    /// Increments a counter and returns its new value.
    pub(crate) fn increment(&mut self, name: &str) -> u64 {
        let value = self.counter(name).saturating_add(1);
        self.counters.put(Counter {
            name: name.to_owned(),
            value,
        });
        value
    }

    pub(crate) fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).map_or(0, |counter| counter.value)
    }

    /// Appends an entry to the audit log and assigns its id.
    pub(crate) fn append_audit(&mut self, mut entry: AuditEntry) {
        entry.id = format!("{:010}", self.increment("audit_entries"));
        self.audit.put(entry);
    }

    /// Stores a delivery and keeps the index of due deliveries up to date.
    pub(crate) fn put_delivery(&mut self, delivery: Delivery) {
        if let Some(old) = self.deliveries.get(&delivery.id)
            && let Some(at) = old.due_at()
        {
            self.due.remove(&(at, old.number, old.id.clone()));
        }
        if let Some(at) = delivery.due_at() {
            self.due.insert((at, delivery.number, delivery.id.clone()));
        }
        self.deliveries.put(delivery);
    }

    /// Deletes a delivery in any status.
    pub(crate) fn remove_delivery(&mut self, id: &str) {
        if let Some(old) = self.deliveries.remove(id)
            && let Some(at) = old.due_at()
        {
            self.due.remove(&(at, old.number, old.id));
        }
    }

    /// Deliveries with an attempt ahead, in the order of these attempts.
    pub(crate) fn due_deliveries(&self) -> impl Iterator<Item = (Time, &str)> {
        self.due.iter().map(|(at, _, id)| (*at, id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_are_part_of_the_file_format() {
        assert_eq!(
            [State::SEED_TABLES, State::OTHER_TABLES].concat().join(" "),
            "organizations events users participants threads activities locations waves consents codes \
             connections families access_tokens refresh_tokens deliveries audit counters settings credentials \
             standings capacity_notices webview_pages listeners"
        );
    }
}
