//! [`Mirror`]: the handle, and its settings.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use revento_api::Client;
use revento_core::{Connection, EventId, limits};
use tokio::sync::Notify;

use crate::{
    machine::pass::Rules,
    store::{MirrorStore, ResourceKind},
    webhooks::Queue,
};

type Accepts = Arc<dyn Fn(&Connection) -> bool + Send + Sync>;

/// Keeps copies of events in sync: participants, activities, and what else you ask for. Clones are handles to one mirror.
///
/// Run [`run`](Self::run) in every replica, and [register](Self::register) the webhooks with the inbox. Then read
/// [participants](Self::participants) and [activities](Self::activities), and follow the [changes](Self::changes).
#[derive(Clone)]
pub struct Mirror(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) client: Client,
    pub(crate) store: Arc<dyn MirrorStore>,
    pub(crate) rules: Rules,
    pub(crate) accepts: Accepts,
    pub(crate) keep_changes: Duration,
    pub(crate) poll: Duration,
    pub(crate) queue: Queue,
    /// Wakes those who wait for changes, when this process has written some.
    pub(crate) changed: Notify,
    /// Wakes the worker: the first webhook of an event has come to this process.
    pub(crate) work: Notify,
}

/// Configures a [`Mirror`].
#[must_use]
pub struct MirrorBuilder {
    client: Client,
    store: Arc<dyn MirrorStore>,
    kinds: BTreeSet<ResourceKind>,
    period: Duration,
    share: f64,
    wish_delay: Duration,
    keep_changes: Duration,
    accepts: Accepts,
}

impl Mirror {
    /// Configures a mirror of the events that this client is connected to. It copies participants and activities, unless
    /// [told more](MirrorBuilder::copies).
    pub fn builder(client: Client, store: impl MirrorStore + 'static) -> MirrorBuilder {
        MirrorBuilder {
            client,
            store: Arc::new(store),
            kinds: BTreeSet::from([ResourceKind::Participant, ResourceKind::Activity]),
            period: Duration::from_secs(24 * 60 * 60),
            share: 0.2,
            wish_delay: Duration::from_secs(5 * 60),
            keep_changes: Duration::from_secs(7 * 24 * 60 * 60),
            accepts: Arc::new(|_| true),
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn MirrorStore> {
        &self.0.store
    }

    pub(crate) fn copies(&self, kind: ResourceKind) -> bool {
        self.0.rules.lists.contains(&kind)
    }
}

impl MirrorBuilder {
    /// Copies this kind of resource, too. Only participants, activities and the event have webhooks; the other kinds change with the
    /// next reconciliation.
    pub fn copies(mut self, kind: ResourceKind) -> Self {
        self.kinds.insert(kind);
        self
    }

    /// Does not copy this kind of resource.
    pub fn leaves_out(mut self, kind: ResourceKind) -> Self {
        self.kinds.remove(&kind);
        self
    }

    /// How often everything is compared with the platform: from the begin of one reconciliation to the next, a day by default, an
    /// hour at least. The reads of a reconciliation are spread over this time.
    pub fn reconcile_every(mut self, period: Duration) -> Self {
        self.period = period.max(Duration::from_secs(3600));
        self
    }

    /// Which share of the token's hourly budget a reconciliation may use: from 0.01 to 1, `0.2` by default. The first full read is not
    /// limited by it, but by the client's pacing.
    pub fn budget_share(mut self, share: f64) -> Self {
        self.share = if share.is_nan() {
            0.2
        } else {
            share.clamp(0.01, 1.0)
        };
        self
    }

    /// How long a row that a webhook could not complete waits until a read begins: five minutes by default. A new applicant's webhook
    /// has no name, so a read has to bring it; several applicants share one. It takes the place of a reconciliation that is under way.
    /// After any other read it begins when that one is complete.
    pub fn complete_within(mut self, delay: Duration) -> Self {
        self.wish_delay = delay;
        self
    }

    /// How long the [changes](Mirror::changes) are kept, 7 days by default. They contain personal data.
    pub fn keep_changes(mut self, time: Duration) -> Self {
        self.keep_changes = time;
        self
    }

    /// Mirrors only the events of these connections.
    pub fn only(mut self, accepts: impl Fn(&Connection) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Arc::new(accepts);
        self
    }

    /// The mirror. It spawns nothing.
    pub fn build(self) -> Mirror {
        Mirror(Arc::new(Parts {
            rules: Rules {
                lists: self.kinds.into_iter().collect(),
                period: self.period,
                share: self.share,
                calls_per_hour: limits::INSTALLATION_RATE_LIMITS.per_hour,
                wish_delay: self.wish_delay,
            },
            client: self.client,
            store: self.store,
            accepts: self.accepts,
            keep_changes: self.keep_changes,
            poll: Duration::from_secs(1),
            queue: Queue::default(),
            changed: Notify::new(),
            work: Notify::new(),
        }))
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror")
            .field("client", &self.0.client)
            .field("store", &self.0.store)
            .field("rules", &self.0.rules)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MirrorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MirrorBuilder")
            .field("kinds", &self.kinds)
            .field("period", &self.period)
            .field("share", &self.share)
            .finish_non_exhaustive()
    }
}

/// The event of a connection that is to be mirrored.
pub(crate) fn event_of(connection: &Connection) -> Option<&EventId> {
    (connection.key.user_id.is_none()).then_some(&connection.key.event_id)
}
