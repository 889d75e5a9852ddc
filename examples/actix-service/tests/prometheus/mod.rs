//! A private Prometheus that reads the program's metrics.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tokio::process::{Child, Command};

pub(crate) struct Prometheus {
    base: String,
    http: reqwest::Client,
    _server: Child,
    _folder: tempfile::TempDir,
}

impl Prometheus {
    /// `None` if it is not installed.
    pub(crate) async fn start(target: SocketAddr) -> Option<Self> {
        let program = env::var_os("REVENTO_TEST_PROMETHEUS")?;
        let folder = tempfile::tempdir().unwrap();
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/monitoring/alerts.yaml");
        let rules = rules.canonicalize().unwrap();
        let config = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
            rule_files: ['{}']\n\
            scrape_configs:\n- job_name: integration\n  static_configs: [{{ targets: ['{target}'] }}]\n",
            rules.display()
        );
        fs::write(&config, text).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let server = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Some(Self {
            base: format!("http://{address}/api/v1"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _server: server,
            _folder: folder,
        })
    }

    /// The series that a query finds, as soon as there are any.
    pub(crate) async fn answer(&self, query: &str) -> Vec<Value> {
        let path = format!("/query?{}", reqwest_query(query));
        let found = self.wait(&path, |data| {
            let found = data["result"].as_array().unwrap().clone();
            (!found.is_empty()).then_some(found)
        });
        found.await.unwrap_or_else(|| panic!("no series: {query}"))
    }

    /// The rules, when each has been evaluated.
    pub(crate) async fn rules(&self) -> Vec<Value> {
        let evaluated = self.wait("/rules", |data| {
            let rules = data["groups"][0]["rules"].as_array()?.clone();
            let is_evaluated = |rule: &Value| rule["health"] != "unknown";
            rules.iter().all(is_evaluated).then_some(rules)
        });
        evaluated
            .await
            .unwrap_or_else(|| panic!("the rules are not evaluated"))
    }

    async fn wait<T>(&self, path: &str, accept: impl Fn(&Value) -> Option<T>) -> Option<T> {
        for _ in 0..1200 {
            if let Ok(response) = self.http.get(format!("{}{path}", self.base)).send().await {
                let is_query_wrong = response.status() == 400;
                let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
                assert!(!is_query_wrong, "{answer}");
                if let Some(accepted) = Some(&answer["data"])
                    .filter(|data| data.is_object())
                    .and_then(&accept)
                {
                    return Some(accepted);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }
}

fn reqwest_query(query: &str) -> String {
    let url = reqwest::Url::parse_with_params("http://localhost/", [("query", query)]).unwrap();
    url.query().unwrap().to_owned()
}
