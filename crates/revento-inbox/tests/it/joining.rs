//! A handler that completes its work and its delivery in one transaction: both happen or neither, also after `kill -9`.

use std::{sync::Arc, time::Duration};

use revento_inbox::{HandlerError, Handlers, Webhook, by_resource};
use revento_store::{
    Clock, CompletionStatement,
    DeliveryState::{Done, Leased},
    SystemClock,
};
use revento_store_postgres::{PostgresOptions, PostgresStore};
use revento_store_sqlite::SqliteStore;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};

use crate::{
    crash::{PLACE, kill_mid_handler},
    engines::{self, Place},
    world::{Ahead, Running, builder, quick, run_until, sent, until},
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS work (envelope_id TEXT NOT NULL, attempt BIGINT NOT NULL)";

/// The handler's own database connection.
enum Own {
    Sqlite(SqliteConnection),
    Postgres(PgConnection, PostgresStore),
}

impl Own {
    async fn connect(place: &Place) -> Self {
        let mut own = match place {
            Place::Postgres { url, schema } => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                let path = format!("SET search_path TO {schema}");
                connection.execute(AssertSqlSafe(path)).await.unwrap();
                let store = PostgresOptions::new(url).schema(schema).connect().await.unwrap();
                Self::Postgres(connection, store)
            }
            place => {
                let file = std::path::PathBuf::from(place.to_text()).join("inbox.sqlite");
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
                let options = options.busy_timeout(Duration::from_secs(10));
                Self::Sqlite(options.connect().await.unwrap())
            }
        };
        own.run(TABLE).await;
        own
    }

    async fn run(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop).unwrap(),
            Self::Postgres(connection, _) => connection.execute(sql).await.map(drop).unwrap(),
        }
    }

    /// The work that was done, with the number of the attempt.
    async fn work(&mut self) -> Vec<(String, i64)> {
        let sql = "SELECT envelope_id, attempt FROM work ORDER BY envelope_id";
        match self {
            Self::Sqlite(connection) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
            Self::Postgres(connection, _) => sqlx::query_as(sql).fetch_all(connection).await.unwrap(),
        }
    }

    async fn begin(&mut self) {
        match self {
            Self::Sqlite(_) => self.run("BEGIN IMMEDIATE").await,
            Self::Postgres(..) => self.run("BEGIN").await,
        }
    }

    /// Does the work of a handler.
    async fn write(&mut self, webhook: &Webhook) {
        let (id, attempt) = (webhook.envelope.id.as_str(), i64::from(webhook.attempt));
        let sql = "INSERT INTO work VALUES ($1, $2)";
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query(sql).bind(id).bind(attempt);
                query.execute(connection).await.map(drop).unwrap();
            }
            Self::Postgres(connection, _) => {
                let query = sqlx::query(sql).bind(id).bind(attempt);
                query.execute(connection).await.map(drop).unwrap();
            }
        }
    }

    /// Completes the delivery within the transaction. Returns whether the lease is still held.
    async fn complete(&mut self, webhook: &Webhook) -> bool {
        let now = SystemClock.now();
        match self {
            Self::Sqlite(connection) => {
                let CompletionStatement {
                    sql,
                    envelope_id,
                    fence,
                    at,
                } = SqliteStore::completion(&webhook.lease, now);
                let query = sqlx::query(AssertSqlSafe(sql))
                    .bind(envelope_id)
                    .bind(fence)
                    .bind(at);
                query.execute(connection).await.unwrap().rows_affected() == 1
            }
            Self::Postgres(connection, store) => {
                let CompletionStatement {
                    sql,
                    envelope_id,
                    fence,
                    at,
                } = store.completion(&webhook.lease, now);
                let query = sqlx::query(AssertSqlSafe(sql))
                    .bind(envelope_id)
                    .bind(fence)
                    .bind(at);
                query.execute(connection).await.unwrap().rows_affected() == 1
            }
        }
    }

    /// Does the work and completes the delivery in one transaction.
    async fn handle(&mut self, webhook: &Webhook) -> Result<(), HandlerError> {
        self.begin().await;
        self.write(webhook).await;
        if self.complete(webhook).await {
            self.run("COMMIT").await;
            return Ok(());
        }
        self.run("ROLLBACK").await;
        Err(HandlerError::retry("the lease was lost"))
    }
}

