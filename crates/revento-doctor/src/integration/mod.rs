//! The integration under test, as the doctor reaches it: its pages, its process, its database and its log.

mod browser;
mod http;
mod jar;
mod process;
mod scan;
mod tls;

use std::process::Stdio;
use std::time::Duration;

use url::Url;

pub(crate) use browser::{Browser, redirect};
pub(crate) use http::{ANSWER_TIMEOUT, Framing, Outgoing, header_list, send};
pub(crate) use jar::{is_deletion, refusal, set_cookies};
use process::Process;
pub(crate) use tls::is_loopback;

use crate::error::{Cause, DoctorError};
use crate::primitives::now;
use crate::settings::Settings;

/// How many lines an error message shows of each end of the output.
const SHOWN_LINES: usize = 8;

/// The integration under test.
#[derive(Debug)]
pub(crate) struct Integration {
    pub(crate) settings: Settings,
    process: Option<Process>,
    output: Option<tempfile::NamedTempFile>,
    /// Variables that a restart sets besides the usual ones.
    pub(crate) variables: Vec<(String, String)>,
}

impl Integration {
    pub(crate) fn new(settings: Settings, variables: Vec<(String, String)>) -> Self {
        Self {
            settings,
            process: None,
            output: None,
            variables,
        }
    }

    /// The page that begins a connection to an event.
    pub(crate) fn connect_url(&self, event_id: &str) -> Option<Url> {
        let mut url = self.settings.connect_url.clone()?;
        url.query_pairs_mut().append_pair("event_id", event_id);
        Some(url)
    }

    /// The page that reads the participants of an event.
    pub(crate) fn read_url(&self, event_id: &str) -> Option<Url> {
        self.settings
            .read_url
            .as_ref()?
            .replace("{event_id}", event_id)
            .parse()
            .ok()
    }

    /// The page that begins Login with Revento for an event.
    pub(crate) fn login_url(&self, event_id: &str) -> Option<Url> {
        self.settings
            .login_url
            .as_ref()?
            .replace("{event_id}", event_id)
            .parse()
            .ok()
    }

    /// Whether the URL of the login page says to which event.
    pub(crate) fn login_names_the_event(&self) -> bool {
        let url = self.settings.login_url.as_deref();
        url.is_some_and(|url| url.contains("{event_id}"))
    }

    /// A URL that answers when the integration is up.
    pub(crate) fn any_url(&self) -> Option<Url> {
        let settings = &self.settings;
        let known = [
            &settings.health_url,
            &settings.connect_url,
            &settings.webhook_url,
            &settings.handled_url,
        ];
        known.into_iter().flatten().next().cloned()
    }

    /// Starts the integration, if the doctor was told how, and waits until it answers.
    pub(crate) async fn start(&mut self) -> Result<(), DoctorError> {
        if let Some(command) = self.settings.start.clone() {
            let started = self
                .output()
                .and_then(|output| Process::start(&command, &self.variables, output));
            let process = started.map_err(|error| Cause::NotStarted {
                command,
                detail: error.to_string(),
            })?;
            self.process = Some(process);
        }
        self.answers().await
    }

    /// The output of the integration: to a file of the doctor's, over all restarts.
    fn output(&mut self) -> std::io::Result<(Stdio, Stdio)> {
        let file = match &self.output {
            Some(file) => file,
            None => self.output.insert(tempfile::NamedTempFile::new()?),
        };
        let appending = || std::fs::OpenOptions::new().append(true).open(file.path());
        Ok((appending()?.into(), appending()?.into()))
    }

    /// The log: that of `--log`, or else the output of the integration that the doctor started.
    pub(crate) fn log(&self) -> Option<String> {
        let path = self
            .settings
            .log
            .as_deref()
            .or(self.output.as_ref().map(tempfile::NamedTempFile::path))?;
        let bytes = std::fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The output for an error message. Of a long one, such as a backtrace, the beginning and the end.
    fn last_words(&self) -> String {
        let output = self
            .output
            .as_ref()
            .and_then(|file| std::fs::read(file.path()).ok());
        let output = String::from_utf8_lossy(&output.unwrap_or_default()).into_owned();
        let lines: Vec<&str> = output.lines().collect();
        let more = lines.len().saturating_sub(2 * SHOWN_LINES);
        if more == 0 {
            return lines.join("\n");
        }
        let left_out = format!("[{more} lines]");
        let first = lines.iter().take(SHOWN_LINES).copied();
        let last = lines.iter().skip(SHOWN_LINES + more).copied();
        let shown: Vec<&str> = first.chain([left_out.as_str()]).chain(last).collect();
        shown.join("\n")
    }

    /// Waits until the integration answers.
    async fn answers(&mut self) -> Result<(), DoctorError> {
        let Some(url) = self.any_url() else { return Ok(()) };
        let began = now();
        loop {
            if let Some(status) = self.process.as_mut().and_then(Process::ended) {
                return Err(Cause::NotStarted {
                    command: self.settings.start.clone().unwrap_or_default(),
                    detail: format!("it ended with {status}\n{}", self.last_words()),
                }
                .into());
            }
            let exchange = send(Outgoing::new(::http::Method::HEAD, url.clone())).await;
            let Some(detail) = exchange.error else {
                return Ok(());
            };
            if began.elapsed() >= self.settings.start_timeout {
                return Err(Cause::Unreachable {
                    url: url.to_string(),
                    waited: began.elapsed(),
                    detail,
                }
                .into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Everything that is stored, as bytes: the file of `--scan` with its neighbours (`-wal`, `-journal`), every file of a folder, or
    /// the output of the command.
    pub(crate) async fn stored(&self) -> Result<Vec<(String, Vec<u8>)>, String> {
        let scan = self.settings.scan.as_deref().ok_or("give --scan")?;
        scan::stored(scan).await
    }

    /// Kills the integration (SIGKILL). `false` if the doctor did not start it.
    pub(crate) async fn kill(&mut self) -> bool {
        match &mut self.process {
            None => false,
            Some(process) => {
                process.kill().await;
                true
            }
        }
    }
}
