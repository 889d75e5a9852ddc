//! A server that refuses, is busy, or goes away in the middle of a call.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::{
    BudgetStore, BudgetSwapOutcome, BudgetWrite, ClaimOutcome, ClaimTerms, CreateOutcome, DeletionStore,
    DeliveryState, InboxStore, InsertOutcome, Once, StoreError, StoreErrorReason, SwapOutcome, TokenStore,
};
use revento_store_testkit::fixtures::{NOW, connection_key, deletion_duty, delivery, record};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{connecting::end_sessions, network::place, refused::with, server};

const NEW: InsertOutcome = InsertOutcome::New {
    delivery_id_reused: false,
};

fn unavailable_without_effect<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.reason(), StoreErrorReason::Unavailable, "{error:?}");
    assert!(
        error.is_transient() && !error.may_have_taken_effect(),
        "{error:?}"
    );
    revento_core::error::chain(&error).to_string()
}

/// Passes everything on, but cuts the connection instead of passing on the next answer, if it was told to.
struct LosesAnswers {
    address: std::net::SocketAddr,
    loses_next: Arc<AtomicBool>,
    accepting: JoinHandle<()>,
}

impl LosesAnswers {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let loses_next = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&loses_next);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, loses_next) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move { pass_on(client, server, loses_next).await });
            }
        });
        Self {
            address,
            loses_next,
            accepting,
        }
    }
}

async fn pass_on(client: TcpStream, server: String, loses_next: Arc<AtomicBool>) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = TcpStream::connect(server).await?.into_split();
    let up = async { tokio::io::copy(&mut from_client, &mut to_server).await.map(drop) };
    let down = async {
        let mut buffer = [0; 65_536];
        loop {
            let count = from_server.read(&mut buffer).await?;
            // The server commits before it answers.
            if count == 0 || loses_next.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            to_client.write_all(&buffer[..count]).await?;
        }
    };
    tokio::select! { done = up => done, done = down => done }
}

/// Each call is made again, and finds what it has written itself.
#[tokio::test(flavor = "multi_thread")]
async fn h24_an_answer_that_was_lost_after_the_commit_is_found_out() {
    let Some(url) = server::url() else { return };
    let proxy = LosesAnswers::start(place(&url)).await;
    let schema = server::fresh();
    let through = with(&url, |parts| parts.1 = proxy.address.to_string());
    let store = server::connect(&through, &schema).await;
    let key = connection_key("evt_1");
    // One connection is open.
    assert!(store.load(&key).await.unwrap().is_none());
    let lose = || proxy.loses_next.store(true, Ordering::SeqCst);
    let lost = || assert!(!proxy.loses_next.load(Ordering::SeqCst), "no answer was lost");

    lose();
    let CreateOutcome::Created(version) = store.create(&record("evt_1", 1)).await.unwrap() else {
        panic!("it does not know its own row")
    };
    lost();
    let terms = ClaimTerms {
        version,
        now: NOW,
        until: NOW.saturating_add(Duration::from_secs(30)),
    };
    lose();
    let ClaimOutcome::Granted { fence, abandoned } = store.claim(&key, terms).await.unwrap() else {
        panic!("it does not know its own claim")
    };
    lost();
    assert!(!abandoned);
    let other = server::connect(&url, &schema).await;
    let held = other.claim(&key, terms).await.unwrap();
    assert!(matches!(held, ClaimOutcome::Held { .. }), "{held:?}");
    lose();
    let swapped = TokenStore::compare_and_swap(&store, version, &record("evt_1", 2), Some(fence))
        .await
        .unwrap();
    lost();
    let stored = other.load(&key).await.unwrap().unwrap();
    assert_eq!(swapped, SwapOutcome::Swapped(stored.version));
    let again = TokenStore::compare_and_swap(&other, version, &record("evt_1", 3), None).await;
    assert_eq!(again.unwrap(), SwapOutcome::Conflict);

    lose();
    assert_eq!(store.insert(&delivery(1)).await.unwrap(), NEW);
    lost();
    let known = other.insert(&delivery(1)).await.unwrap();
    assert!(matches!(known, InsertOutcome::Known { .. }), "{known:?}");
    for state in [DeliveryState::Queued, DeliveryState::Buried] {
        let lease = store.lease(NOW, Timestamp::MAX, 1).await.unwrap().remove(0).lease;
        lose();
        let held = match state {
            DeliveryState::Queued => store.retry(&lease, NOW, "later").await,
            _ => store.bury(&lease, NOW, "never").await,
        };
        lost();
        assert!(held.unwrap(), "{state:?}");
        assert_eq!(store.state(&lease.envelope_id).await.unwrap(), Some(state));
        assert!(!other.complete(&lease, NOW).await.unwrap());
    }

    lose();
    assert!(store.take("mark", NOW, Timestamp::MAX).await.unwrap());
    lost();
    assert!(!store.take("mark", NOW, Timestamp::MAX).await.unwrap());
    let write = BudgetWrite {
        key: "budget",
        expected: None,
        next: b"spent",
        now: NOW,
        idle_at: Timestamp::MAX,
    };
    lose();
    assert_eq!(
        BudgetStore::compare_and_swap(&store, write).await.unwrap(),
        BudgetSwapOutcome::Swapped
    );
    lost();
}

