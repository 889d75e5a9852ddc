//! `revento doctor`: certifies an integration.
//!
//! Exit codes: 0 passed, 1 a required check failed, 2 the command line or the file is wrong, 3 the integration could not be tested.

mod catalogue;
mod estimate;
mod failure;
mod live;
mod options;
mod output;
mod paint;
mod print_env;
mod summary;
mod undone;

use std::process::ExitCode;

use revento_doctor::{Doctor, Settings};

use self::failure::{Failure, not_tested};
use crate::{stop::Stop, terminal};

#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  revento doctor --start 'node server.js' --connect-url http://localhost:3000/connect --webhook-url http://localhost:3000/webhooks
  revento doctor --webhook-url http://localhost:3000/webhooks --only signature
  revento doctor --html report.html --skip webview --because 'we have no page in the frame'
  eval \"$(revento doctor --print-env)\"; node server.js
  revento doctor --list
  revento doctor explain signature-wrong-secret

Every option is a key of revento-doctor.toml too, without its dashes. A flag wins.
Exit codes: 0 passed, 1 a required check failed, 2 wrong usage, 3 the integration could not be tested."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    integration: options::Integration,
    #[command(flatten)]
    examination: options::Examination,
    #[command(flatten)]
    reports: options::Reports,
    /// Print the variables that the integration needs, and end.
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "shell")]
    print_env: Option<print_env::Format>,
    /// List the checks, and end. With --json a line of JSON for each.
    #[arg(long, conflicts_with = "print_env")]
    list: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Explain a check: what it does, why, and how to mend an integration that fails it.
    #[command(after_help = "Examples:
  revento doctor explain signature-wrong-secret
  revento doctor explain oauth")]
    Explain {
        /// The id of a check, or a family.
        id: String,
    },
}

pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let written = |code| match terminal::check_output() {
        Ok(()) => Ok(code),
        Err(error) => Err(not_tested(error.to_string())),
    };
    match execute(arguments).await.and_then(written) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

async fn execute(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(Command::Explain { id }) = arguments.command {
        return catalogue::explain(&id).map(|()| ExitCode::SUCCESS);
    }
    let settings = options::settings(arguments.integration, arguments.examination, arguments.reports)?;
    if arguments.list {
        catalogue::list(&settings)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(format) = arguments.print_env {
        print_env::print(&settings, format).await?;
        return Ok(ExitCode::SUCCESS);
    }
    examine(settings).await
}

async fn examine(settings: Settings) -> Result<ExitCode, Failure> {
    output::check_places(&settings)?;
    let doctor = Doctor::new(settings.clone())?;
    if let Some(address) = settings.listen.filter(|address| !address.ip().is_loopback()) {
        terminal::print_warning(&format!(
            "{address} is reachable from the network: anybody who can connect to it can use the doctor's platform while it runs"
        ));
    }
    let mut stop =
        Stop::listen().map_err(|error| not_tested(format!("signals cannot be handled: {error}")))?;
    let guard = output::CommandGuard::begin(&settings);
    let mut live = live::Live::new(&settings);
    let report = tokio::select! {
        report = doctor.run(&mut live) => Some(report),
        // Dropping the examination kills the integration.
        () = stop.requested() => None,
    };
    live.end();
    let Some(report) = report else {
        return Err(not_tested(format!(
            "interrupted after {}; nothing is certified",
            live.progress()
        )));
    };
    let report = report?;
    if settings.json {
        let line = serde_json::to_string(&report);
        terminal::print_line(&line.map_err(|error| not_tested(format!("the report is not JSON: {error}")))?);
    } else {
        summary::print_summary(&report, &settings);
    }
    drop(guard);
    output::write(&report, &settings)?;
    Ok(ExitCode::from(report.exit_code()))
}
