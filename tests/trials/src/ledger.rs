//! Who got which pair of tokens, who sent it, and what the store has of it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{Connection, ConnectionKey, Status};
use revento_store::{Clock, Record, Sealed, Sealer, TokenStore};
use serde::Deserialize;

use super::{connect, verdict::Tally, wall_clock::WallClock};

/// The number of a process; 0 is the supervisor, which lives.
pub(super) type Worker = u32;

/// What the judge knows.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) clock: Arc<WallClock>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    pairs: Vec<Pair>,
    by_refresh: HashMap<String, usize>,
    by_access: HashMap<String, usize>,
    used: HashSet<usize>,
    dead: HashSet<Worker>,
    orphans: BTreeSet<String>,
    tally: Tally,
}

#[derive(Debug)]
struct Pair {
    key: ConnectionKey,
    /// The process that the platform's answer went to.
    holder: Worker,
    /// The processes that sent its refresh token.
    senders: Vec<Worker>,
    /// The pair that it was exchanged for.
    next: Option<usize>,
}

/// The plaintext that the SDK seals; the judge may look at it, since it has the key.
#[derive(Debug, Deserialize)]
struct Opened {
    a: String,
    r: String,
}

/// Tokens in an answer of the platform.
#[derive(Debug, Deserialize)]
pub(super) struct Issued {
    access_token: String,
    refresh_token: String,
    event_id: String,
    user_id: Option<String>,
}

/// A sending that the judge let pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    pair: Option<usize>,
    by_rule: bool,
}

impl Ledger {
    pub(super) fn new(store: Arc<dyn TokenStore>, clock: Arc<WallClock>) -> Self {
        Self {
            store,
            clock,
            book: Mutex::default(),
        }
    }

    /// A refresh token is about to be sent: once only, or by the in-doubt rule (T1).
    pub(super) async fn sending(&self, token: &str, worker: Worker) -> Sending {
        let known = {
            let book = self.book();
            let pair = book.by_refresh.get(token).copied();
            pair.and_then(|index| Some((index, book.pairs.get(index)?.key.clone())))
        };
        let Some((index, key)) = known else {
            return Sending {
                pair: None,
                by_rule: false,
            };
        };
        let again = self
            .book()
            .pairs
            .get(index)
            .is_some_and(|pair| !pair.senders.is_empty());
        let by_rule = !again || self.is_by_rule(&key, token).await && self.are_senders_dead(index);
        let mut book = self.book();
        if again && by_rule {
            book.tally.tried_again += 1;
        } else if again {
            book.tally.sent_twice += 1;
            println!("a refresh token of {key} was sent a second time, by process {worker}");
        }
        if let Some(pair) = book.pairs.get_mut(index) {
            pair.senders.push(worker);
        }
        Sending {
            pair: Some(index),
            by_rule,
        }
    }

    /// The store says that the token is in doubt, and the access token is of no use any more.
    async fn is_by_rule(&self, key: &ConnectionKey, token: &str) -> bool {
        let Some((connection, Some(opened))) = self.look(key).await else {
            return false;
        };
        let usable = self.clock.now().saturating_add(connect::timing().skew) < connection.access_expires_at;
        connection.status == Status::InDoubt && opened.r == token && !usable
    }

    /// Whoever is alive knows what came of its sending.
    fn are_senders_dead(&self, index: usize) -> bool {
        let book = self.book();
        let senders = book.pairs.get(index).map(|pair| pair.senders.as_slice());
        senders
            .unwrap_or_default()
            .iter()
            .all(|sender| book.dead.contains(sender))
    }

    /// The platform has issued a pair; the answer goes to this process.
    pub(super) fn issued(
        &self,
        client_id: &str,
        for_sending: Option<Sending>,
        answer: Issued,
        worker: Worker,
    ) {
        let mut book = self.book();
        let index = book.pairs.len();
        if let Some(spent) = for_sending.and_then(|sending| sending.pair) {
            book.tally.refreshes += 1;
            if let Some(pair) = book.pairs.get_mut(spent) {
                pair.next = Some(index);
            }
        }
        book.by_refresh.insert(answer.refresh_token, index);
        book.by_access.insert(answer.access_token, index);
        let client_id = client_id.into();
        let event_id = answer.event_id.as_str().into();
        let key = match answer.user_id.as_deref() {
            Some(user) => ConnectionKey::user(client_id, event_id, user.into()),
            None => ConnectionKey::installation(client_id, event_id),
        };
        book.pairs.push(Pair {
            key,
            holder: worker,
            senders: Vec::new(),
            next: None,
        });
    }

    /// The platform has answered `invalid_grant`. That is nobody's fault if the next pair went to a
    /// process that was killed before it could store it: then this was the last resort.
    pub(super) fn refused(&self, sending: Sending) {
        let mut book = self.book();
        let Some(pair) = sending.pair.and_then(|index| book.pairs.get(index)) else {
            return;
        };
        let key = pair.key.to_string();
        let next = pair.next.and_then(|next| book.pairs.get(next));
        let beyond_help = sending.by_rule && next.is_some_and(|next| book.dead.contains(&next.holder));
        if beyond_help {
            book.orphans.insert(key);
        } else {
            book.tally.families_revoked += 1;
            println!("{key} was refused, and nobody had to die for that");
        }
    }

    /// An access token is used: its pair has to be stored (T2).
    pub(super) async fn used(&self, access: &str) {
        let Some((index, key)) = self.first_use(access) else {
            return;
        };
        let Some((_, Some(opened))) = self.look(&key).await else {
            return;
        };
        let mut book = self.book();
        if book
            .by_access
            .get(&opened.a)
            .is_some_and(|stored| *stored < index)
        {
            book.tally.used_early += 1;
            println!("an access token of {key} was used before its pair was stored");
        }
    }

    fn first_use(&self, access: &str) -> Option<(usize, ConnectionKey)> {
        let mut book = self.book();
        let index = book.by_access.get(access).copied()?;
        let key = book.pairs.get(index)?.key.clone();
        book.used.insert(index).then_some((index, key))
    }

    /// What the store has, waiting for a database that is down.
    async fn look(&self, key: &ConnectionKey) -> Option<(Connection, Option<Opened>)> {
        let stored = loop {
            match self.store.load(key).await {
                Ok(stored) => break stored?,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let Record { connection, tokens } = stored.record;
        let opened = match tokens {
            Some(sealed) => open(key, &sealed).await,
            None => None,
        };
        Some((connection, opened))
    }

    pub(super) fn is_gone(&self, worker: Worker) {
        self.book().dead.insert(worker);
    }

    pub(super) fn died(&self, worker: Worker, of: &str) {
        self.is_gone(worker);
        let mut book = self.book();
        *book.tally.kills.entry(of.to_owned()).or_default() += 1;
    }

    /// A connection has ended. Whether its last pair died with a process.
    pub(super) fn ended(&self, key: &ConnectionKey) {
        let mut book = self.book();
        if book.orphans.remove(&key.to_string()) {
            book.tally.orphaned += 1;
        } else {
            book.tally.connections_lost += 1;
            println!("{key} is lost");
        }
    }

    pub(super) fn tally<R>(&self, change: impl FnOnce(&mut Tally) -> R) -> R {
        change(&mut self.book().tally)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open(key: &ConnectionKey, sealed: &Sealed) -> Option<Opened> {
    let context = format!("revento/tokens/{key}");
    let opened = connect::key_ring().open(&context, sealed).await.ok()?;
    serde_json::from_slice(&opened.plaintext).ok()
}
