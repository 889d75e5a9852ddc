//! The mirror's tables in the file of a store.

use std::{fs, path::Path, sync::Arc};

use revento_core::{EventId, Timestamp};
use revento_mirror::{
    store::{Answer, MirrorStore, MirrorWrite, ResourceKind, Row, RowWrite, Stamp, Wish, WriteOutcome},
    suite::{self, Subject},
};
use revento_store::TokenStore;
use revento_store_sqlite::{OpenError, SqliteMirror, SqliteStore};
use revento_store_testkit::fixtures::record;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

const AT: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn write(event_id: &str, rows: impl IntoIterator<Item = Row>) -> MirrorWrite {
    MirrorWrite {
        event_id: event_id.into(),
        epoch: 1,
        fence: None,
        progress: None,
        ends_epoch: false,
        wish: Wish::Keep,
        rows: rows
            .into_iter()
            .map(|row| RowWrite {
                before: None,
                after: Some(row),
                is_announced: true,
            })
            .collect(),
        marks: None,
        at: AT,
    }
}

fn row(kind: ResourceKind, id: &str, json: &str) -> Row {
    Row {
        kind,
        id: id.into(),
        json: json.into(),
        answers: Vec::new(),
        whole_as_of: Some(Stamp::read(AT)),
        part_as_of: Some(Stamp::read(AT)),
        missing_in: None,
    }
}

fn person(number: u32, name: &str) -> Row {
    let json = format!(
        r#"{{"id":"ptp_{number}","application_status":"approved","name":"{name}","email":"{number}@{name}.example"}}"#
    );
    let diet = Answer {
        question: "diet".into(),
        value: format!("vegan, says {name}").into(),
    };
    Row {
        answers: vec![diet],
        ..row(ResourceKind::Participant, &format!("ptp_{number}"), &json)
    }
}

async fn connect(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_conforms() {
    suite::run(async || {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("revento.sqlite");
        let mirror = open(&path).await.unwrap();
        let place = path.clone();
        let replica = move || {
            let path = place.clone();
            async move { Ok(Arc::new(open(&path).await?) as Arc<dyn MirrorStore>) }
        };
        let dump = move || {
            let path = path.clone();
            async move { Ok(text_of(&path).into_bytes()) }
        };
        Subject::new(mirror)
            .with_replicas(replica)
            .with_dump(dump)
            .guarded_by(directory)
    })
    .await;
}

async fn open(path: &Path) -> Result<SqliteMirror, OpenError> {
    SqliteMirror::open(&SqliteStore::open(path).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_many_replicas_make_the_mirrors_tables_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let mut opening = Vec::new();
    for _ in 0..8 {
        let path = path.clone();
        opening.push(tokio::spawn(async move {
            let store = SqliteStore::open(&path).await.unwrap();
            let mirror = SqliteMirror::open(&store).await.unwrap();
            mirror.begin(&"evt_1".into(), "{}").await.unwrap()
        }));
    }
    let mut begun = 0;
    for opened in opening {
        begun += u32::from(opened.await.unwrap());
    }
    assert_eq!(begun, 1, "one replica has added the event");

    // The store's own tables and their version are not touched.
    let store = SqliteStore::open(&path).await.unwrap();
    store.create(&record("evt_1", 1)).await.unwrap();
    let mut other = connect(&path).await;
    let newer = "UPDATE revento_mirror_schema SET version = version + 1";
    sqlx::query(newer).execute(&mut other).await.unwrap();
    let error = SqliteMirror::open(&store).await.unwrap_err();
    assert!(
        matches!(error, OpenError::TooNew { found, known, .. } if (found, known) == (2, SqliteMirror::SCHEMA_VERSION)),
        "{error}"
    );
}

#[tokio::test]
async fn the_mirror_is_read_by_sql() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let mirror = SqliteMirror::open(&store).await.unwrap();
    mirror.begin(&"evt_1".into(), "{}").await.unwrap();
    let opening = r#"{"id":"act_1","status":"scheduled","title":"Opening","capacity":40,"signups":12,"starts_at":"2026-05-09T14:00:00Z"}"#;
    let rows = [
        person(1, "Zoë"),
        Row {
            whole_as_of: None,
            ..person(2, "Bo")
        },
        row(ResourceKind::Activity, "act_1", opening),
    ];
    let written = mirror.write(&write("evt_1", rows)).await.unwrap();
    assert_eq!(written, WriteOutcome::Written { last_change: 3 });

    let mut connection = connect(&path).await;
    let people = "SELECT name, email, application_status, is_complete, as_of FROM revento_mirror_participants ORDER BY id";
    let people: Vec<(String, String, String, bool, i64)> =
        sqlx::query_as(people).fetch_all(&mut connection).await.unwrap();
    let as_of = AT.unix_micros();
    let person = |name: &str, email: &str, is_complete| {
        (name.into(), email.into(), "approved".into(), is_complete, as_of)
    };
    assert_eq!(
        people,
        [
            person("Zoë", "1@Zoë.example", true),
            person("Bo", "2@Bo.example", false)
        ]
    );
    let activity = "SELECT title, capacity - signups, datetime(starts_at / 1000000, 'unixepoch') FROM revento_mirror_activities";
    let activity: (String, i64, String) = sqlx::query_as(activity).fetch_one(&mut connection).await.unwrap();
    assert_eq!(activity, ("Opening".into(), 28, "2026-05-09 14:00:00".into()));
    let answers = "SELECT participant_id, value FROM revento_mirror_participant_answers WHERE question = 'diet' ORDER BY 1";
    let answers: Vec<(String, String)> = sqlx::query_as(answers).fetch_all(&mut connection).await.unwrap();
    assert_eq!(answers[0], ("ptp_1".into(), "vegan, says Zoë".into()));
}

/// What people search for is in an index, also in a table that nobody has analyzed.
#[tokio::test]
async fn an_index_finds_people_and_answers() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    SqliteMirror::open(&store).await.unwrap();
    let mut connection = connect(&path).await;
    for (question, index) in [
        ("revento_mirror_participants WHERE event_id = 'e' AND email = 'x'", "by_email (event_id=? AND kind=? AND email=?)"),
        ("revento_mirror_participants WHERE event_id = 'e' AND user_id = 'x'", "by_user (event_id=? AND kind=? AND user_id=?)"),
        (
            "revento_mirror_participants WHERE event_id = 'e' AND application_status = 'x' ORDER BY id",
            "by_application_status (event_id=? AND kind=? AND application_status=?)",
        ),
        (
            "revento_mirror_participants WHERE event_id = 'e' AND id IN (SELECT participant_id
                FROM revento_mirror_participant_answers WHERE event_id = 'e' AND question = 'q' AND value = 'v')",
            "USING PRIMARY KEY (event_id=? AND question=? AND value=? AND kind=?)",
        ),
    ] {
        let explain = format!("EXPLAIN QUERY PLAN SELECT id FROM {question}");
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let steps: Vec<_> = plan.into_iter().map(|(_, _, _, step)| step).collect();
        assert!(steps.iter().any(|step| step.contains(index)), "{question}: {steps:#?}");
        assert!(!steps.iter().any(|step| step.contains("SCAN")), "{question}: {steps:#?}");
    }
}

