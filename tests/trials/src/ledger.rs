//! The ledger of token pairs: who received each, who sent it, who knows the outcome, and what the store holds.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{Connection, ConnectionKey, ConnectionStatus, Timestamp};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Record, Sealed, Sealer, TokenStore};
use serde::Deserialize;

use crate::tally::Tally;

/// The number of a process; 0 is the supervisor, which lives.
pub(crate) type Worker = u32;

/// The sealing key of all processes of a trial.
pub(crate) fn key_ring() -> KeyRing {
    KeyRing::new(SealingKey::from_bytes([42; 32]))
}

/// The judge of a trial.
#[derive(Debug)]
pub(crate) struct Ledger {
    store: Arc<dyn TokenStore>,
    skew: Duration,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    pairs: Vec<Pair>,
    by_refresh: HashMap<String, usize>,
    by_access: HashMap<String, usize>,
    used: HashSet<usize>,
    dead: HashSet<Worker>,
    /// What the store said when a claim was granted: whether the token may be tried again.
    claims: HashMap<(String, Worker), bool>,
    orphans: BTreeSet<String>,
    tally: Tally,
}

#[derive(Debug)]
struct Pair {
    key: ConnectionKey,
    /// The process that the platform's answer went to.
    holder: Worker,
    /// The sending that bought it.
    bought_by: Option<(usize, usize)>,
    /// Who sent its refresh token.
    senders: Vec<Sender>,
    /// The pair that it was exchanged for.
    next: Option<usize>,
}

#[derive(Debug)]
struct Sender {
    worker: Worker,
    /// It sent the token once only, or by the in-doubt rule.
    by_rule: bool,
    /// The sender got no answer that shows the outcome.
    clueless: bool,
    /// The sender knows that the token is not spent.
    unspent: bool,
}

/// The plaintext that the SDK seals; the judge may look at it, since it has the key.
#[derive(Debug, Deserialize)]
struct Opened {
    a: String,
    r: String,
}

/// Tokens in an answer of the platform.
#[derive(Debug, Deserialize)]
pub(crate) struct Issued {
    access_token: String,
    refresh_token: String,
    event_id: String,
    user_id: Option<String>,
}

/// A sending that was judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sending {
    at: (usize, usize),
}

impl Ledger {
    /// Looks into this store. `skew` is that of the clients' timing.
    pub(crate) fn new(store: Arc<dyn TokenStore>, skew: Duration) -> Self {
        Self {
            store,
            skew,
            book: Mutex::default(),
        }
    }

    /// A claim is granted: notes whether its holder may send a token that was sent before. A pair that is
    /// stored between the claim and the sending comes too late; no store can stop a sending.
    pub(crate) async fn claimed(&self, key: &ConnectionKey, worker: Worker, now: Timestamp) {
        let may_resend = self.is_in_doubt(key, None, now).await;
        self.book().claims.insert((key.to_string(), worker), may_resend);
    }

    /// A refresh token is about to be sent: once only, or by the in-doubt rule (T1). `None` for a token
    /// that nobody was given.
    pub(crate) async fn sending(&self, token: &str, worker: Worker, now: Timestamp) -> Option<Sending> {
        let (index, key, noted) = {
            let mut book = self.book();
            let index = book.by_refresh.get(token).copied()?;
            let key = book.pairs.get(index)?.key.clone();
            let noted = book.claims.remove(&(key.to_string(), worker));
            (index, key, noted)
        };
        let again = self
            .book()
            .pairs
            .get(index)
            .is_some_and(|pair| pair.senders.iter().any(|sender| !sender.unspent));
        let by_rule = !again
            || self.does_nobody_know(index)
                && match noted {
                    Some(may_resend) => may_resend,
                    None => self.is_in_doubt(&key, Some(token), now).await,
                };
        let mut book = self.book();
        if again && by_rule {
            book.tally.tried_again += 1;
        } else if again {
            book.tally.sent_twice += 1;
            book.find(format!(
                "a refresh token of {key} was sent a second time, by process {worker}"
            ));
        }
        let tries = book.pairs.get(index)?.senders.len() + 1;
        book.note(format!(
            "process {worker} sends token {index} of {key}, try {tries}"
        ));
        let pair = book.pairs.get_mut(index)?;
        pair.senders.push(Sender {
            worker,
            by_rule,
            clueless: false,
            unspent: false,
        });
        let at = (index, pair.senders.len() - 1);
        Some(Sending { at })
    }

    /// The store says that the connection is in doubt, and the access token is of no use any more.
    async fn is_in_doubt(&self, key: &ConnectionKey, token: Option<&str>, now: Timestamp) -> bool {
        let Some((connection, Some(opened))) = self.look(key).await else {
            return false;
        };
        let usable = now.saturating_add(self.skew) < connection.access_expires_at;
        connection.status == ConnectionStatus::InDoubt
            && !usable
            && token.is_none_or(|token| opened.r == token)
    }

    /// Whether every sender is dead or never got the outcome.
    fn does_nobody_know(&self, index: usize) -> bool {
        let book = self.book();
        let Some(pair) = book.pairs.get(index) else {
            return false;
        };
        let knows =
            |sender: &Sender| !sender.unspent && !sender.clueless && !book.dead.contains(&sender.worker);
        !pair.senders.iter().any(knows)
    }

    /// The sender got no answer that shows the outcome.
    pub(crate) fn lost(&self, sending: Sending) {
        self.book()
            .note(format!("no answer to the sending of token {}", sending.at.0));
        if let Some(sender) = self.book().sender(sending) {
            sender.clueless = true;
        }
    }

