//! `revento doctor`: certifies an integration.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use revento_doctor::{Check, CheckResult, Doctor, DoctorErrorKind, Observer, Outcome, Settings};
use url::Url;

use crate::terminal;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento doctor --start 'node server.js' --connect-url http://localhost:3000/connect --webhook-url http://localhost:3000/webhooks
  revento doctor --webhook-url http://localhost:3000/webhooks --only signature")]
pub(crate) struct Arguments {
    /// The page that begins a connection.
    #[arg(long, value_name = "URL")]
    connect_url: Option<Url>,
    /// The webhook receiver.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<Url>,
    /// A page that makes the integration read the participants of {event_id} now, and names their ids.
    #[arg(long, value_name = "URL")]
    read_url: Option<String>,
    /// A page that lists the handled webhooks by the `id` of their envelopes.
    #[arg(long, value_name = "URL")]
    handled_url: Option<Url>,
    /// The page that begins Login with Revento for {event_id}.
    #[arg(long, value_name = "URL")]
    login_url: Option<String>,
    /// A page that reads /me for the participant who is signed in.
    #[arg(long, value_name = "URL")]
    me_url: Option<Url>,
    /// A page that the platform shows in a frame.
    #[arg(long, value_name = "URL")]
    webview_url: Option<Url>,
    /// A page that says whether the integration is up.
    #[arg(long, value_name = "URL")]
    health_url: Option<Url>,
    /// The command that starts the integration, for `sh -c`.
    #[arg(long, value_name = "CMD")]
    start: Option<String>,
    /// Base URLs of further replicas.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    replicas: Vec<Url>,
    /// The database file of the integration, or a command that dumps it.
    #[arg(long, value_name = "PATH|CMD")]
    scan: Option<String>,
    /// The log file of the integration.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Run only these checks or families.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    match examine(arguments).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::print_error(&error);
            let kind = error
                .downcast_ref::<revento_doctor::DoctorError>()
                .map(revento_doctor::DoctorError::kind);
            match kind {
                Some(DoctorErrorKind::Settings) => ExitCode::from(2),
                _ => ExitCode::from(3),
            }
        }
    }
}

async fn examine(arguments: Arguments) -> Result<u8> {
    let json = arguments.json;
    let mut settings = Settings::default();
    settings.connect_url = arguments.connect_url;
    settings.webhook_url = arguments.webhook_url;
    settings.read_url = arguments.read_url;
    settings.handled_url = arguments.handled_url;
    settings.login_url = arguments.login_url;
    settings.me_url = arguments.me_url;
    settings.webview_url = arguments.webview_url;
    settings.health_url = arguments.health_url;
    settings.start = arguments.start;
    settings.replicas = arguments.replicas;
    settings.scan = arguments.scan;
    settings.log = arguments.log;
    settings.only = arguments.only;
    let report = Doctor::new(settings)?.run(&mut Lines { silent: json }).await?;
    if json {
        terminal::print_line(&serde_json::to_string_pretty(&report)?);
    }
    Ok(report.exit_code())
}

/// Prints a line for each check.
struct Lines {
    silent: bool,
}

impl Observer for Lines {
    fn finished(&mut self, result: &CheckResult) {
        if self.silent {
            return;
        }
        let Check { id, title, .. } = result.check;
        let line = match &result.outcome {
            Outcome::Passed => format!("passed       {id}  {title}"),
            Outcome::Failed { expected, got } => {
                format!(
                    "FAILED       {id}  {title}\n  expected {expected}\n  got      {got}\n  mend     {}",
                    result.mend.as_deref().unwrap_or_default()
                )
            }
            Outcome::NotChecked { reason } => format!("not checked  {id}  {reason}"),
            Outcome::Skipped { because } => format!("skipped      {id}  {because}"),
            Outcome::Untestable { reason } => format!("untestable   {id}  {reason}"),
            _ => format!("?            {id}"),
        };
        terminal::print_line(&line);
    }
}
