//! [`Once`] on a stream: each message is the end of a mark.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use revento_core::Timestamp;
use revento_store::{DecodeSlotError, Once, StoreError};

use crate::{
    NatsStore,
    failure::{Contended, Failure},
    follower::Index,
    names::token,
    pages::{AT_ONCE, MAX_ROUNDS},
    stream::Message,
};

/// The number of the format.
const FORMAT: u8 = 1;
/// How many ended marks a call forgets at most, and how long that may take.
const FORGOTTEN: usize = 16;
const FORGETTING: Duration = Duration::from_secs(1);

fn encode(until: Timestamp) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(until.unix_micros().to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Result<Timestamp, DecodeSlotError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => match rest.try_into() {
            Ok(micros) => Ok(Timestamp::from_unix_micros(i64::from_le_bytes(micros))),
            Err(_) => Err(DecodeSlotError::Malformed),
        },
        Some((&format, _)) if format > FORMAT => Err(DecodeSlotError::TooNew { format }),
        _ => Err(DecodeSlotError::Malformed),
    }
}

/// When the marks end.
#[derive(Debug, Default)]
pub(crate) struct MarkIndex {
    marks: HashMap<Arc<str>, (u64, Timestamp)>,
    ends: BTreeSet<(Timestamp, Arc<str>)>,
}

impl Index for MarkIndex {
    fn apply(&mut self, message: &Message) -> Result<(), Failure> {
        let known = self.marks.get(message.token.as_str());
        if known.is_none_or(|(seq, _)| *seq < message.seq) {
            let until = decode(&message.payload)?;
            self.remove(&message.token);
            let token: Arc<str> = message.token.as_str().into();
            self.ends.insert((until, token.clone()));
            self.marks.insert(token, (message.seq, until));
        }
        Ok(())
    }
}

impl MarkIndex {
    fn remove(&mut self, token: &str) {
        if let Some((token, (_, until))) = self.marks.remove_entry(token) {
            self.ends.remove(&(until, token));
        }
    }

    /// Takes marks that have ended out of the index.
    fn take_ended(&mut self, now: Timestamp) -> Vec<u64> {
        let ended: Vec<_> = self
            .ends
            .iter()
            .take_while(|(until, _)| *until <= now)
            .take(FORGOTTEN)
            .map(|(_, token)| token.clone())
            .collect();
        let mut messages = Vec::with_capacity(ended.len());
        for token in ended {
            messages.extend(self.marks.get(&token).map(|(seq, _)| *seq));
            self.remove(&token);
        }
        messages
    }
}

impl NatsStore {
    async fn take_mark(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, Failure> {
        let (marks, token) = (&self.inner.marks, token(id));
        for _ in 0..MAX_ROUNDS {
            let taken = marks.stream.get(&token).await?;
            let mut seq = 0;
            if let Some(message) = taken {
                if decode(&message.payload)? > now {
                    return Ok(false);
                }
                seq = message.seq;
            }
            if marks.put(&token, seq, encode(until)).await?.is_some() {
                return Ok(true);
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    /// Deletes messages of marks that have ended, as they were read: one that was taken again is another message.
    async fn forget_marks(&self, now: Timestamp) -> Result<(), Failure> {
        let marks = &self.inner.marks;
        marks.catch_up().await?;
        let ended = marks.follower.with(|index| index.take_ended(now));
        let mut deletions =
            stream::iter(ended.into_iter().map(|seq| marks.stream.delete(seq))).buffer_unordered(AT_ONCE);
        while let Some(deleted) = deletions.next().await {
            deleted?;
        }
        Ok(())
    }
}

#[async_trait]
impl Once for NatsStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let taken = self.take_mark(id, now, until).await;
        let taken = taken.map_err(|failure| failure.at("taking a use-once mark"))?;
        if taken {
            // The mark is taken, whatever comes of this. What is not deleted now is deleted by a process that reads the stream anew.
            let _ = tokio::time::timeout(FORGETTING, self.forget_marks(now)).await;
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k21_an_end_survives_and_other_bytes_are_an_error() {
        for micros in [i64::MIN, -1, 0, 1, i64::MAX] {
            let until = Timestamp::from_unix_micros(micros);
            assert_eq!(decode(&encode(until)), Ok(until));
        }
        for bytes in [&[][..], &[0], &[1], &[1; 8], &[1; 10]] {
            assert_eq!(decode(bytes), Err(DecodeSlotError::Malformed), "{bytes:?}");
        }
        assert_eq!(decode(&[2]), Err(DecodeSlotError::TooNew { format: 2 }));
    }
}
