//! An index in memory that follows a stream.
//!
//! The records in the stream are the truth. The index says where to look: whoever lists records loads each of them from the stream, and
//! whoever changes one does so only if it is still the one that was read. So an index that is behind costs time and never correctness.
//!
//! [`catch_up`](Follower::catch_up) makes the index as new as the stream was when it was called. It asks the leader for the last position
//! and reads what is missing, in ranges side by side. A range may have holes: messages that were replaced by later ones. Then those later
//! ones are read, too, so that no record is missing in between.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};

use crate::{
    failure::Failure,
    stream::{Info, Message, Stream},
};

/// How many ranges are read at the same time.
const WIDTH: usize = 32;
/// How many positions of our own writes are remembered while the index is behind.
const MAX_OWN: usize = 100_000;

/// What an index keeps of the records of a stream.
pub(crate) trait Index: Default + Send {
    /// Takes a message in. Messages may come in any order and twice: the index keeps the newest of each token.
    fn apply(&mut self, message: &Message) -> Result<(), Failure>;
}

#[derive(Debug)]
pub(crate) struct Follower<I> {
    state: Mutex<State<I>>,
    /// One caller reads the stream at a time; the others wait for what it finds.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State<I> {
    index: I,
    /// When the stream that the index follows was created; empty before the first reading.
    created: String,
    /// Everything up to this position is in the index.
    position: u64,
    /// Positions behind it that are in the index: our own writes.
    own: BTreeSet<u64>,
    pass: Option<Pass>,
}

/// The reading of everything up to a position. It outlives a caller that goes away.
#[derive(Debug)]
struct Pass {
    target: u64,
    leader: Option<String>,
    /// What is not read yet: first and last position.
    ranges: BTreeMap<u64, u64>,
    /// How many positions were missing, and how many of them had a message.
    missing: u64,
    found: u64,
}

