//! The control API of a sandbox that runs in another process.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, stream};
use reqwest::{Method, RequestBuilder};
use revento::{Timestamp, types::text::printable};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{ports, sandbox::DEFAULT_PORT};

/// How long a program that listens on a port of this machine may take to say whether it is a sandbox.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArguments {
    /// The sandbox: a URL, `localhost:4010` or `4010`. The default is the one that runs on this machine, on port 4010 or the
    /// next ports.
    #[arg(long, value_name = "URL", env = "REVENTO_SANDBOX")]
    sandbox: Option<String>,
}

/// A running sandbox.
pub(crate) struct RemoteSandbox {
    http: reqwest::Client,
    control: String,
}

impl RemoteSandbox {
    /// The sandbox that the command line names, or the only one that runs on this machine.
    pub(crate) async fn find(arguments: &SandboxArguments) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
        // An empty variable is as good as none.
        let control = match arguments.sandbox.as_deref().filter(|named| !named.is_empty()) {
            Some(named) => control_base(named)?,
            None => running_on(&http, ports::near(DEFAULT_PORT)).await?,
        };
        Ok(Self { http, control })
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Value> {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// The address of the control API.
    pub(crate) fn control(&self) -> &str {
        &self.control
    }

    /// The time on the sandbox clock.
    pub(crate) async fn now(&self) -> Result<Timestamp> {
        let clock = self.get("/clock").await?;
        let now = clock.get("now").and_then(Value::as_str).unwrap_or_default();
        now.parse()
            .with_context(|| format!("{} did not tell its time: is it a sandbox?", self.control))
    }

    /// The `data` of a list.
    pub(crate) async fn list<V: Serialize>(&self, path: &str, query: &[(&str, V)]) -> Result<Vec<Value>> {
        let mut answer = self.send(self.request(Method::GET, path).query(query)).await?;
        match answer.get_mut("data").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => bail!(
                "{} answered without a list: is it a sandbox of this version?",
                self.control
            ),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.control))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value> {
        let response = request
            .send()
            .await
            .with_context(|| format!("the sandbox at {} does not answer: is it running?", self.control))?;
        let status = response.status();
        let body = response.bytes().await.context("the sandbox's answer broke off")?;
        let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        bail!("the sandbox answered {status}: {}", message(&answer))
    }
}

/// The explanation in an error answer.
pub(super) fn message(answer: &Value) -> String {
    let text = answer.get("message").and_then(Value::as_str);
    printable(text.unwrap_or("no explanation")).whole().to_string()
}

/// An id as one segment of a path.
pub(super) fn segment(id: &str) -> String {
    match id {
        // The URL parser would resolve them.
        "." | ".." => id.replace('.', "%252E"),
        id => url::form_urlencoded::byte_serialize(id.as_bytes())
            .collect::<String>()
            .replace('+', "%20"),
    }
}

/// `4010`, `localhost:4010`, `http://localhost:4010` and the addresses of its pages name the same sandbox.
fn control_base(named: &str) -> Result<String> {
    let text = match named {
        port if port.parse::<u16>().is_ok() => format!("http://127.0.0.1:{port}"),
        host if !host.contains("://") => format!("http://{host}"),
        url => url.to_owned(),
    };
    let mut url = Url::parse(&text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .with_context(|| {
            format!(
                "{} is not the address of a sandbox: give a URL, host:port or port",
                printable(named)
            )
        })?;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let pages = ["/console", "/_sandbox"];
    let prefix = pages
        .iter()
        .find_map(|page| path.find(page).and_then(|at| path.get(..at)));
    let path = format!("{}/_sandbox", prefix.unwrap_or(path));
    url.set_path(&path);
    Ok(url.into())
}

/// The only sandbox that listens on one of these ports of this machine.
async fn running_on(http: &reqwest::Client, ports: impl Iterator<Item = u16>) -> Result<String> {
    let candidates = ports.map(|port| format!("http://127.0.0.1:{port}/_sandbox"));
    let mut found: Vec<String> = stream::iter(candidates)
        .map(|control| async move { is_sandbox(http, &control).await.then_some(control) })
        .buffered(32)
        .filter_map(std::future::ready)
        .collect()
        .await;
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => bail!(
            "several sandboxes run on this machine ({}, {last}): choose one with --sandbox",
            found.join(", ")
        ),
        (None, _) => {
            bail!("no sandbox runs on this machine: start one with `revento sandbox`, or give --sandbox URL")
        }
    }
}

