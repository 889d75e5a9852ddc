//! The most recently handled webhooks, for the page. They are kept in a file, so that a restart forgets none.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use revento::{
    Timestamp,
    types::{DeliveryId, Envelope},
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::private_file;

/// How many entries the feed keeps.
const CAPACITY: usize = 500;

/// A handle to the feed. Clones share the entries.
#[derive(Clone)]
pub(crate) struct Feed(Arc<Shared>);

struct Shared {
    entries: Mutex<Entries>,
    /// The type of the last handled webhook.
    last_type: watch::Sender<String>,
}

#[derive(Default)]
struct Entries {
    /// Oldest first.
    list: VecDeque<Entry>,
    /// One line of JSON for each entry; `None` if the feed is in memory only.
    file: Option<(PathBuf, File)>,
}

/// A handled webhook, without its personal data.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) envelope_id: String,
    pub(crate) delivery_id: String,
    pub(crate) event_id: Option<String>,
    pub(crate) event_type: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) attempt: u32,
}

impl Entry {
    pub(crate) fn new(envelope: &Envelope, delivery_id: &DeliveryId, attempt: u32) -> Self {
        Self {
            envelope_id: envelope.id.to_string(),
            delivery_id: delivery_id.to_string(),
            event_id: envelope.event_id.as_ref().map(ToString::to_string),
            event_type: envelope.event_type.to_string(),
            occurred_at: envelope.occurred_at,
            attempt,
        }
    }
}

impl Feed {
    /// Reads the feed of an earlier run, and continues it.
    ///
    /// # Errors
    /// The file cannot be read or written, or others may read it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let text = private_file::read(path)?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&text);
        // The last line is cut if the process was killed while it wrote.
        let list = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
        let mut entries = Entries {
            list: list.collect(),
            file: None,
        };
        entries.shorten();
        entries.write(path)?;
        Ok(Self::new(entries))
    }

    /// A feed that a restart forgets.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::new(Entries::default())
    }

    fn new(entries: Entries) -> Self {
        Self(Arc::new(Shared {
            entries: Mutex::new(entries),
            last_type: watch::Sender::new(String::new()),
        }))
    }

    /// Adds a handled webhook and tells the subscribers. One that is handled again after a crash is listed once.
    ///
    /// # Errors
    /// The file cannot be written. The entry was not added.
    pub(crate) fn push(&self, entry: Entry) -> io::Result<()> {
        let event_type = entry.event_type.clone();
        self.lock().push(entry)?;
        self.0.last_type.send_replace(event_type);
        Ok(())
    }

    /// All entries, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().list.iter().cloned().collect()
    }

    /// Removes the entries that the predicate selects. Returns how many those were.
    ///
    /// # Errors
    /// The file cannot be written. The entries may still be in it.
    pub(crate) fn remove(&self, selects: impl Fn(&Entry) -> bool) -> io::Result<usize> {
        let mut entries = self.lock();
        let before = entries.list.len();
        entries.list.retain(|entry| !selects(entry));
        let removed = before - entries.list.len();
        let path = entries.file.as_ref().map(|(path, _)| path.clone());
        if let (Some(path), 1..) = (path, removed) {
            entries.write(&path)?;
        }
        Ok(removed)
    }

    /// Yields the type of each webhook that is handled from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<String> {
        self.0.last_type.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self
            .list
            .iter()
            .any(|known| known.envelope_id == entry.envelope_id)
        {
            return Ok(());
        }
        if let Some((_, file)) = &mut self.file {
            file.write_all(line(&entry)?.as_bytes())?;
        }
        self.list.push_back(entry);
        self.shorten();
        Ok(())
    }

    fn shorten(&mut self) {
        let surplus = self.list.len().saturating_sub(CAPACITY);
        self.list.drain(..surplus);
    }

    /// Writes the whole file anew.
    fn write(&mut self, path: &Path) -> io::Result<()> {
        let lines: io::Result<String> = self.list.iter().map(line).collect();
        private_file::replace(path, lines?.as_bytes())?;
        let file = OpenOptions::new().append(true).mode(0o600).open(path)?;
        self.file = Some((path.to_owned(), file));
        Ok(())
    }
}

fn line(entry: &Entry) -> io::Result<String> {
    Ok(serde_json::to_string(entry)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(envelope_id: &str) -> Entry {
        Entry {
            envelope_id: envelope_id.into(),
            delivery_id: "delivery".into(),
            event_id: Some("evt_1".into()),
            event_type: "application.approved".into(),
            occurred_at: Timestamp::UNIX_EPOCH,
            attempt: 1,
        }
    }

    fn ids(feed: &Feed) -> Vec<String> {
        let entries = feed.entries().into_iter();
        entries.map(|entry| entry.envelope_id).collect()
    }

    #[test]
    fn a_restart_forgets_nothing_and_lists_nothing_twice() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("handled.jsonl");
        let feed = Feed::open(&path).unwrap();
        feed.push(entry("env_1")).unwrap();
        feed.push(entry("env_2")).unwrap();
        drop(feed);
        let mut cut = OpenOptions::new().append(true).open(&path).unwrap();
        cut.write_all(b"{\"envelope_id\":\"env_").unwrap();
        let feed = Feed::open(&path).unwrap();
        feed.push(entry("env_2")).unwrap();
        feed.push(entry("env_3")).unwrap();
        assert_eq!(ids(&feed), ["env_1", "env_2", "env_3"]);
        assert_eq!(feed.remove(|entry| entry.envelope_id == "env_2").unwrap(), 1);
        assert_eq!(ids(&Feed::open(&path).unwrap()), ["env_1", "env_3"]);
    }

    #[test]
    fn only_the_last_entries_are_kept() {
        let feed = Feed::in_memory();
        for number in 0..=CAPACITY {
            feed.push(entry(&format!("env_{number}"))).unwrap();
        }
        assert_eq!(ids(&feed).len(), CAPACITY);
        assert_eq!(ids(&feed)[0], "env_1");
    }
}
