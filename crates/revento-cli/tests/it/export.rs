//! `revento export`: complete, within the rate limits, and without a lost or repeated line after a stop.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    json::json_lines,
    quickstart::connect,
    support::{Ended, Running, browser::Browser, run},
};

const EVENT: &str = "evt_test_published";

/// A running quickstart whose event is connected.
pub(crate) struct World {
    home: tempfile::TempDir,
    browser: Browser,
    control: String,
    /// The ids of all participants, as the integration reads them.
    pub(crate) people: Vec<String>,
    _quickstart: Running,
}

impl World {
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut quickstart = Running::quickstart(&home.path().join("data"), &[]);
        let service = quickstart.value_of("Example integration");
        let console = quickstart.value_of("Sandbox console");
        let browser = Browser::new().unwrap();
        connect(&browser, &service).await;
        let read = browser
            .get_json(&format!("{service}/api/participants"))
            .await
            .unwrap();
        let people = read["ids"].as_array().unwrap().iter().map(text).collect();
        Self {
            home,
            browser,
            control: console.replace("/console", "/_sandbox"),
            people,
            _quickstart: quickstart,
        }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.home.path().join("people")
    }

    pub(crate) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let data = self.home.path().join("data").display().to_string();
        let out = self.out().display().to_string();
        let mut arguments = vec![
            "export",
            "participants",
            "--event",
            EVENT,
            "--data",
            &data,
            "--out",
            &out,
        ];
        arguments.extend(more);
        arguments.into_iter().map(ToOwned::to_owned).collect()
    }

    pub(crate) fn export(&self, more: &[&str]) -> Ended {
        let arguments = self.arguments(more);
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn start_export(&self, more: &[&str]) -> Running {
        let arguments = self.arguments(more);
        Running::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        self.browser
            .post_json(&format!("{}{path}", self.control), &body)
            .await
            .unwrap()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The ids in a file of JSON lines, in order.
pub(crate) fn ids(file: &Path) -> Vec<String> {
    let content = fs::read_to_string(file).unwrap();
    content
        .lines()
        .map(|line| text(&serde_json::from_str::<Value>(line).unwrap()["id"]))
        .collect()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Waits until the checkpoint of an export has this many pages.
#[allow(clippy::disallowed_methods, reason = "limits how long a failing test runs")]
pub(crate) fn wait_for_pages(out: &Path, pages: u64) {
    let began = Instant::now();
    let pages_so_far = || {
        let state = fs::read(beside(out, ".state")).ok()?;
        serde_json::from_slice::<Value>(&state).ok()?["pages"].as_u64()
    };
    while pages_so_far().is_none_or(|so_far| so_far < pages) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the export did not read {pages} pages within 60 s"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn stopped_and_started_again_no_line_is_lost_or_doubled() {
    let world = World::start().await;
    let out = world.out();
    // The answer to the seventh page takes ten minutes.
    let fault =
        json!({ "fault": "slow_answer", "endpoint": "participants", "after": 6, "delay_ms": 600_000 });
    let armed = world.control("/faults", fault).await;
    let options = ["--format", "jsonl", "--page-size", "4"];
    let running = world.start_export(&options);
    wait_for_pages(&out, 6);
    let second = world.export(&options);
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(
        second.stderr.contains("another export is writing"),
        "{}",
        second.stderr
    );

    let stopped = running.interrupt();
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(1), ""));
    let expected = "error: stopped after 24 participants (6 pages); run the same command again to continue\n";
    assert_eq!(stopped.stderr, expected, "{armed}");
    assert!(!out.exists(), "the file is not complete yet");
    for suffix in [".part", ".state"] {
        assert_eq!(
            fs::metadata(beside(&out, suffix)).unwrap().mode() & 0o777,
            0o600,
            "{suffix}"
        );
    }

    // A crash can leave half a page behind, which is not valid.
    let mut part = fs::read(beside(&out, ".part")).unwrap();
    part.extend(b"{\"id\":\"par_half");
    fs::write(beside(&out, ".part"), part).unwrap();
    let other = world.export(&["--format", "csv"]);
    assert_eq!(other.code, Some(1));
    assert!(
        other.stderr.contains("belongs to another export"),
        "{}",
        other.stderr
    );

    let ended = world.export(&options);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ended.stdout
    );
    let people = world.people.len();
    let expected = format!(
        "{people} participants written to {} ({} pages)\n",
        out.display(),
        people.div_ceil(4)
    );
    assert_eq!(ended.stdout, expected);
    assert_eq!(ids(&out), world.people);
    assert_eq!(fs::metadata(&out).unwrap().mode() & 0o777, 0o600);
    let left: Vec<_> = fs::read_dir(world.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left.len(),
        2,
        "there are other files than the data and the export: {left:?}"
    );
    // No request exceeded the rate limits.
    let stats = world
        .browser
        .get_json(&format!("{}/stats", world.control))
        .await
        .unwrap();
    assert_eq!(stats["rate_limited"], 0, "{stats}");
}

