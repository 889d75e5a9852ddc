//! The alerts and the dashboard in docs/monitoring, and the table in docs/guide/operate.md, fit the metrics of the running program.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing test panics, and one that cannot run says so"
)]

#[path = "../../test-support/guide.rs"]
mod guide;
mod prometheus;
#[path = "../../test-support/service/world.rs"]
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
    process::Command,
    time::Duration,
};

use revento_sandbox::{ConsentDecision, Fault};
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

use prometheus::Prometheus;
use world::{EVENT, World};

const PROGRAM: &str = env!("CARGO_BIN_EXE_revento-example-actix");
const ALERTS: &str = include_str!("../../../docs/monitoring/alerts.yaml");
const ALERT_TESTS: &str = include_str!("../../../docs/monitoring/alerts.test.yaml");
const DASHBOARD: &str = include_str!("../../../docs/monitoring/dashboard.json");
const CHAPTER: &str = include_str!("../../../docs/guide/operate.md");

/// What a page of metrics has: the kind of each metric, and its series.
#[derive(Default)]
struct Exposition {
    kinds: BTreeMap<String, String>,
    series: Vec<(String, BTreeMap<String, String>)>,
}

impl Exposition {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                page.kinds.insert(name.to_owned(), kind.to_owned());
            } else if !line.starts_with('#') && !line.is_empty() {
                let selector = &line[..line.rfind(' ').unwrap()];
                page.series.extend(selectors(selector).map(|(name, matchers)| {
                    let labels = matchers.into_iter().map(|(key, _, value)| (key, value));
                    (name, labels.collect())
                }));
            }
        }
        page
    }

    /// The metric that a series belongs to.
    fn metric_of(&self, series: &str) -> Option<&str> {
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| series.strip_suffix(end))
            .filter(|name| self.kinds.get(*name).is_some_and(|kind| kind == "histogram"));
        let is_no_histogram = |name: &&str| self.kinds.get(*name).is_some_and(|kind| kind != "histogram");
        let (name, _) = of_histogram
            .chain(Some(series).filter(is_no_histogram))
            .next()
            .and_then(|name| self.kinds.get_key_value(name))?;
        Some(name)
    }

    /// Fails if an expression names what the program does not have. Returns the metrics that it names.
    fn check(&self, expression: &str) -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        for (name, matchers) in selectors(expression) {
            let metric = self
                .metric_of(&name)
                .unwrap_or_else(|| panic!("no metric has {name}: {expression}"));
            named.insert(metric.to_owned());
            for (key, operator, value) in matchers {
                let mut values = self
                    .series
                    .iter()
                    .filter(|(series, _)| *series == name)
                    .filter_map(|(_, labels)| labels.get(&key));
                let known = match operator.as_str() {
                    _ if key == "job" => true, // Prometheus adds it.
                    "=" => values.any(|known| *known == value),
                    "=~" if value.contains('|') => {
                        let known: BTreeSet<_> = values.collect();
                        value.split('|').all(|value| known.contains(&value.to_owned()))
                    }
                    _ => values.next().is_some(),
                };
                assert!(known, "{name} has no {key}{operator}{value:?}: {expression}");
            }
        }
        assert!(!named.is_empty(), "{expression}");
        named
    }
}

/// A label, an operator and a value.
type Matcher = (String, String, String);