    /// The request was never sent, or the platform refused it for another reason than the token.
    pub(crate) fn unspent(&self, sending: Sending) {
        self.book().note(format!("token {} is unspent", sending.at.0));
        if let Some(sender) = self.book().sender(sending) {
            sender.unspent = true;
        }
    }

    /// The platform has issued a pair; the answer goes to this process. `spent` is the refresh token that
    /// bought it.
    pub(crate) fn issued(&self, client_id: &str, spent: Option<&str>, answer: Issued, worker: Worker) {
        let mut book = self.book();
        let index = book.pairs.len();
        let bought_by = spent.and_then(|token| book.buy(token, worker, index));
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
            bought_by,
            senders: Vec::new(),
            next: None,
        });
    }

    /// The platform has issued a pair in an answer that nobody can read.
    pub(crate) fn issued_to_nobody(&self, spent: &str, worker: Worker) {
        let mut book = self.book();
        let index = book.pairs.len();
        let Some(bought_by) = book.buy(spent, worker, index) else {
            return;
        };
        let Some(key) = book.pairs.get(bought_by.0).map(|pair| pair.key.clone()) else {
            return;
        };
        book.pairs.push(Pair {
            key,
            holder: worker,
            bought_by: Some(bought_by),
            senders: Vec::new(),
            next: None,
        });
    }

    /// The platform has answered `invalid_grant`. That is nobody's fault if nobody has the next pair:
    /// then this was the last resort.
    pub(crate) fn refused(&self, sending: Sending) {
        let mut book = self.book();
        book.note(format!("token {} is refused", sending.at.0));
        let Some(pair) = book.pairs.get(sending.at.0) else {
            return;
        };
        let key = pair.key.to_string();
        let sender = pair.senders.get(sending.at.1);
        if sender.is_some_and(|sender| book.is_last_resort(pair, sender)) {
            book.orphans.insert(key);
        } else {
            book.tally.families_revoked += 1;
            book.find(format!(
                "the platform refused {key}, though a live process had its tokens"
            ));
        }
    }

    /// The platform has revoked a family, because this token came again. If the answer to it is lost, nobody hears the refusal: they
    /// find that the connection has ended.
    pub(crate) fn reused(&self, token: &str, worker: Worker) {
        let mut book = self.book();
        let Some(pair) = book
            .by_refresh
            .get(token)
            .and_then(|index| book.pairs.get(*index))
        else {
            return;
        };
        let last = pair.senders.iter().rfind(|sender| sender.worker == worker);
        if last.is_some_and(|sender| book.is_last_resort(pair, sender)) {
            let key = pair.key.to_string();
            book.orphans.insert(key);
        }
    }

    /// An access token is used: its pair has to be stored (T2).
    pub(crate) async fn used(&self, access: &str) {
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
            book.find(format!(
                "an access token of {key} was used before its pair was stored"
            ));
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

    /// A process has died.
    pub(crate) fn is_gone(&self, worker: Worker) {
        self.book().dead.insert(worker);
    }

    /// A process was killed at this crash point.
    pub(crate) fn died(&self, worker: Worker, of: &str) {
        self.is_gone(worker);
        let mut book = self.book();
        *book.tally.kills.entry(of.to_owned()).or_default() += 1;
    }

    /// A connection has ended. Whether nobody has its last pair.
    pub(crate) fn ended(&self, key: &ConnectionKey) {
        let mut book = self.book();
        if book.orphans.remove(&key.to_string()) {
            book.tally.orphaned += 1;
        } else {
            book.tally.connections_lost += 1;
            book.find(format!("{key} is lost"));
        }
    }

    /// Looks at, or changes, the counts.
    pub(crate) fn tally<R>(&self, change: impl FnOnce(&mut Tally) -> R) -> R {
        change(&mut self.book().tally)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn sender(&mut self, sending: Sending) -> Option<&mut Sender> {
        let (pair, sender) = sending.at;
        self.pairs.get_mut(pair)?.senders.get_mut(sender)
    }

    /// The last sending of a token by a process has bought a pair.
    fn buy(&mut self, token: &str, worker: Worker, next: usize) -> Option<(usize, usize)> {
        let index = self.by_refresh.get(token).copied()?;
        self.tally.refreshes += 1;
        self.note(format!(
            "token {index} becomes token {next}, for process {worker}"
        ));
        let pair = self.pairs.get_mut(index)?;
        pair.next = Some(next);
        let sender = pair.senders.iter().rposition(|sender| sender.worker == worker)?;
        Some((index, sender))
    }

    /// Whether the receiver of a pair is dead or never received it.
    fn has_nobody(&self, index: usize) -> bool {
        let Some(pair) = self.pairs.get(index) else {
            return false;
        };
        let sender = pair
            .bought_by
            .and_then(|(pair, sender)| self.pairs.get(pair)?.senders.get(sender));
        self.dead.contains(&pair.holder) || sender.is_some_and(|sender| sender.clueless)
    }

    /// Whether the pair's token was sent by the rule, when nobody had the next pair.
    fn is_last_resort(&self, pair: &Pair, sender: &Sender) -> bool {
        sender.by_rule && pair.next.is_some_and(|next| self.has_nobody(next))
    }

    fn find(&mut self, what: String) {
        self.note(what.clone());
        self.tally.findings.push(what);
    }

    /// Keeps only the latest events; they are enough to understand a finding.
    fn note(&mut self, what: String) {
        if self.tally.notes.len() >= 10_000 {
            self.tally.notes.clear();
        }
        self.tally.notes.push(what);
    }
}

async fn open(key: &ConnectionKey, sealed: &Sealed) -> Option<Opened> {
    let context = format!("revento/tokens/{key}");
    let opened = key_ring().open(&context, sealed).await.ok()?;
    serde_json::from_slice(&opened.plaintext).ok()
}
