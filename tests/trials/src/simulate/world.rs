//! One simulated world, determined by its seed.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result, anyhow, bail};
use futures_util::FutureExt;
use revento_api::Client;
use revento_core::{Connection, ConnectionKey, ConnectionStatus, Scopes};
use revento_oauth::AuthorizationRequest;
use revento_sandbox::{ConsentDecision, Fault, Sandbox};
use revento_store::{TokenStore, memory::MemoryTokens};
use turmoil::Sim;

use super::{
    network::{Direct, PLATFORM, Platform, Wire},
    replica::{self, CALLBACK, client, timing},
    store::Shaky,
    time::{Time, Watch},
};
use crate::{ledger::Ledger, random::Random, tally::Tally};

const REPLICAS: usize = 3;
const TICK: Duration = Duration::from_millis(40);
/// The number of rounds with faults.
const EPOCHS: u32 = 5;
const TROUBLE: Duration = Duration::from_secs(4);
/// Steps between two looks at the connections.
const GLANCE: u32 = 5;
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(120);
/// The connection that nobody uses.
const IDLE: &str = "usr_0017";
/// In days. The keep-alive leaves 30; nobody can keep a connection whose refresh token ends while all replicas sleep.
const LONGEST_SLEEP: u64 = 28;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The faults of the platform's token endpoint.
const NONSENSE: [&str; 7] = [
    "server_error",
    "html_error",
    "html_success",
    "reset_before",
    "answer_lost",
    "truncated_body",
    "rate_limited",
];

/// The result of a world.
pub(super) struct End {
    pub(super) tally: Tally,
    pub(super) story: Vec<String>,
    pub(super) happened: BTreeMap<&'static str, u32>,
    pub(super) days: u64,
}

/// Simulates one world.
pub(super) fn run(seed: u64, careless: bool) -> Result<End> {
    let mut world = World::new(seed, careless)?;
    for _ in 0..EPOCHS {
        world.time_passes();
        world.trouble()?;
        world.heal();
        world.rest()?;
        if world.ledger.tally(|tally| tally.is_spoilt()) {
            break;
        }
    }
    Ok(End {
        tally: world.ledger.tally(|tally| tally.clone()),
        days: world.time.since_the_beginning().as_secs() / DAY.as_secs(),
        story: world.story,
        happened: world.happened,
    })
}

struct World {
    outside: Outside,
    sim: Sim<'static>,
    time: Time,
    sandbox: Arc<Sandbox>,
    store: Arc<MemoryTokens>,
    ledger: Arc<Ledger>,
    /// Past the network, for consents.
    client: Client,
    replicas: Vec<Replica>,
    random: Random,
    story: Vec<String>,
    happened: BTreeMap<&'static str, u32>,
}

/// What the outer loop holds of a replica.
struct Replica {
    name: String,
    watch: Arc<Watch>,
    failing: Arc<AtomicU64>,
    /// Of the process that runs, or ran last.
    number: Arc<AtomicU32>,
    up: bool,
    parted: bool,
}