async fn is_sandbox(http: &reqwest::Client, control: &str) -> bool {
    let answer = http
        .get(format!("{control}/stats"))
        .timeout(PROBE_TIMEOUT)
        .send()
        .await;
    let Ok(answer) = answer else { return false };
    let stats: Result<Value, _> = answer.json().await;
    stats.is_ok_and(|stats| stats.get("reuses").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l11_an_id_stays_one_segment_of_a_path() {
        let base = Url::parse("http://127.0.0.1/_sandbox/events/").unwrap();
        for id in ["../reset", "a/b", "..", ".", "x?y#z", "%2e%2e", "a b+c"] {
            let url = base.join(&format!("./{}/archive", segment(id))).unwrap();
            let parts: Vec<&str> = url.path_segments().unwrap().collect();
            assert_eq!(
                (parts.len(), parts[1], parts[3]),
                (4, "events", "archive"),
                "{id}: {url}"
            );
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }

    #[tokio::test]
    async fn the_only_sandbox_is_found_and_several_are_listed() {
        let http = reqwest::Client::new();
        let find = |ports: Vec<u16>| running_on(&http, ports.into_iter());
        let listener = || std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
        // A port on which nothing listens, one of a program that never answers, and one of another server.
        let closed = port(&listener());
        let silent = listener();
        let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other_port = other.local_addr().unwrap().port();
        let router = axum::Router::new().fallback(|| async { "{\"reuses\":0" });
        tokio::spawn(async move { axum::serve(other, router).await });
        let strangers = [closed, port(&silent), other_port];

        let error = find(strangers.to_vec()).await.unwrap_err().to_string();
        assert!(
            error.contains("`revento sandbox`") && error.contains("--sandbox"),
            "{error}"
        );

        let mut ports = strangers.to_vec();
        let mut running = Vec::new();
        for _ in 0..2 {
            let listener = listener();
            ports.push(port(&listener));
            running.push(
                revento_sandbox::Sandbox::builder()
                    .listener(listener)
                    .start()
                    .await
                    .unwrap(),
            );
        }
        let one = find(ports.iter().copied().take(4).collect()).await.unwrap();
        assert_eq!(one, running[0].info().control_base);
        let error = find(ports).await.unwrap_err().to_string();
        for sandbox in &running {
            assert!(error.contains(&sandbox.info().control_base), "{error}");
        }
        assert!(error.contains("choose one with --sandbox"), "{error}");
    }

    #[tokio::test]
    async fn an_empty_variable_names_no_sandbox() {
        let arguments = SandboxArguments {
            sandbox: Some(String::new()),
        };
        if let Err(error) = RemoteSandbox::find(&arguments).await {
            assert!(error.to_string().contains("this machine"), "{error}");
        }
    }

    #[test]
    fn every_way_to_name_a_sandbox_leads_to_its_control_api() {
        for (named, control) in [
            ("4010", "http://127.0.0.1:4010/_sandbox"),
            ("localhost:4010", "http://localhost:4010/_sandbox"),
            ("http://localhost:4010/", "http://localhost:4010/_sandbox"),
            (
                "http://localhost:4010/console/deliveries?x=1#y",
                "http://localhost:4010/_sandbox",
            ),
            (
                "https://dev.example/revento/_sandbox",
                "https://dev.example/revento/_sandbox",
            ),
            ("[::1]:4010", "http://[::1]:4010/_sandbox"),
        ] {
            assert_eq!(control_base(named).unwrap(), control, "{named}");
        }
        for wrong in ["", "ftp://localhost", "http://", "http://local host"] {
            assert!(control_base(wrong).is_err(), "{wrong}");
        }
    }
}