/// The server is killed and does not come back in time.
#[tokio::test(flavor = "multi_thread")]
async fn h24_a_server_that_stays_away_is_given_up_after_a_while() {
    let Some(url) = server::url() else { return };
    let proxy = LosesAnswers::start(place(&url)).await;
    let schema = server::fresh();
    let through = with(&url, |parts| parts.1 = proxy.address.to_string());
    let options = server::options(&through, &schema).acquire_timeout(Duration::from_secs(2));
    let store = options.connect().await.unwrap();
    assert!(store.load(&connection_key("evt_1")).await.unwrap().is_none());
    proxy.accepting.abort();
    proxy.loses_next.store(true, Ordering::SeqCst);
    let error = store.insert(&delivery(1)).await.unwrap_err();
    assert!(error.is_transient() && error.may_have_taken_effect(), "{error:?}");
    let text = revento_core::error::chain(&error).to_string();
    assert!(
        text.contains("refused") && text.contains("may have taken effect"),
        "{text}"
    );
    let other = server::connect(&url, &schema).await;
    assert_eq!(
        other.state(&"env_1".into()).await.unwrap(),
        Some(DeliveryState::Queued)
    );
    // Nothing was sent this time.
    unavailable_without_effect(store.insert(&delivery(2)).await);
}

/// These calls ask first whether the connection works.
#[tokio::test(flavor = "multi_thread")]
async fn h24_a_call_that_cannot_find_out_says_that_it_may_have_taken_effect() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let options = server::options(&url, &schema)
        .application_name(&schema)
        .max_connections(1);
    let store = options.connect().await.unwrap();
    assert!(store.record(&deletion_duty(1)).await.unwrap());
    end_sessions(&url, &schema).await;
    assert!(
        store.record(&deletion_duty(2)).await.unwrap(),
        "it was not sent before"
    );

    let mut admin = PgConnection::connect(&url).await.unwrap();
    let mut tx = admin.begin().await.unwrap();
    let lock = format!("LOCK TABLE {schema}.revento_deletions");
    tx.execute(AssertSqlSafe(lock)).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.record(&deletion_duty(3)).await }
    });
    wait_for_lock(&url, &schema, &waiting).await;
    end_sessions(&url, &schema).await;
    let error = waiting.await.unwrap().unwrap_err();
    assert!(error.is_transient() && error.may_have_taken_effect(), "{error:?}");
    tx.rollback().await.unwrap();
    assert!(store.record(&deletion_duty(3)).await.unwrap());
}

