//! The most recently handled webhooks, for the page. They are kept in a file, so that a restart forgets none.

use std::{
    fs::OpenOptions,
    io::{self, Write},
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

/// How many entries are kept at least.
const CAPACITY: usize = 500;

/// A handle to the feed. Clones share it, and processes share the file.
#[derive(Debug, Clone)]
pub struct Feed(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// One line of JSON for each entry, oldest first.
    path: PathBuf,
    /// One at a time in this process.
    writing: Mutex<()>,
    /// The type of the last handled webhook.
    last_type: watch::Sender<String>,
}

/// A handled webhook, without its personal data.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The signed id.
    pub envelope_id: String,
    /// The id of the delivery.
    pub delivery_id: String,
    /// The event, if it is about one.
    pub event_id: Option<String>,
    /// The type.
    pub event_type: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Which attempt handled it.
    pub attempt: u32,
}

impl Entry {
    /// The entry of a webhook.
    pub fn new(envelope: &Envelope, delivery_id: &DeliveryId, attempt: u32) -> Self {
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
    /// The feed in a file. Continues that of an earlier run.
    ///
    /// # Errors
    /// The file cannot be read or written, or others may read it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let feed = Self(Arc::new(Shared {
            path: path.to_owned(),
            writing: Mutex::default(),
            last_type: watch::Sender::new(String::new()),
        }));
        feed.replace(last(&feed.entries()?))?;
        Ok(feed)
    }

    /// Adds a handled webhook and tells the subscribers. One that is handled again after a crash is listed once.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn push(&self, entry: Entry) -> io::Result<()> {
        {
            let _writing = self.lock();
            let entries = self.entries()?;
            let is_known = |known: &Entry| known.envelope_id == entry.envelope_id;
            if !entries.iter().any(is_known) {
                if entries.len() >= 2 * CAPACITY {
                    self.replace(last(&entries))?;
                }
                let mut file = OpenOptions::new().append(true).open(&self.0.path)?;
                file.write_all(line(&entry)?.as_bytes())?;
            }
        }
        self.0.last_type.send_replace(entry.event_type);
        Ok(())
    }

    /// All entries, oldest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn entries(&self) -> io::Result<Vec<Entry>> {
        let text = private_file::read(&self.0.path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // A line is cut if a process was killed while it wrote.
        Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    /// Removes the entries that the predicate selects. Returns how many those were.
    ///
    /// # Errors
    /// The file cannot be read or written. The entries may still be in it.
    pub fn remove(&self, selects: impl Fn(&Entry) -> bool) -> io::Result<usize> {
        let _writing = self.lock();
        let mut entries = self.entries()?;
        let before = entries.len();
        entries.retain(|entry| !selects(entry));
        let removed = before - entries.len();
        if removed > 0 {
            self.replace(&entries)?;
        }
        Ok(removed)
    }

    /// Yields the type of each webhook that is handled from now on.
    pub fn subscribe(&self) -> watch::Receiver<String> {
        self.0.last_type.subscribe()
    }

    /// Writes the whole file anew.
    fn replace(&self, entries: &[Entry]) -> io::Result<()> {
        let lines: io::Result<String> = entries.iter().map(line).collect();
        private_file::replace(&self.0.path, lines?.as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.0.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn last(entries: &[Entry]) -> &[Entry] {
    let surplus = entries.len().saturating_sub(CAPACITY);
    entries.get(surplus..).unwrap_or_default()
}

/// The leading end of line closes a line that was cut.
fn line(entry: &Entry) -> io::Result<String> {
    Ok(format!("\n{}", serde_json::to_string(entry)?))
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
        let entries = feed.entries().unwrap().into_iter();
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
    fn a_start_keeps_the_last_entries() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("handled.jsonl");
        let numbers = 0..=CAPACITY;
        let lines: String = numbers
            .map(|number| line(&entry(&format!("env_{number}"))).unwrap())
            .collect();
        private_file::replace(&path, lines.as_bytes()).unwrap();
        let feed = Feed::open(&path).unwrap();
        assert_eq!(ids(&feed).len(), CAPACITY);
        assert_eq!(ids(&feed)[0], "env_1");
    }
}
