//! Where the records of connections are, in the orders in which they are listed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::Slot;

use crate::{failure::Failure, follower::Index, stream::Message};

/// The beginning of the texts of an integration's keys.
pub(crate) fn client_prefix(client_id: &ClientId) -> String {
    ConnectionKey::installation(client_id.clone(), EventId::new("")).to_string()
}

/// The text of an event's installation. The keys of its users begin with it and a `/`.
pub(crate) fn event_key(client_id: &ClientId, event_id: &EventId) -> String {
    ConnectionKey::installation(client_id.clone(), event_id.clone()).to_string()
}

/// A place in a list: where the record is, and where the next page begins.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) key: Arc<str>,
    /// When the refresh token expires, in a list of what is due.
    pub(crate) due: Option<Timestamp>,
    pub(crate) token: Arc<str>,
    pub(crate) seq: u64,
}

impl Listed {
    /// A place that a caller names.
    pub(crate) fn at(key: &ConnectionKey, due: Option<Timestamp>) -> Self {
        Self {
            key: key.to_string().into(),
            due,
            token: Arc::default(),
            seq: 0,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct TokenIndex {
    records: HashMap<Arc<str>, Entry>,
    keys: BTreeMap<Arc<str>, Arc<str>>,
    /// By integration, expiry and key.
    due: BTreeMap<(Arc<str>, Timestamp, Arc<str>), Arc<str>>,
}

#[derive(Debug)]
struct Entry {
    seq: u64,
    client_id: ClientId,
    client: Arc<str>,
    key: Arc<str>,
    due: Option<Timestamp>,
}

impl Index for TokenIndex {
    fn apply(&mut self, message: &Message) -> Result<(), Failure> {
        let token = message.token.as_str();
        if self
            .records
            .get(token)
            .is_some_and(|entry| entry.seq >= message.seq)
        {
            return Ok(());
        }
        self.drop_entry(token);
        let slot = Slot::from_bytes(&message.payload)?;
        if let Some(stored) = slot.stored() {
            let key = &stored.record.connection.key;
            self.insert(
                token.into(),
                Entry {
                    seq: message.seq,
                    client_id: key.client_id.clone(),
                    client: client_prefix(&key.client_id).into(),
                    key: key.to_string().into(),
                    due: slot.due_at(),
                },
            );
        }
        Ok(())
    }
}

impl TokenIndex {
    fn insert(&mut self, token: Arc<str>, entry: Entry) {
        self.keys.insert(entry.key.clone(), token.clone());
        if let Some(due) = entry.due {
            let place = (entry.client.clone(), due, entry.key.clone());
            self.due.insert(place, token.clone());
        }
        self.records.insert(token, entry);
    }

    fn drop_entry(&mut self, token: &str) {
        if let Some(entry) = self.records.remove(token) {
            self.keys.remove(&entry.key);
            if let Some(due) = entry.due {
                self.due.remove(&(entry.client, due, entry.key));
            }
        }
    }

    /// Forgets a record that is gone, unless it has come back meanwhile.
    pub(crate) fn remove(&mut self, token: &str, seq: u64) {
        if self.records.get(token).is_some_and(|entry| entry.seq == seq) {
            self.drop_entry(token);
        }
    }

    fn listed(&self, token: &Arc<str>, due: Option<Timestamp>) -> Option<Listed> {
        let entry = self.records.get(token)?;
        Some(Listed {
            key: entry.key.clone(),
            due,
            token: token.clone(),
            seq: entry.seq,
        })
    }

    /// Keys that begin with a text, in byte order.
    pub(crate) fn keys(&self, prefix: &str, after: Option<&Listed>, count: usize) -> Vec<Listed> {
        let from = match after {
            Some(after) if *after.key >= *prefix => Bound::Excluded(&*after.key),
            _ => Bound::Included(prefix),
        };
        self.keys
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter_map(|(_, token)| self.listed(token, None))
            .take(count)
            .collect()
    }

    /// The keys of an event: its installation, then its users.
    pub(crate) fn of_event(&self, event: &str, after: Option<&Listed>, count: usize) -> Vec<Listed> {
        let installation = self.keys.get(event).and_then(|token| self.listed(token, None));
        let first = installation.filter(|_| after.is_none_or(|after| *after.key < *event));
        let mut listed: Vec<_> = first.into_iter().take(count).collect();
        listed.extend(self.keys(&format!("{event}/"), after, count - listed.len()));
        listed
    }

    /// Live records of an integration that expire before a time.
    pub(crate) fn due(
        &self,
        client: &str,
        before: Timestamp,
        after: Option<&Listed>,
        count: usize,
    ) -> Vec<Listed> {
        let client: Arc<str> = client.into();
        let from = match after {
            Some(after) => {
                let due = after.due.unwrap_or_default();
                Bound::Excluded((client.clone(), due, after.key.clone()))
            }
            None => Bound::Included((
                client.clone(),
                Timestamp::from_unix_micros(i64::MIN),
                Arc::default(),
            )),
        };
        self.due
            .range((from, Bound::Unbounded))
            .take_while(|((of, due, _), _)| *of == client && *due < before)
            .filter_map(|((_, due, _), token)| self.listed(token, Some(*due)))
            .take(count)
            .collect()
    }

    pub(crate) fn clients(&self) -> BTreeSet<ClientId> {
        self.records
            .values()
            .map(|entry| entry.client_id.clone())
            .collect()
    }
}
