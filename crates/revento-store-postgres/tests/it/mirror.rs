//! The mirror's tables.

use std::sync::Arc;

use revento_core::Timestamp;
use revento_mirror::{
    store::{Answer, MirrorStore, MirrorWrite, ResourceKind, Row, RowWrite, Stamp, Wish, WriteOutcome},
    suite::{self, Subject},
};
use revento_store_postgres::{OpenError, PostgresMirror};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::server;

const AT: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
const TABLES: [&str; 5] = ["events", "rows", "answers", "marks", "changes"];

async fn open(url: &str, schema: &str) -> Result<PostgresMirror, OpenError> {
    PostgresMirror::connect(server::options(url, schema)).await
}

async fn conforms(url: String, admin: String) {
    suite::run(async || {
        let schema = server::fresh();
        let mirror = open(&url, &schema).await.unwrap();
        let place = (url.clone(), schema.clone());
        let replica = move || {
            let (url, schema) = place.clone();
            async move { Ok(Arc::new(open(&url, &schema).await?) as Arc<dyn MirrorStore>) }
        };
        let admin = admin.clone();
        let dump = move || {
            let (admin, schema) = (admin.clone(), schema.clone());
            async move {
                let mut connection = PgConnection::connect(&admin).await?;
                let mut all = String::new();
                for table in TABLES {
                    let sql = format!(
                        "SELECT coalesce(string_agg(t::text, '\n'), '') FROM {schema}.revento_mirror_{table} AS t"
                    );
                    let rows: String = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
                    all.push_str(&rows);
                }
                Ok(all.into_bytes())
            }
        };
        Subject::new(mirror).with_replicas(replica).with_dump(dump)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_conforms() {
    if let Some(url) = server::url() {
        conforms(url.clone(), url).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_conforms_behind_a_pooler() {
    if let (Some(url), Some(pooler)) = (server::url(), server::pooler("TRANSACTION")) {
        conforms(pooler, url).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_many_replicas_make_the_mirrors_tables_once() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let mut opening = Vec::new();
    for _ in 0..8 {
        let (url, schema) = (url.clone(), schema.clone());
        opening.push(tokio::spawn(async move {
            let mirror = open(&url, &schema).await.unwrap();
            mirror.begin(&"evt_1".into(), "{}").await.unwrap()
        }));
    }
    let mut begun = 0;
    for opened in opening {
        begun += u32::from(opened.await.unwrap());
    }
    assert_eq!(begun, 1, "one replica has added the event");

    // The store's own tables are in the same schema.
    server::connect(&url, &schema).await.close().await;
    let without = server::options(&url, &schema).without_migrations();
    assert!(PostgresMirror::connect(without.clone()).await.is_ok());
    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut set = async |version: i64| {
        let set = format!("UPDATE {schema}.revento_mirror_schema SET version = {version}");
        sqlx::raw_sql(AssertSqlSafe(set))
            .execute(&mut other)
            .await
            .unwrap();
    };
    set(99).await;
    let error = open(&url, &schema).await.unwrap_err();
    assert!(matches!(error, OpenError::TooNew { found: 99, .. }), "{error}");
    set(0).await;
    let error = PostgresMirror::connect(without).await.unwrap_err();
    assert!(matches!(error, OpenError::TooOld { found: 0, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_is_read_by_sql() {
    let Some(url) = server::url() else { return };
    let schema = server::fresh();
    let mirror = open(&url, &schema).await.unwrap();
    mirror.begin(&"evt_1".into(), "{}").await.unwrap();
    let row = |kind, id: &str, json: &str| Row {
        kind,
        id: id.into(),
        json: json.into(),
        answers: Vec::new(),
        whole_as_of: Some(Stamp::read(AT)),
        part_as_of: Some(Stamp::read(AT)),
        missing_in: None,
    };
    let diet = Answer {
        question: "diet".into(),
        value: "vegan".into(),
    };
    let zoe = r#"{"id":"ptp_1","application_status":"approved","name":"Zoë","email":"zoe@example.com"}"#;
    let opening = r#"{"id":"act_1","status":"scheduled","title":"Opening","capacity":40,"signups":12}"#;
    let rows = [
        Row {
            answers: vec![diet],
            ..row(ResourceKind::Participant, "ptp_1", zoe)
        },
        row(ResourceKind::Activity, "act_1", opening),
    ];
    let write = MirrorWrite {
        event_id: "evt_1".into(),
        epoch: 1,
        fence: None,
        progress: None,
        ends_epoch: false,
        wish: Wish::Keep,
        rows: rows
            .map(|row| RowWrite {
                before: None,
                after: Some(row),
                is_announced: true,
            })
            .into(),
        marks: None,
        at: AT,
    };
    let written = mirror.write(&write).await.unwrap();
    assert_eq!(written, WriteOutcome::Written { last_change: 2 });

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let person = format!(
        "SELECT p.name, p.email, p.json::jsonb->>'application_status', a.value, p.as_of
        FROM {schema}.revento_mirror_participants AS p
        JOIN {schema}.revento_mirror_participant_answers AS a ON a.event_id = p.event_id AND a.participant_id = p.id"
    );
    let person: (String, String, String, String, i64) = sqlx::query_as(AssertSqlSafe(person))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let expected = ["Zoë", "zoe@example.com", "approved", "vegan"];
    assert_eq!([&*person.0, &*person.1, &*person.2, &*person.3], expected);
    assert_eq!(person.4, AT.unix_micros());
    let activity = format!("SELECT title, capacity - signups FROM {schema}.revento_mirror_activities");
    let activity: (String, i64) = sqlx::query_as(AssertSqlSafe(activity))
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(activity, ("Opening".into(), 28));
}
