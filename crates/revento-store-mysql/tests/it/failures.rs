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
    BudgetStore, BudgetSwapOutcome, BudgetWrite, ClaimOutcome, ClaimTerms, CreateOutcome, DeletionProof,
    DeletionStore, Once, StoreErrorReason, SwapOutcome, TokenStore,
};
use revento_store_testkit::fixtures::{NOW, connection_key, deletion_duty, record};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::server::{self, lock_is_waited_for, place, through};

/// Passes everything on, but cuts the connection instead of passing on the next answer, if it was told to.
struct LosesAnswers {
    address: std::net::SocketAddr,
    loses_next: Arc<AtomicBool>,
}

impl LosesAnswers {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let loses_next = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&loses_next);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, loses_next) = (server.clone(), Arc::clone(&shared));
                tokio::spawn(async move { pass_on(client, server, loses_next).await });
            }
        });
        Self { address, loses_next }
    }

    /// Loses the answer to the next call.
    async fn lose<T>(&self, call: impl Future<Output = T>) -> T {
        self.loses_next.store(true, Ordering::SeqCst);
        let outcome = call.await;
        assert!(!self.loses_next.load(Ordering::SeqCst), "no answer was lost");
        outcome
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
            if count == 0 {
                return Ok(());
            }
            if loses_next.swap(false, Ordering::SeqCst) {
                // The rest of the answer comes when the server has committed.
                let _ = tokio::time::timeout(Duration::from_millis(50), from_server.read(&mut buffer)).await;
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
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let proxy = LosesAnswers::start(place(&url)).await;
    let store = server::connect(&through(&url, proxy.address)).await;
    let key = connection_key("evt_1");
    // One connection is open.
    assert!(store.load(&key).await.unwrap().is_none());

    let created = proxy.lose(store.create(&record("evt_1", 1))).await.unwrap();
    let CreateOutcome::Created(version) = created else {
        panic!("it does not know its own row")
    };
    let terms = ClaimTerms {
        version,
        now: NOW,
        until: NOW.saturating_add(Duration::from_secs(30)),
    };
    let claimed = proxy.lose(store.claim(&key, terms)).await.unwrap();
    let ClaimOutcome::Granted { fence, abandoned } = claimed else {
        panic!("it does not know its own claim")
    };
    assert!(!abandoned);
    let other = server::connect(&url).await;
    let held = other.claim(&key, terms).await.unwrap();
    assert!(matches!(held, ClaimOutcome::Held { .. }), "{held:?}");
    let next = record("evt_1", 2);
    let swapped = TokenStore::compare_and_swap(&store, version, &next, Some(fence));
    let swapped = proxy.lose(swapped).await.unwrap();
    assert!(matches!(swapped, SwapOutcome::Swapped(_)), "{swapped:?}");

    assert!(proxy.lose(store.take("mark", NOW, Timestamp::MAX)).await.unwrap());
    assert!(!other.take("mark", NOW, Timestamp::MAX).await.unwrap());
    let write = |expected, next| BudgetWrite {
        key: "budget",
        expected,
        next,
        now: NOW,
        idle_at: Timestamp::MAX,
    };
    for (expected, next) in [(None, &b"one"[..]), (Some(&b"one"[..]), b"two")] {
        let swap = BudgetStore::compare_and_swap(&store, write(expected, next));
        assert_eq!(proxy.lose(swap).await.unwrap(), BudgetSwapOutcome::Swapped);
    }
    let duty = deletion_duty(1);
    assert!(proxy.lose(store.record(&duty)).await.unwrap());
    let proof = DeletionProof {
        at: NOW,
        note: "by hand".to_owned(),
    };
    let marked = proxy.lose(store.mark_deleted(&duty.envelope_id, &proof));
    assert!(marked.await.unwrap());
    assert!(!other.mark_deleted(&duty.envelope_id, &proof).await.unwrap());
}

/// InnoDB rolls back the transaction that has changed less.
#[tokio::test(flavor = "multi_thread")]
async fn k23_a_call_that_is_the_victim_of_a_deadlock_is_made_again() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let store = server::connect(&url).await;
    for number in 0..50 {
        store.create(&record(&format!("evt_{number}"), 1)).await.unwrap();
    }
    let mut other = MySqlConnection::connect(&url).await.unwrap();
    // At this level it locks only the rows that it changes.
    let begin = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION;
        UPDATE revento_connections SET claim_abandoned = 1 WHERE event_id <> 'evt_7';
        UPDATE revento_removed SET highest = highest + 1 WHERE id = 1";
    sqlx::raw_sql(begin).execute(&mut other).await.unwrap();
    // It has locked its connection, and waits for the other row.
    let removing = tokio::spawn({
        let store = store.clone();
        async move { store.remove(&connection_key("evt_7")).await }
    });
    let (_, database) = url.rsplit_once('/').unwrap();
    lock_is_waited_for(&url, &format!("{database}`.revento_removed")).await;
    let circle = "UPDATE revento_connections SET claim_abandoned = 1 WHERE event_id = 'evt_7'; COMMIT";
    sqlx::raw_sql(circle).execute(&mut other).await.unwrap();
    removing.await.unwrap().unwrap();
    assert!(store.load(&connection_key("evt_7")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn k23_a_dropped_write_is_whole_or_never_was_and_blocks_nobody() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let (store, other) = (server::connect(&url).await, server::connect(&url).await);
    let created = store.create(&record("evt_1", 0)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)));
    for number in 1..100 {
        let before = store.load(&connection_key("evt_1")).await.unwrap().unwrap();
        let next = record("evt_1", number);
        let swap = TokenStore::compare_and_swap(&store, before.version, &next, None);
        tokio::select! {
            biased;
            swapped = swap => assert!(matches!(swapped.unwrap(), SwapOutcome::Swapped(_))),
            () = spin(Duration::from_micros(number * 17)) => {}
        }
        // What was sent can still be on its way: another writer settles it.
        let now = other.load(&connection_key("evt_1")).await.unwrap().unwrap();
        let settled = TokenStore::compare_and_swap(&other, now.version, &now.record, None);
        settled.await.unwrap();
        let after = other
            .load(&connection_key("evt_1"))
            .await
            .unwrap()
            .unwrap()
            .record;
        assert!(after == next || after == before.record, "half done");
    }
}