#[tokio::test]
async fn h27_a_csv_has_a_line_for_each_and_overwrites_nothing() {
    let world = World::start().await;
    let out = world.out();
    let ended = world.export(&["--format", "csv", "--json", "--expect", "64"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let result = json_lines("export-participants", &ended).remove(0);
    assert_eq!(result["items"], world.people.len());
    assert_eq!(result["pages"], 2);
    assert_eq!(result["out"], out.display().to_string());

    let mut reader = csv::Reader::from_path(&out).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let ids: BTreeSet<&str> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(ids, world.people.iter().map(String::as_str).collect());
    assert_eq!(rows.len(), world.people.len());
    let form = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "custom_form_fields")
        .unwrap();
    assert!(
        rows.iter()
            .all(|row| serde_json::from_str::<Value>(&row[form]).is_ok())
    );

    // An existing file is not overwritten, and a symbolic link is not followed.
    let again = world.export(&["--format", "csv"]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    let elsewhere = world.home.path().join("elsewhere");
    fs::remove_file(&out).unwrap();
    symlink(&elsewhere, beside(&out, ".part")).unwrap();
    let linked = world.export(&["--format", "csv"]);
    assert_eq!(linked.code, Some(1), "{}", linked.stdout);
    assert!(!elsewhere.exists(), "l9: a link was followed");

    // Nor is a file overwritten that somebody put in the way under a second name, or that others can read.
    fs::remove_file(beside(&out, ".part")).unwrap();
    fs::write(&elsewhere, "mine").unwrap();
    fs::hard_link(&elsewhere, beside(&out, ".part")).unwrap();
    for (mode, says) in [(0o600, "hard link"), (0o644, "chmod 600")] {
        fs::set_permissions(&elsewhere, fs::Permissions::from_mode(mode)).unwrap();
        let linked = world.export(&["--format", "csv", "--restart"]);
        assert!(
            linked.code == Some(1) && linked.stderr.contains(says),
            "h27: {}",
            linked.stderr
        );
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "mine");
    }
}

#[tokio::test]
async fn an_error_that_stops_the_export_names_a_next_step() {
    let world = World::start().await;
    let out = world.out();
    let options = ["--format", "jsonl", "--page-size", "10"];
    world
        .control("/faults", json!({ "fault": "revoke_after_page", "after": 1 }))
        .await;
    let ended = world.export(&options);
    assert_eq!(ended.code, Some(1));
    let message = ended.stderr;
    assert!(
        message.contains("connect the event again, then run the same command to continue the export"),
        "{message}"
    );
    assert!(
        message.lines().count() == 1 && !message.contains("rev_"),
        "{message}"
    );
    wait_for_pages(&out, 2);

    // A damaged checkpoint.
    fs::write(beside(&out, ".state"), "not a checkpoint").unwrap();
    assert!(world.export(&options).stderr.contains("with --restart"));
}

#[test]
fn without_a_connection_the_error_says_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let options = ["export", "participants", "--event", EVENT, "--format", "csv"];
    let with = |more: &[&str]| {
        let arguments: Vec<&str> = options.iter().chain(more).copied().collect();
        let Ended { code, stdout, stderr } = run(&arguments);
        assert_eq!(stdout, "");
        (code, stderr)
    };
    let (code, message) = with(&["--data", &path("nothing"), "--out", &path("out")]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("contains no connections") && message.contains("revento quickstart"),
        "{message}"
    );
    let (code, message) = with(&["--data", &path("nothing"), "--out", &path("no/such/directory")]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("cannot be written; choose a file in a directory that you can write to"),
        "{message}"
    );
    let (code, message) = with(&["--out", &path("out"), "--page-size", "51"]);
    assert_eq!(code, Some(2), "{message}");
}