#[tokio::test]
async fn h26_no_name_of_a_wiped_event_is_left_in_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("revento.sqlite");
    let store = SqliteStore::open(&path).await.unwrap();
    let mirror = SqliteMirror::open(&store).await.unwrap();
    let name = |number: u32| format!("Planted{number:04}");
    for (event, people) in [("evt_1", 0..300), ("evt_2", 9000..9050)] {
        mirror.begin(&event.into(), "{}").await.unwrap();
        // Some are long, so that their JSON fills pages of its own.
        let long = |number: u32| name(number).repeat(1 + 100 * usize::from(number.is_multiple_of(7)));
        let rows: Vec<_> = people.map(|number| person(number, &long(number))).collect();
        for rows in rows.chunks(64) {
            mirror.write(&write(event, rows.iter().cloned())).await.unwrap();
        }
    }
    let text = text_of(&path);
    assert!(text.contains("Planted0007") && text.contains("Planted9007"));

    // A reader of an earlier state keeps the log: the wipe says so, and can be called again.
    let event = EventId::from("evt_1");
    let mut reader = connect(&path).await;
    let mut snapshot = reader.begin().await.unwrap();
    let count = "SELECT count(*) FROM revento_mirror_rows";
    sqlx::query(count).fetch_one(&mut *snapshot).await.unwrap();
    let error = mirror.wipe(&event, 1, AT).await.unwrap_err();
    assert!(error.is_transient() && error.may_have_taken_effect(), "{error:?}");
    drop(snapshot);
    reader.close().await.unwrap();
    let wiped = mirror.wipe(&event, 1, AT).await.unwrap().unwrap();
    assert!(wiped.rows.is_empty() && wiped.answers == 0, "{wiped:?}");

    let text = text_of(&path);
    let found: Vec<_> = (0..300).map(name).filter(|name| text.contains(name)).collect();
    assert!(found.is_empty(), "still in the files: {found:?}");
    let kept = (9000..9050).map(name).filter(|name| text.contains(name)).count();
    assert_eq!(kept, 50, "the other event stays");
    assert_eq!(mirror.counts(&"evt_2".into()).await.unwrap().answers, 50);
}

/// What is in the file and in its log.
fn text_of(path: &Path) -> String {
    let files = ["", "-wal"].map(|end| fs::read(format!("{}{end}", path.display())).unwrap_or_default());
    String::from_utf8_lossy(&files.concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_rows_is_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = open(&directory.path().join("revento.sqlite")).await.unwrap();
    mirror.begin(&"evt_1".into(), "{}").await.unwrap();
    let people = (0..3).map(|number| person(number * 9_000, "Ada"));
    let written = mirror.write(&write("evt_1", people)).await.unwrap();
    assert!(matches!(written, WriteOutcome::Written { .. }), "{written:?}");
    // More parameters than one statement may have.
    let keys: Vec<_> = (0..20_000).map(|number| person(number, "").key()).collect();
    let loaded = mirror.load(&"evt_1".into(), &keys).await.unwrap();
    assert_eq!((loaded.event.is_some(), loaded.rows.len()), (true, 3));
}