/// Sleeps for less than tokio's timer can tell.
async fn spin(wait: Duration) {
    let start = tokio::time::Instant::now();
    while start.elapsed() < wait {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn k8_a_call_that_is_too_large_for_the_server_is_not_sent() {
    let Some(server) = server::odd_url() else { return };
    let url = server::database(&server).await;
    let store = server::connect(&url).await;
    let mut large = record("evt_1", 1);
    large.tokens = Some(revento_store::Sealed::from_bytes(vec![7; 4 << 20]));
    let error = store.create(&large).await.unwrap_err();
    assert_eq!(error.reason(), StoreErrorReason::Rejected);
    assert!(!error.may_have_taken_effect());
    let text = revento_core::error::chain(&error).to_string();
    assert!(text.contains("max_allowed_packet"), "{text}");
    let created = store.create(&record("evt_1", 1)).await.unwrap();
    assert!(matches!(created, CreateOutcome::Created(_)));
}

#[tokio::test]
async fn h23_a_table_that_was_dropped_is_a_misconfiguration() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let store = server::connect(&url).await;
    server::run(&url, "DROP TABLE revento_once").await;
    let error = store.take("mark", NOW, Timestamp::MAX).await.unwrap_err();
    assert_eq!(error.reason(), StoreErrorReason::Rejected, "{error:?}");
    assert!(!error.may_have_taken_effect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a18_budgets_and_marks_that_ended_are_forgotten() {
    let Some(server) = server::url() else { return };
    let url = server::database(&server).await;
    let store = server::connect(&url).await;
    let at = |seconds| NOW.saturating_add(Duration::from_secs(seconds));
    for number in 0..40 {
        let id = format!("mark {number}");
        assert!(store.take(&id, NOW, at(1)).await.unwrap());
        let write = BudgetWrite {
            key: &id,
            expected: None,
            next: b"spent",
            now: NOW,
            idle_at: at(1),
        };
        BudgetStore::compare_and_swap(&store, write).await.unwrap();
    }
    for number in 0..3 {
        let id = format!("late {number}");
        assert!(store.take(&id, at(2), at(9)).await.unwrap());
        let write = BudgetWrite {
            key: &id,
            expected: None,
            next: b"spent",
            now: at(2),
            idle_at: at(9),
        };
        BudgetStore::compare_and_swap(&store, write).await.unwrap();
    }
    let mut connection = MySqlConnection::connect(&url).await.unwrap();
    for table in ["revento_once", "revento_budgets"] {
        let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(count, 40 - 32 + 3, "{table}");
    }
}