/// Waits until a session of the store that makes this call waits for a lock.
async fn wait_for_lock<T>(url: &str, application: &str, call: &JoinHandle<T>) {
    let mut admin = PgConnection::connect(url).await.unwrap();
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock')";
    let waits = || sqlx::query_scalar::<_, bool>(waits).bind(application);
    while !waits().fetch_one(&mut admin).await.unwrap() {
        assert!(!call.is_finished(), "the call did not wait for a lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q28_sessions_that_an_administrator_ends_in_the_middle_of_batches_cost_no_delivery() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let options = server::options(&url, &schema).application_name(&schema);
    let store = options.connect().await.unwrap();
    let mut inserts = JoinSet::new();
    for caller in 0..32 {
        let store = store.clone();
        inserts.spawn(async move {
            let mut answers = Vec::new();
            for number in 0..20 {
                answers.push(store.insert(&delivery(caller * 20 + number)).await.unwrap());
            }
            answers
        });
    }
    let mut ended = 0;
    while !inserts.is_empty() && ended < 10 {
        end_sessions(&url, &schema).await;
        ended += 1;
    }
    let answers = inserts.join_all().await.concat();
    assert_eq!(answers.len(), 640);
    assert!(
        answers.iter().all(|answer| *answer == NEW),
        "a call did not know its own row: {answers:?}"
    );
    let leased = store.lease(NOW, Timestamp::MAX, 1_000).await.unwrap();
    assert_eq!(leased.len(), 640);
    let mut finishes = JoinSet::new();
    for delivery in leased {
        let store = store.clone();
        finishes.spawn(async move { store.complete(&delivery.lease, NOW).await.unwrap() });
    }
    end_sessions(&url, &schema).await;
    assert!(finishes.join_all().await.into_iter().all(|held| held));
}

/// A standby refuses to write with the same code.
#[tokio::test(flavor = "multi_thread")]
async fn h24_a_server_that_only_reads_is_a_passing_failure_and_is_left() {
    let Some(url) = server::url() else { return };
    let (schema, role) = (server::fresh(), server::fresh());
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let create = format!("CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'planted'");
    admin.execute(AssertSqlSafe(create)).await.unwrap();
    let own = with(&url, |parts| parts.0 = format!("{role}:planted"));
    let options = server::options(&own, &schema).application_name(&schema);
    let store = options.connect().await.unwrap();
    assert_eq!(store.insert(&delivery(1)).await.unwrap(), NEW);

    let fail_over = |value: &str| format!("ALTER ROLE {role} SET default_transaction_read_only = {value}");
    admin.execute(AssertSqlSafe(fail_over("on"))).await.unwrap();
    end_sessions(&url, &schema).await;
    // A write on a connection that was lost would be in doubt.
    assert!(store.load(&connection_key("evt_1")).await.unwrap().is_none());
    for _ in 0..2 {
        let text = unavailable_without_effect(store.insert(&delivery(2)).await);
        assert!(text.contains("read-only transaction"), "{text}");
        unavailable_without_effect(store.lease(NOW, Timestamp::MAX, 1).await);
        unavailable_without_effect(store.create(&record("evt_1", 1)).await);
    }
    // What is there can be read.
    assert_eq!(
        store.state(&"env_1".into()).await.unwrap(),
        Some(DeliveryState::Queued)
    );
    // The name leads to the new primary. Connections to the old one are not used for writing again.
    admin.execute(AssertSqlSafe(fail_over("off"))).await.unwrap();
    let inserted = loop {
        match store.insert(&delivery(2)).await {
            Ok(inserted) => break inserted,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    };
    assert_eq!(inserted, NEW);
    store.close().await;
    let drop_role = format!("DROP SCHEMA {schema} CASCADE; DROP ROLE {role}");
    admin.execute(AssertSqlSafe(drop_role)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn h24_calls_without_a_connection_and_calls_that_wait_for_a_lock_fail_without_effect() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let options = server::options(&url, &schema)
        .application_name(&schema)
        .max_connections(1)
        // Shorter than the store's limit for locks, and long enough for a busy machine to connect again.
        .acquire_timeout(Duration::from_secs(3));
    let store = options.connect().await.unwrap();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let mut tx = admin.begin().await.unwrap();
    let lock = format!("LOCK TABLE {schema}.revento_deliveries");
    tx.execute(AssertSqlSafe(lock)).await.unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.insert(&delivery(1)).await }
    });
    wait_for_lock(&url, &schema, &waiting).await;
    let text = unavailable_without_effect(store.load(&connection_key("evt_1")).await);
    assert!(text.contains("timed out"), "{text}");
    // The limit of the store's own call.
    let text = unavailable_without_effect(waiting.await.unwrap());
    assert!(text.contains("lock timeout"), "{text}");
    tx.rollback().await.unwrap();
    assert_eq!(store.insert(&delivery(1)).await.unwrap(), NEW);
}

#[tokio::test(flavor = "multi_thread")]
async fn h23_tables_that_somebody_dropped_are_a_refusal() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let store = server::connect(&url, &schema).await;
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let gone = format!("DROP SCHEMA {schema} CASCADE");
    admin.execute(AssertSqlSafe(gone)).await.unwrap();
    let mut inserts = JoinSet::new();
    for number in 0..40 {
        let store = store.clone();
        inserts.spawn(async move { store.insert(&delivery(number)).await.unwrap_err() });
    }
    for error in inserts.join_all().await {
        assert_eq!(error.reason(), StoreErrorReason::Rejected, "{error:?}");
        assert!(!error.is_transient() && !error.may_have_taken_effect());
    }
}
