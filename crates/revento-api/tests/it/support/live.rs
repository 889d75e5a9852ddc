//! The sandbox over real sockets, and a clock that jumps to the next wake-up.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{TryStreamExt as _, future::BoxFuture};
use http::{Request, Response};
use revento_api::{Client, ClientBuilder, Error, EventClient, Timer, UserClient};
use revento_core::{Scopes, Timestamp, resource::Participant};
use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
use revento_sandbox::{ConsentDecision, Sandbox};
use revento_seal::{KeyRing, SealingKey};
use revento_store::{Clock, SystemClock, memory::MemoryTokens};
use revento_transport::{Transport, TransportError};
use revento_transport_reqwest::ReqwestTransport;
use tokio::sync::oneshot;

pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";
pub(crate) const PUBLISHED: &str = "evt_test_published";

/// The sandbox, one connected integration, and any number of its replicas.
pub(crate) struct Live {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) time: Arc<JumpingClock>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) client: Client,
    tokens: Arc<MemoryTokens>,
    ticking: tokio::task::JoinHandle<()>,
}

impl Live {
    pub(crate) async fn connected() -> Self {
        Self::with(|builder| builder).await
    }

    /// With other settings of the client.
    pub(crate) async fn with(configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        Self::with_wire(|builder, _| configure(builder)).await
    }

    /// With other settings, which may count what is in flight by the wire.
    pub(crate) async fn with_wire(
        configure: impl FnOnce(ClientBuilder, &Arc<Wire>) -> ClientBuilder,
    ) -> Self {
        crate::telemetry::keep_callsites_enabled();
        let sandbox = Arc::new(Sandbox::builder().redirect_uri(CALLBACK).start().await.unwrap());
        let time = Arc::new(JumpingClock::default());
        let wire = Arc::new(Wire {
            inner: ReqwestTransport::new().unwrap(),
            in_flight: AtomicUsize::new(0),
            requests: Mutex::default(),
        });
        let tokens = Arc::new(MemoryTokens::new());
        let client = configure(builder(&sandbox, &time, &wire, &tokens), &wire)
            .build()
            .unwrap();
        let ticking = tokio::spawn(tick(Arc::clone(&sandbox), Arc::clone(&time), Arc::clone(&wire)));
        let live = Self {
            sandbox,
            time,
            wire,
            client,
            tokens,
            ticking,
        };
        live.consent(
            "event.read participants.read program.read",
            ConsentDecision::Authorize,
        )
        .await;
        live
    }

