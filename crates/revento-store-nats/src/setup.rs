//! The streams: what they are called, how they are created, and what an existing one must not have.

use std::time::Duration;

use async_nats::jetstream::{
    Context, ErrorCode,
    context::RequestError,
    response::Response,
    stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType},
};

use crate::{OpenError, failure::passes};

pub(crate) const TOKENS: &str = "tokens";
pub(crate) const INBOX: &str = "inbox";
pub(crate) const DELETIONS: &str = "deletions";
pub(crate) const MARKS: &str = "marks";
/// The streams that keep records, by what they keep.
pub(crate) const KEPT: [&str; 4] = [TOKENS, INBOX, DELETIONS, MARKS];
/// The stream that may be lost.
pub(crate) const BUDGETS: &str = "budgets";

/// How often a cluster without a leader is asked, and the pause in between.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(250);

/// How long the servers recognize a write that is sent again.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// After this time a budget is meaningless: the longest one is that of an hour.
const BUDGET_AGE: Duration = Duration::from_secs(48 * 3600);

pub(crate) fn stream_name(prefix: &str, of: &str) -> String {
    format!("{prefix}_{of}")
}

/// What stands before a record's token in its subject.
pub(crate) fn root(prefix: &str, of: &str) -> String {
    format!("{prefix}.{of}")
}

fn config(prefix: &str, of: &str, replicas: usize) -> Config {
    let is_kept = of != BUDGETS;
    Config {
        name: stream_name(prefix, of),
        subjects: vec![format!("{}.*", root(prefix, of))],
        retention: RetentionPolicy::Limits,
        max_messages_per_subject: 1,
        max_messages: -1,
        max_bytes: -1,
        max_consumers: -1,
        discard: DiscardPolicy::New,
        max_age: if is_kept { Duration::ZERO } else { BUDGET_AGE },
        storage: if is_kept {
            StorageType::File
        } else {
            StorageType::Memory
        },
        num_replicas: replicas,
        duplicate_window: DUPLICATE_WINDOW,
        description: Some("Revento SDK: change nothing by hand".to_owned()),
        ..Config::default()
    }
}

/// What an attempt to find or create a stream came to.
enum Attempt {
    Done(Box<Config>),
    Failed(OpenError),
    /// The cluster has no leader at the moment.
    Again(OpenError),
}

/// Creates a stream if it does not exist, and checks it. Waits for a cluster that has just started.
pub(crate) async fn prepare(
    context: &Context,
    prefix: &str,
    of: &str,
    replicas: usize,
) -> Result<(), OpenError> {
    let wanted = config(prefix, of, replicas);
    let mut left = ATTEMPTS;
    let existing = loop {
        left -= 1;
        match find_or_create(context, &wanted).await {
            Attempt::Done(config) => break config,
            Attempt::Again(_) if left > 0 => tokio::time::sleep(PAUSE).await,
            Attempt::Again(error) | Attempt::Failed(error) => return Err(error),
        }
    };
    if of == BUDGETS {
        return Ok(());
    }
    check(&wanted, &existing)
}

async fn find_or_create(context: &Context, wanted: &Config) -> Attempt {
    let found = context.request(format!("STREAM.INFO.{}", wanted.name), &()).await;
    match found {
        Ok(Response::Err { error }) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
            let subject = format!("STREAM.CREATE.{}", wanted.name);
            attempt(context.request(subject, wanted).await, wanted)
        }
        found => attempt(found, wanted),
    }
}

fn attempt(answer: Result<Response<Info>, RequestError>, wanted: &Config) -> Attempt {
    let refused = |source: Box<dyn std::error::Error + Send + Sync>| OpenError::Refused {
        stream: wanted.name.clone(),
        source,
    };
    match answer {
        Ok(Response::Ok(info)) => Attempt::Done(Box::new(info.config)),
        Ok(Response::Err { error }) if passes(&error) => Attempt::Again(refused(error.into())),
        Ok(Response::Err { error }) => Attempt::Failed(refused(error.into())),
        Err(error) => Attempt::Again(OpenError::Unreachable { source: error.into() }),
    }
}

/// Whether a stream keeps what it acknowledges. Limits that refuse new messages lose nothing.
fn check(wanted: &Config, existing: &Config) -> Result<(), OpenError> {
    let setting = |setting, value: String, wanted_value: String| OpenError::StreamSetting {
        stream: wanted.name.clone(),
        setting,
        value,
        wanted: wanted_value,
    };
    if existing.storage != StorageType::File {
        return Err(setting("storage", "memory".to_owned(), "file".to_owned()));
    }
    if existing.num_replicas < wanted.num_replicas {
        let (has, wants) = (existing.num_replicas, wanted.num_replicas);
        return Err(setting("replicas", has.to_string(), wants.to_string()));
    }
    if existing.max_messages_per_subject != 1 {
        let has = existing.max_messages_per_subject.to_string();
        return Err(setting("max-msgs-per-subject", has, "1".to_owned()));
    }
    if existing.max_age != Duration::ZERO {
        let has = format!("{} s", existing.max_age.as_secs());
        return Err(setting("max-age", has, "0".to_owned()));
    }
    if existing.discard != DiscardPolicy::New {
        return Err(setting("discard", "old".to_owned(), "new".to_owned()));
    }
    if existing.retention != RetentionPolicy::Limits {
        return Err(setting("retention", "another".to_owned(), "limits".to_owned()));
    }
    if existing.deny_delete {
        return Err(setting("deny-delete", "true".to_owned(), "false".to_owned()));
    }
    Ok(())
}
