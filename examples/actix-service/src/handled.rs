//! What the integration does with webhooks: it ends connections, deletes an event's data, and lists what it has handled.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::TryStreamExt as _;
use revento::{
    Client, EventType, HandlerError, Handlers, Webhook,
    inbox::{Deletions, covers_consent},
    store::StoreError,
    types::text::printable,
};
use serde::{Deserialize, Serialize};

/// A handled webhook, by its ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    envelope_id: String,
    delivery_id: String,
    #[serde(rename = "type")]
    event_type: String,
    event_id: Option<String>,
}

/// The handled webhooks, one line of JSON for each in a file that all processes share.
#[derive(Debug, Clone)]
pub(crate) struct Handled(Arc<Mutex<File>>);

impl Handled {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .read(true)
            .append(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    pub(crate) fn entries(&self) -> io::Result<Vec<Entry>> {
        entries(&self.lock())
    }

    /// Lists a webhook. One that is handled again after a crash is listed once.
    fn push(&self, webhook: &Webhook) -> io::Result<()> {
        let envelope = &webhook.envelope;
        let entry = Entry {
            envelope_id: envelope.id.to_string(),
            delivery_id: webhook.delivery_id.to_string(),
            event_type: envelope.event_type.to_string(),
            event_id: envelope.event_id.as_ref().map(ToString::to_string),
        };
        let mut file = self.lock();
        let is_known = |known: &Entry| known.envelope_id == entry.envelope_id;
        if entries(&file)?.iter().any(is_known) {
            return Ok(());
        }
        // The leading end of line closes a line that a crash has cut.
        file.write_all(format!("\n{}", serde_json::to_string(&entry)?).as_bytes())
    }

    fn lock(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entries(mut file: &File) -> io::Result<Vec<Entry>> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Records a duty to delete first, then ends the connections, then deletes, then lists the webhook.
pub(crate) fn handlers(client: &Client, deletions: &Deletions, handled: &Handled) -> Handlers {
    let (client, handled) = (client.clone(), handled.clone());
    let ledger = deletions.clone();
    Handlers::new()
        .on_type(EventType::DataDeletionRequired, deletions.handler())
        .on_any(move |webhook: Webhook| {
            let (client, ledger, handled) = (client.clone(), ledger.clone(), handled.clone());
            async move {
                client.apply_webhook(&webhook.envelope).await?;
                delete_what_is_due(&client, &ledger).await?;
                handled.push(&webhook)?;
                tracing::info!(delivery_id = %printable(webhook.delivery_id.as_str()),
                    event_type = %webhook.envelope.event_type, "webhook handled");
                Ok::<(), HandlerError>(())
            }
        })
}

/// Deletes the data of events whose connection has ended. All that this integration keeps of people is who has signed in.
async fn delete_what_is_due(client: &Client, ledger: &Deletions) -> Result<(), StoreError> {
    for duty in ledger.open().await? {
        let mut connections = client.connections();
        while let Some(connection) = connections.try_next().await? {
            let key = &connection.key;
            let same_event = duty.event_id.as_ref().is_none_or(|event| *event == key.event_id);
            match same_event && covers_consent(&duty, connection.consented_at) {
                true if key.user_id.is_some() => client.delete_connection(key).await?,
                true => client.confirm_deletion(key).await?,
                false => continue,
            };
        }
        ledger
            .mark_deleted(&duty.envelope_id, "signed-in participants")
            .await?;
    }
    Ok(())
}