    /// Another replica on the same store.
    pub(crate) fn replica(&self, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Client {
        configure(builder(&self.sandbox, &self.time, &self.wire, &self.tokens))
            .build()
            .unwrap()
    }

    pub(crate) fn event(&self) -> EventClient {
        self.client.event(PUBLISHED)
    }

    /// The first participant.
    pub(crate) async fn first_person(&self) -> Result<Option<Participant>, Error> {
        self.event().participants().stream().try_next().await
    }

    /// Signs a participant in.
    pub(crate) async fn user(&self) -> UserClient {
        let id = self.someone().await;
        let scopes = "profile.read event.attendance";
        self.consent(scopes, ConsentDecision::SignIn(id.clone())).await;
        self.client.user(PUBLISHED, id)
    }

    async fn someone(&self) -> String {
        use futures_util::TryStreamExt as _;
        let mut people = self.event().participants().per_page(1).stream();
        let person = people.try_next().await.unwrap().unwrap();
        person.user_id.unwrap().as_str().to_owned()
    }

    pub(crate) async fn consent(&self, scopes: &str, decision: ConsentDecision) {
        let request = AuthorizationRequest {
            event_id: PUBLISHED.into(),
            scopes: Scopes::parse(scopes),
        };
        let begun = self.client.begin_authorization(&request).unwrap();
        let went = self.sandbox.authorize(&begun.url, decision).await.unwrap();
        let query = went.split_once('?').unwrap().1;
        let grant = begun.pending.callback(query, self.client.now()).unwrap();
        self.client.finish_authorization(grant).await.unwrap();
    }

    pub(crate) async fn rate_limited(&self) -> u64 {
        self.sandbox.stats().await.unwrap().rate_limited
    }

    /// Arms each fault once for the list of participants.
    pub(crate) fn arm(&self, faults: &[&str]) {
        for fault in faults {
            let fault = revento_sandbox::Fault::named(*fault).at("participants");
            self.sandbox.arm(fault).unwrap();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

fn builder(
    sandbox: &Sandbox,
    time: &Arc<JumpingClock>,
    wire: &Arc<Wire>,
    tokens: &Arc<MemoryTokens>,
) -> ClientBuilder {
    let info = sandbox.info();
    let integration = Integration::new(
        Endpoints::sandbox(&info.auth_base).unwrap(),
        info.client_id.as_str(),
        CALLBACK,
    )
    .unwrap()
    .with_secret(info.client_secret.as_str());
    let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
    let (wire, tokens) = (Arc::clone(wire), Arc::clone(tokens));
    Client::builder(integration)
        .transport(wire)
        .store(tokens)
        .sealer(sealer)
        .clock(Arc::<JumpingClock>::clone(time))
        .timer(Arc::<JumpingClock>::clone(time))
}

/// A transport over real sockets that counts what is in flight.
pub(crate) struct Wire {
    inner: ReqwestTransport,
    in_flight: AtomicUsize,
    requests: Mutex<Vec<Request<Bytes>>>,
}

impl Wire {
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(SeqCst)
    }

    /// The clock does not jump while something is in flight.
    pub(crate) fn mark_in_flight(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, SeqCst);
        InFlight(&self.in_flight)
    }

    /// The requests to the read API since the last call.
    pub(crate) fn take_reads(&self) -> Vec<Request<Bytes>> {
        let mut requests = std::mem::take(&mut *self.requests.lock().unwrap());
        requests.retain(|request| request.method() == http::Method::GET);
        requests
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        self.requests.lock().unwrap().push(request.clone());
        let _in_flight = self.mark_in_flight();
        self.inner.send(request).await
    }
}

/// Something is in flight until this is dropped.
pub(crate) struct InFlight<'w>(&'w AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

/// The real time, plus jumps: when all tasks wait, the clock jumps to the next wake-up.
#[derive(Debug, Default)]
pub(crate) struct JumpingClock {
    stands: AtomicBool,
    jumped: AtomicI64,
    sleepers: Mutex<Vec<(Timestamp, oneshot::Sender<()>)>>,
}

impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        let jumped = u64::try_from(self.jumped.load(SeqCst)).unwrap();
        SystemClock.now().saturating_add(Duration::from_micros(jumped))
    }
}

impl Timer for JumpingClock {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let (wake, woken) = oneshot::channel();
        let due = self.now().saturating_add(duration);
        self.sleepers.lock().unwrap().push((due, wake));
        Box::pin(async move {
            let _ = woken.await;
        })
    }
}

impl JumpingClock {
    /// Stops the jumps, for tests in which a task waits for more than the sandbox.
    pub(crate) fn only_passes(&self) {
        self.stands.store(true, SeqCst);
    }

    /// The sum of the jumps.
    pub(crate) fn jumped(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.jumped.load(SeqCst)).unwrap())
    }

    fn next(&self) -> Option<Timestamp> {
        let mut sleepers = self.sleepers.lock().unwrap();
        sleepers.retain(|(_, wake)| !wake.is_closed());
        sleepers.iter().map(|(due, _)| *due).min()
    }

    fn wake(&self) {
        let now = self.now();
        let mut sleepers = self.sleepers.lock().unwrap();
        for (_, wake) in sleepers.extract_if(.., |(due, _)| *due <= now) {
            let _ = wake.send(());
        }
    }

    pub(crate) async fn advance(&self, sandbox: &Sandbox, by: Duration) {
        // The sandbox's clock moves first: it must not be behind the client's.
        sandbox.advance(by).await.unwrap();
        self.jumped
            .fetch_add(i64::try_from(by.as_micros()).unwrap(), SeqCst);
    }
}

async fn tick(sandbox: Arc<Sandbox>, time: Arc<JumpingClock>, wire: Arc<Wire>) {
    loop {
        tokio::time::sleep(Duration::from_millis(1)).await;
        time.wake();
        // Until all tasks wait.
        for _ in 0..64 {
            tokio::task::yield_now().await;
        }
        if wire.in_flight.load(SeqCst) > 0 {
            continue;
        }
        if let Some(due) = time.next() {
            let gap = due.saturating_since(time.now());
            // Short waits need no jump.
            if gap > Duration::from_millis(2) && !time.stands.load(SeqCst) {
                time.advance(&sandbox, gap).await;
            }
            time.wake();
        }
    }
}