async fn joining(place: &Place) -> Handlers {
    let own = Arc::new(tokio::sync::Mutex::new(Own::connect(place).await));
    Handlers::new().on_any(move |webhook| {
        let own = own.clone();
        async move { own.lock().await.handle(&webhook).await }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_work_and_completion_are_one_transaction_and_the_next_of_the_resource_follows() {
    for place in engines::all() {
        let inbox = builder(place.open().await).ordered_by(by_resource).build();
        let all = ["1", "2%00", "3"].map(sent);
        for sent in &all {
            sent.arrive(&inbox).await.unwrap();
        }
        let running = Running::start(&inbox, joining(&place).await);
        for sent in &all {
            until(&inbox, &sent.id(), Done).await;
        }
        running.stop().await;
        let work = Own::connect(&place).await.work().await;
        let expected = all.map(|sent| (sent.envelope_id, 1));
        assert_eq!(work, expected, "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_who_lost_the_lease_commits_nothing() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let inbox = builder(place.open().await).clock(clock.clone()).build();
        let one_at_a_time = quick().concurrency(1);
        let paused_inbox = builder(place.open().await)
            .clock(clock.clone())
            .policy(one_at_a_time)
            .build();
        let sent = sent("1");
        sent.arrive(&inbox).await.unwrap();
        // The first attempt is paused beyond its lease; the second one is done meanwhile.
        let successor = joining(&place).await;
        let own = Arc::new(tokio::sync::Mutex::new(Own::connect(&place).await));
        let (outcome, paused) = (
            Arc::new(std::sync::Mutex::new(None)),
            Arc::new(tokio::sync::Notify::new()),
        );
        let (noted, pause, late) = (outcome.clone(), paused.clone(), own.clone());
        let slow = Handlers::new().on_any(move |webhook| {
            let (noted, pause, late) = (noted.clone(), pause.clone(), late.clone());
            async move {
                pause.notified().await;
                let handled = late.lock().await.handle(&webhook).await;
                *noted.lock().unwrap() = Some(handled.is_err());
                handled
            }
        });
        let first = Running::start(&paused_inbox, slow);
        until(&inbox, &sent.id(), Leased).await;
        clock.advance(Duration::from_secs(120));
        run_until(&inbox, successor, &sent.id(), Done).await;
        paused.notify_one();
        first.stop().await;
        assert_eq!(*outcome.lock().unwrap(), Some(true), "{place:?}");
        assert_eq!(
            own.lock().await.work().await,
            [("env_1".to_owned(), 2)],
            "{place:?}"
        );
        assert_eq!(inbox.state(&sent.id()).await.unwrap(), Some(Done));
    }
}

/// The handler that commits has to be the last one, because a later handler's failure cannot undo its commit.
#[tokio::test(flavor = "multi_thread")]
async fn q3_what_fails_behind_the_commit_does_not_undo_it() {
    for place in engines::all() {
        let inbox = builder(place.open().await).build();
        let sent = sent("1");
        sent.arrive(&inbox).await.unwrap();
        let handlers = joining(&place)
            .await
            .on_any(async |_| Err(HandlerError::retry("the mail server is down")))
            .on_failure(async |failure| panic!("nothing is left to be tried: {failure:?}"));
        run_until(&inbox, handlers, &sent.id(), Done).await;
        let work = Own::connect(&place).await.work().await;
        assert_eq!(work, [("env_1".to_owned(), 1)], "{place:?}");
    }
}

/// The child process: reports before or after its commit, then blocks until it is killed.
async fn child(before: bool) {
    let Ok(place) = std::env::var(PLACE) else {
        return; // Nobody's child: an ordinary run of all tests.
    };
    let place = Place::from_text(&place);
    let inbox = crate::world::inbox(place.open().await);
    let own = Arc::new(tokio::sync::Mutex::new(Own::connect(&place).await));
    let handlers = Handlers::new().on_any(move |webhook| {
        let own = own.clone();
        async move {
            let mut own = own.lock().await;
            own.begin().await;
            own.write(&webhook).await;
            assert!(own.complete(&webhook).await);
            if !before {
                own.run("COMMIT").await;
            }
            println!("\nhandling {} {}", webhook.envelope.id, webhook.attempt);
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    inbox.runner(handlers).run(std::future::pending()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn child_before_commit() {
    child(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn child_after_commit() {
    child(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_a_process_killed_before_its_commit_has_done_nothing() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let survivor = builder(place.open().await).clock(clock.clone()).build();
        let sent = sent("1");
        sent.arrive(&survivor).await.unwrap();
        let handled = kill_mid_handler(&place, "joining::child_before_commit");
        assert_eq!(handled, "env_1 1", "{place:?}");
        let mut own = Own::connect(&place).await;
        assert_eq!(own.work().await, [], "{place:?}");
        assert_eq!(survivor.state(&sent.id()).await.unwrap(), Some(Leased));

        clock.advance(Duration::from_secs(120));
        run_until(&survivor, joining(&place).await, &sent.id(), Done).await;
        assert_eq!(own.work().await, [("env_1".to_owned(), 2)], "{place:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q3_a_process_killed_after_its_commit_has_done_it_once() {
    for place in engines::all() {
        let clock = Arc::new(Ahead::default());
        let survivor = builder(place.open().await).clock(clock.clone()).build();
        let (killed, later) = (sent("1"), sent("2"));
        killed.arrive(&survivor).await.unwrap();
        kill_mid_handler(&place, "joining::child_after_commit");
        assert_eq!(
            survivor.state(&killed.id()).await.unwrap(),
            Some(Done),
            "{place:?}"
        );

        clock.advance(Duration::from_secs(120));
        later.arrive(&survivor).await.unwrap();
        run_until(&survivor, joining(&place).await, &later.id(), Done).await;
        let work = Own::connect(&place).await.work().await;
        assert_eq!(
            work,
            [("env_1".to_owned(), 1), ("env_2".to_owned(), 1)],
            "{place:?}"
        );
    }
}