impl<I: Index> Follower<I> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            reading: tokio::sync::Mutex::new(()),
        }
    }

    /// Reads or changes the index as it is.
    pub(crate) fn with<R>(&self, read: impl FnOnce(&mut I) -> R) -> R {
        read(&mut self.lock().index)
    }

    /// The same, with the position up to which the index is complete.
    pub(crate) fn with_position<R>(&self, read: impl FnOnce(&mut I, u64) -> R) -> R {
        let mut state = self.lock();
        let position = state.position;
        read(&mut state.index, position)
    }

    /// Takes in a message that was loaded.
    pub(crate) fn saw(&self, message: &Message) -> Result<(), Failure> {
        self.lock().index.apply(message)
    }

    /// Takes in a message that this process has written.
    pub(crate) fn wrote(&self, message: &Message) -> Result<(), Failure> {
        let mut state = self.lock();
        state.index.apply(message)?;
        if message.seq > state.position {
            state.own.insert(message.seq);
        }
        state.advance();
        if state.own.len() > MAX_OWN {
            state.own.clear();
        }
        Ok(())
    }

    /// Forgets everything: the next [`catch_up`](Self::catch_up) reads the whole stream.
    pub(crate) fn reset(&self) {
        *self.lock() = State::default();
    }

    /// Makes the index as new as the stream is.
    pub(crate) async fn catch_up(&self, stream: &Stream) -> Result<(), Failure> {
        let _one = self.reading.lock().await;
        let mut info = stream.info().await?;
        while self.lock().begin(&info) {
            self.read_ranges(stream).await?;
            if self.lock().end_if_whole() {
                break;
            }
            // What a hole was replaced by is in the stream by now, if the same leader still tells.
            let after = stream.info().await?;
            self.lock().end(&after);
            info = after;
        }
        Ok(())
    }

    /// The same, only as far as a write of this process.
    pub(crate) async fn catch_up_to(&self, stream: &Stream, seq: u64) -> Result<(), Failure> {
        if self.lock().position < seq {
            self.catch_up(stream).await?;
        }
        Ok(())
    }

    async fn read_ranges(&self, stream: &Stream) -> Result<(), Failure> {
        let mut running = FuturesUnordered::new();
        let mut started = BTreeSet::new();
        loop {
            let next = self.lock().ranges(&started, WIDTH - running.len());
            for (first, last) in next {
                started.insert(first);
                running.push(async move { (first, last, stream.next(first).await) });
            }
            let Some((first, last, message)) = running.next().await else {
                return Ok(());
            };
            started.remove(&first);
            self.lock().read(first, last, message?)?;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I: Index> State<I> {
    /// Moves the position over our own writes that follow it.
    fn advance(&mut self) {
        while self.own.remove(&self.position.saturating_add(1)) {
            self.position += 1;
        }
        let rest = self.own.split_off(&self.position.saturating_add(1));
        self.own = rest;
    }

    /// Plans what is to be read. `false` if nothing is missing.
    fn begin(&mut self, info: &Info) -> bool {
        if self.created != info.created {
            // Somebody has deleted the stream, and it was created again: its positions begin anew.
            let is_first = self.created.is_empty();
            if !is_first {
                *self = Self::default();
            }
            self.created.clone_from(&info.created);
        }
        self.advance();
        if info.last <= self.position {
            self.pass = None;
            return false;
        }
        match &self.pass {
            // Left behind by a caller that went away: its ranges are still right, because a position never changes its message.
            Some(pass) if pass.leader == info.leader && pass.target <= info.last => {}
            _ => {
                let target = self.position.max(info.first.saturating_sub(1));
                self.pass = Some(Pass {
                    target,
                    leader: info.leader.clone(),
                    ranges: BTreeMap::new(),
                    // Positions in front of the first message are holes.
                    missing: target - self.position,
                    found: 0,
                });
            }
        }
        self.extend(info.last);
        true
    }

    /// Adds the gaps between our own writes up to `last`.
    fn extend(&mut self, last: u64) {
        let Some(pass) = self.pass.as_mut().filter(|pass| pass.target < last) else {
            return;
        };
        let mut first = pass.target + 1;
        let own: Vec<u64> = self.own.range(first..=last).copied().collect();
        for end in own.into_iter().chain([last + 1]) {
            if first < end {
                pass.ranges.insert(first, end - 1);
                pass.missing += end - first;
            }
            first = end + 1;
        }
        pass.target = last;
    }

    /// Ranges to read next.
    fn ranges(&self, started: &BTreeSet<u64>, count: usize) -> Vec<(u64, u64)> {
        let ranges = self.pass.iter().flat_map(|pass| &pass.ranges);
        ranges
            .filter(|(first, _)| !started.contains(first))
            .take(count)
            .map(|(first, last)| (*first, *last))
            .collect()
    }

    /// Takes in the first message of a range, and leaves the rest of the range to be read.
    fn read(&mut self, first: u64, last: u64, message: Option<Message>) -> Result<(), Failure> {
        let Some(pass) = &mut self.pass else {
            return Ok(());
        };
        let message = message.filter(|message| message.seq <= last);
        if let Some(message) = &message {
            self.index.apply(message)?;
            pass.found += 1;
        }
        pass.ranges.remove(&first);
        let rest = message.map_or(last, |message| message.seq) + 1;
        if rest > last {
            return Ok(());
        }
        let middle = rest + (last - rest) / 2;
        if pass.ranges.len() < WIDTH && last - rest > 1 {
            pass.ranges.insert(rest, middle);
            pass.ranges.insert(middle + 1, last);
        } else {
            pass.ranges.insert(rest, last);
        }
        Ok(())
    }

    /// Ends the pass if every position had a message.
    fn end_if_whole(&mut self) -> bool {
        let whole = self
            .pass
            .take_if(|pass| pass.ranges.is_empty() && pass.found == pass.missing);
        if let Some(pass) = &whole {
            self.position = self.position.max(pass.target);
            self.advance();
        }
        whole.is_some()
    }

    /// Ends the pass, whose holes are in front of `after`. If another server leads now, it may not have had everything while it was
    /// asked: then everything is read again.
    fn end(&mut self, after: &Info) {
        if let Some(pass) = self.pass.take_if(|pass| pass.ranges.is_empty())
            && pass.leader == after.leader
        {
            self.position = self.position.max(pass.target);
            self.advance();
        }
    }
}