/// The series that an expression names, with their matchers.
fn selectors(expression: &str) -> impl Iterator<Item = (String, Vec<Matcher>)> {
    expression.match_indices("revento_").map(|(start, _)| {
        let rest = &expression[start..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let (name, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let mut matchers = Vec::new();
        if let Some(mut rest) = rest.strip_prefix('{') {
            while let Some((key, value)) = rest.split_once('"') {
                let (value, after) = value.split_once('"').unwrap();
                let key = key.trim_start_matches(',');
                let (key, operator) = key.split_at(key.find(['=', '!']).unwrap());
                matchers.push((key.to_owned(), operator.to_owned(), value.to_owned()));
                rest = after;
                if rest.starts_with('}') {
                    break;
                }
            }
        }
        (name.to_owned(), matchers)
    })
}

/// The names and expressions of the alerts.
fn alerts() -> Vec<(String, String)> {
    let documents = Yaml::load_from_str(ALERTS).unwrap();
    let rules = documents[0]["groups"][0]["rules"].as_sequence().unwrap();
    let text = |rule: &Yaml<'_>, key: &str| rule[key].as_str().unwrap().to_owned();
    rules
        .iter()
        .map(|rule| (text(rule, "alert"), text(rule, "expr")))
        .collect()
}

/// The panels of the dashboard that show something.
fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.filter(|panel| panel["type"] != "row").cloned().collect()
}

fn targets(panel: &Value) -> &[Value] {
    panel["targets"].as_array().unwrap()
}

/// Lets the program do everything that it counts.
async fn live(world: &World) {
    let (consent_page, cookies) = world.begin(&format!("/connect?event_id={EVENT}")).await;
    let back = world
        .sandbox
        .authorize(&consent_page, ConsentDecision::Authorize)
        .await;
    assert_eq!(world.open(&back.unwrap(), &cookies).await.status(), 303);
    assert_eq!(world.reads().await.0, 200);
    // A spent budget: the call waits, and is repeated.
    let refusal = Fault::named("rate_limited").at("participants");
    world
        .sandbox
        .arm(refusal.with_seconds(Duration::from_secs(1)))
        .unwrap();
    assert_eq!(world.reads().await.0, 200);
    world.sandbox.advance(Duration::from_secs(3700)).await.unwrap();
    assert_eq!(world.reads().await.0, 200);
    world.act("/applications/app_published_0002/approve").await;
    world.handles("application.approved").await;
    // Nobody has signed this.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let forged = client.post(format!("{}/webhooks", world.base)).body("{}");
    assert_eq!(forged.send().await.unwrap().status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_counts_is_watched() {
    let world = World::new().await;
    let mut program = world.start().await;
    let prometheus = Prometheus::start(world.metrics).await;
    live(&world).await;
    let url = format!("http://{}/metrics", world.metrics);
    let text = world.open(&url, "").await.text().await.unwrap();
    let page = Exposition::parse(&text);

    let emitted: BTreeSet<_> = page.kinds.keys().map(String::as_str).collect();
    let rows = CHAPTER
        .lines()
        .filter_map(|line| line.strip_prefix("| `revento_"));
    let described: BTreeSet<_> = rows
        .map(|row| format!("revento_{}", row.split('`').next().unwrap()))
        .collect();
    let described: BTreeSet<_> = described.iter().map(String::as_str).collect();
    assert_eq!(emitted, described, "the chapter and the program");

    let alerts = alerts();
    let mut watched = BTreeSet::new();
    for (_, expression) in &alerts {
        watched.extend(page.check(expression));
    }
    for panel in panels() {
        for target in targets(&panel) {
            watched.extend(page.check(target["expr"].as_str().unwrap()));
        }
    }
    let watched: BTreeSet<_> = watched.iter().map(String::as_str).collect();
    assert_eq!(emitted, watched, "each metric is on a panel or in an alert");

    match prometheus {
        Some(prometheus) => understands(&prometheus, &alerts).await,
        None => println!("skipped: Prometheus is not installed"),
    }
    program.kill().await.unwrap();
}

/// A real server reads the metrics, the alerts and the queries of the dashboard.
async fn understands(prometheus: &Prometheus, alerts: &[(String, String)]) {
    for panel in panels() {
        for target in targets(&panel) {
            let query = target["expr"].as_str().unwrap();
            let query = query.replace("$__rate_interval", "5m").replace("$job", ".*");
            let found = prometheus.answer(&query).await;
            // The legend names labels that the result has.
            let legend = target["legendFormat"].as_str().unwrap();
            let labels = legend
                .split("{{")
                .skip(1)
                .map(|rest| rest.split("}}").next().unwrap());
            for label in labels {
                let has_label = found.iter().any(|series| series["metric"][label].is_string());
                assert!(has_label, "{label}: {query}");
            }
        }
    }
    let rules = prometheus.rules().await;
    assert_eq!(rules.len(), alerts.len());
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{rule}");
    }
}

#[test]
fn the_guide_shows_this_code() {
    guide::shows(CHAPTER, &[include_str!("../src/metrics.rs")]);
}

#[test]
fn the_dashboard_has_the_form_that_grafana_reads() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert!(dashboard["title"].is_string() && dashboard["schemaVersion"].as_u64() >= Some(36));
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables: Vec<_> = variables
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    assert_eq!(variables, ["datasource", "job"]);
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24, "{panel}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "two panels are at {cell:?}: {panel}");
        }
    }
    for panel in panels() {
        assert!(!panel["description"].as_str().unwrap().is_empty());
        assert_eq!(panel["datasource"]["uid"], "${datasource}");
        assert!(!targets(&panel).is_empty());
    }
}

#[test]
fn each_alert_is_explained_and_tested() {
    for (name, _) in alerts() {
        assert!(CHAPTER.contains(&format!("| `{name}` |")), "{name}");
        let tests = ALERT_TESTS.split("alertname: ").skip(1);
        let fires = tests
            .filter(|test| test.starts_with(&format!("{name}\n")))
            .any(|test| test.contains("exp_alerts:\n"));
        assert!(fires, "no test lets {name} fire");
        assert!(
            ALERT_TESTS.contains(&format!("{{ eval_time: 1h, alertname: {name} }}")),
            "{name}"
        );
    }
}

#[test]
fn promtool_accepts_the_alerts_and_their_tests() {
    let Ok(promtool) = env::var("REVENTO_TEST_PROMTOOL") else {
        println!("skipped: REVENTO_TEST_PROMTOOL is not set");
        return;
    };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring");
    for arguments in [
        ["check", "rules", "alerts.yaml"],
        ["test", "rules", "alerts.test.yaml"],
    ] {
        let run = Command::new(&promtool)
            .args(arguments)
            .current_dir(&folder)
            .output();
        let run = run.unwrap();
        let said = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(run.status.success(), "{}", said.concat());
    }
}