impl World {
    fn new(seed: u64, careless: bool) -> Result<Self> {
        let outside = Outside::new()?;
        let time = Time::default();
        let sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(TICK)
            .min_message_latency(Duration::from_millis(2))
            .max_message_latency(Duration::from_millis(250))
            .simulation_duration(Duration::from_secs(u64::from(u32::MAX)))
            .build();
        let platform_time = time.clone();
        let sandbox = Sandbox::builder()
            .public_url(format!("http://{PLATFORM}"))
            .redirect_uri(CALLBACK)
            .without_rate_limits()
            .clock(move || {
                let micros = platform_time.now().unix_micros();
                SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or(0))
            })
            .detached();
        let sandbox = Arc::new(outside.now(sandbox)??);
        let store = Arc::new(MemoryTokens::new());
        let ledger = Arc::new(Ledger::new(
            Arc::<MemoryTokens>::clone(&store),
            timing().clock_skew,
        ));
        let platform = Platform {
            sandbox: Arc::clone(&sandbox),
            ledger: Arc::clone(&ledger),
        };
        let direct = Arc::new(Direct(platform.clone()));
        let client = client(
            sandbox.info(),
            direct,
            Arc::<MemoryTokens>::clone(&store),
            Watch::new(&time),
            Random::new(seed),
        )?;
        let mut world = Self {
            outside,
            sim,
            time,
            sandbox,
            store,
            ledger,
            client,
            replicas: Vec::new(),
            random: Random::new(seed ^ 0x5eed),
            story: Vec::new(),
            happened: BTreeMap::new(),
        };
        let busy = world.connect_everybody()?;
        world.sim.host(PLATFORM, move || platform.clone().serve());
        for index in 0..REPLICAS {
            world.add_replica(index, seed, careless, &busy);
        }
        Ok(world)
    }

    /// Some that are used all the time, and one that nobody uses.
    fn connect_everybody(&mut self) -> Result<Vec<ConnectionKey>> {
        let event = self.sandbox.info().events.first().context("no events")?.clone();
        let mut keys = Vec::new();
        for user in [
            None,
            Some("usr_0001"),
            Some("usr_0003"),
            Some("usr_0005"),
            Some("usr_0012"),
            Some(IDLE),
        ] {
            keys.push(self.consent(&event, user)?.key);
        }
        keys.pop();
        Ok(keys)
    }

    fn consent(&self, event: &str, user: Option<&str>) -> Result<Connection> {
        let (scopes, decision) = match user {
            None => ("event.read participants.read", ConsentDecision::Authorize),
            Some(user) => ("profile.read", ConsentDecision::SignIn(user.to_owned())),
        };
        let begun = self.client.begin_authorization(&AuthorizationRequest {
            event_id: event.into(),
            scopes: Scopes::parse(scopes),
        })?;
        let home = self.outside.now(self.sandbox.authorize(&begun.url, decision))??;
        let (_, query) = home.split_once('?').context("no query")?;
        let grant = begun.pending.callback(query, self.client.now())?;
        Ok(self.outside.now(self.client.finish_authorization(grant))??)
    }

    fn add_replica(&mut self, index: usize, seed: u64, careless: bool, busy: &[ConnectionKey]) {
        let replica = Replica {
            name: format!("replica-{index}"),
            watch: Watch::new(&self.time),
            failing: Arc::default(),
            number: Arc::default(),
            up: true,
            parted: false,
        };
        let (watch, failing) = (Arc::clone(&replica.watch), Arc::clone(&replica.failing));
        let number = Arc::clone(&replica.number);
        let (store, ledger) = (Arc::clone(&self.store), Arc::clone(&self.ledger));
        let (info, busy) = (self.sandbox.info().clone(), busy.to_vec());
        let births = AtomicU32::new(0);
        // Called at every start of the process.
        self.sim.host(replica.name.as_str(), move || {
            let worker = 1 + u32::try_from(index).unwrap_or(0) + 10 * births.fetch_add(1, Ordering::Relaxed);
            number.store(worker, Ordering::Relaxed);
            let random = Random::new(seed.wrapping_mul(1009).wrapping_add(u64::from(worker)));
            let store = Arc::new(Shaky {
                inner: Arc::<MemoryTokens>::clone(&store),
                ledger: Arc::clone(&ledger),
                watch: Arc::clone(&watch),
                worker,
                random: Mutex::new(random.clone()),
                failing: Arc::clone(&failing),
                careless,
            });
            let wire = Arc::new(Wire {
                ledger: Arc::clone(&ledger),
                watch: Arc::clone(&watch),
                worker,
            });
            let clock = Arc::<Watch>::clone(&watch);
            let client = client(&info, wire, store, clock, random.clone());
            let busy = busy.clone();
            async move { replica::work(client?, busy, random).await }
        });
        self.replicas.push(replica);
    }

    /// An hour, or weeks.
    fn time_passes(&mut self) {
        let by = match self.random.below(10) {
            0..5 => HOUR + Duration::from_secs(60),
            5..7 => HOUR - Duration::from_secs(300),
            _ => DAY * u32::try_from(1 + self.random.below(LONGEST_SLEEP)).unwrap_or(1),
        };
        self.time.jump(by);
        self.tell(
            "jumps of the clock",
            format!("{} hours pass", by.as_secs() / 3600),
        );
    }

    fn trouble(&mut self) -> Result<()> {
        let until = self.sim.elapsed() + TROUBLE;
        while self.sim.elapsed() < until {
            self.step()?;
            if self.random.chance(14) {
                self.something_breaks()?;
            }
        }
        Ok(())
    }

    fn something_breaks(&mut self) -> Result<()> {
        let index = usize::try_from(self.random.below(REPLICAS as u64))?;
        let what = self.random.below(7);
        let (draw, nonsense) = (self.random.next(), self.random.pick(&NONSENSE).copied());
        let Some(replica) = self.replicas.get_mut(index) else {
            return Ok(());
        };
        let name = replica.name.clone();
        match what {
            0 if replica.up => {
                replica.up = false;
                self.ledger.is_gone(replica.number.load(Ordering::Relaxed));
                self.sim.crash(name.as_str());
                self.tell("crashes", format!("{name} crashes"));
            }
            0 | 1 if !replica.up => {
                replica.up = true;
                self.sim.bounce(name.as_str());
                self.tell("restarts", format!("{name} starts again"));
            }
            2 if replica.parted => {
                replica.parted = false;
                self.sim.repair(name.as_str(), PLATFORM);
                self.tell("repairs", format!("{name} reaches the platform again"));
            }
            2 => {
                replica.parted = true;
                self.sim.partition(name.as_str(), PLATFORM);
                self.tell("partitions", format!("{name} is cut off from the platform"));
            }
            3 => {
                let percent = if replica.failing.load(Ordering::Relaxed) == 0 {
                    20 + draw % 60
                } else {
                    0
                };
                replica.failing.store(percent, Ordering::Relaxed);
                self.tell(
                    "troubles of the store",
                    format!("for {name}, {percent} % of the store's calls fail"),
                );
            }
            4 => {
                let millis = i64::try_from(draw % 6000)? - 3000;
                replica.watch.set_wrong_by(millis);
                self.tell("wrong clocks", format!("{name}'s clock is wrong by {millis} ms"));
            }
            5 => {
                let fault = nonsense.context("no nonsense")?;
                self.sandbox.arm(Fault::named(fault).at("refresh"))?;
                self.tell("odd answers", format!("the platform's next answer: {fault}"));
            }
            _ if draw.is_multiple_of(4) => {
                let connections = self.connections()?;
                let index = usize::try_from(draw / 4 % 6)?;
                if let Some(connection) = connections.get(index) {
                    self.reconnect(&connection.key)?;
                    self.tell("new consents", format!("{} is connected again", connection.key));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn heal(&mut self) {
        self.sandbox.disarm_all();
        for replica in &mut self.replicas {
            if !replica.up {
                self.sim.bounce(replica.name.as_str());
            }
            if replica.parted {
                self.sim.repair(replica.name.as_str(), PLATFORM);
            }
            replica.failing.store(0, Ordering::Relaxed);
            replica.watch.set_wrong_by(0);
            (replica.up, replica.parted) = (true, false);
        }
        self.tell("recoveries", "everything works again".to_owned());
    }

    /// Waits until nothing is due. Connections that ended without a fault of the SDK are connected again.
    fn rest(&mut self) -> Result<()> {
        let until = self.sim.elapsed() + RECOVERY_TIMEOUT;
        loop {
            for _ in 0..GLANCE {
                self.step()?;
            }
            let mut at_rest = true;
            for connection in self.connections()? {
                if !connection.status.is_live() {
                    self.tell(
                        "ends",
                        format!("{} has ended: {:?}", connection.key, connection.reason),
                    );
                    self.ledger.ended(&connection.key);
                    self.reconnect(&connection.key)?;
                } else if connection.consent_expires_at.saturating_since(self.time.now()) < 60 * DAY {
                    // Its year is over soon.
                    self.reconnect(&connection.key)?;
                }
                at_rest &= self.rests(&connection);
            }
            if at_rest || self.ledger.tally(|tally| tally.is_spoilt()) {
                return Ok(());
            }
            if self.sim.elapsed() > until {
                bail!("connections do not come to rest: {:?}", self.connections()?);
            }
        }
    }

    fn rests(&self, connection: &Connection) -> bool {
        let now = self.time.now();
        let idle = connection
            .key
            .user_id
            .as_ref()
            .is_some_and(|user| user.as_str() == IDLE);
        let access = connection.access_expires_at.saturating_since(now);
        let refresh = connection.refresh_expires_at.saturating_since(now);
        match connection.status {
            _ if idle => connection.status.is_live() && refresh > 29 * DAY,
            ConnectionStatus::Connected => access > HOUR / 3,
            ConnectionStatus::InDoubt => access > Duration::from_secs(60),
            _ => false,
        }
    }

    fn connections(&self) -> Result<Vec<Connection>> {
        let client_id = self.client.integration().client_id();
        let mut connections: Vec<_> = self
            .outside
            .now(self.store.of_client(client_id, None, usize::MAX))??
            .into_iter()
            .map(|stored| stored.record.connection)
            .collect();
        connections.sort_by_key(|connection| connection.key.to_string());
        Ok(connections)
    }

    fn reconnect(&self, key: &ConnectionKey) -> Result<()> {
        let user = key.user_id.as_ref().map(|user| user.as_str());
        self.consent(key.event_id.as_str(), user).map(drop)
    }

    fn step(&mut self) -> Result<()> {
        self.sim
            .step()
            .map_err(|error| anyhow!("a host failed: {error}"))?;
        self.time.elapsed(self.sim.elapsed());
        for note in self.ledger.tally(|tally| std::mem::take(&mut tally.notes)) {
            self.story.push(format!("{}   {note}", self.time.now()));
        }
        Ok(())
    }

    fn tell(&mut self, what: &'static str, line: String) {
        *self.happened.entry(what).or_default() += 1;
        self.story.push(format!("{} {line}", self.time.now()));
    }
}

/// For what happens outside of the network, and needs no time.
struct Outside(tokio::runtime::Runtime);

impl Outside {
    fn new() -> Result<Self> {
        Ok(Self(
            tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()?,
        ))
    }

    fn now<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let _entered = self.0.enter();
        work.now_or_never()
            .context("it waits for something that never comes")
    }
}
