//! `revento listen`: takes the webhooks of a running sandbox and forwards them to a program.

mod connection;
mod forwarder;
mod line;
mod random_failure;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinSet};

use self::{
    connection::{Connection, End},
    forwarder::Forwarder,
    line::Report,
    random_failure::RandomFailure,
};
use super::{
    forward_url::ForwardUrl,
    remote_sandbox::{RemoteSandbox, SandboxArguments},
};
use crate::{stop::Stop, terminal};

/// How long forwards that have begun may take when the listener stops.
const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento listen --forward-to 3000
  revento listen --forward-to localhost:8080/hooks --events application.approved,data.deletion_required
  revento listen --forward-to 3000 --fail-rate 0.2 --seed 7
  revento listen --print-json | jq .body")]
pub(crate) struct Arguments {
    /// Where to forward the webhooks to: a URL, or short `3000`, `3000/hooks`, `/hooks`, `localhost:3000`. Without a host it is
    /// localhost, without a port 3000, and without a path /webhooks. Without this option, the webhooks are only shown, and
    /// acknowledged.
    #[arg(long, value_name = "URL")]
    forward_to: Option<ForwardUrl>,
    /// Take only webhooks of these types. The registered URL gets the others. Separate them by commas.
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    events: Vec<String>,
    /// The integration whose webhooks to take. The default is the first one of the sandbox.
    #[arg(long, value_name = "CLIENT_ID")]
    client_id: Option<String>,
    /// Do not forward this part of the webhooks, from 0 to 1, so that their attempts fail and the sandbox retries them.
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = random_failure::parse_rate)]
    fail_rate: f64,
    /// Choose the failures by this number: the same number gives the same sequence.
    #[arg(long, value_name = "N", requires = "fail_rate")]
    seed: Option<u64>,
    /// Accept any certificate of the receiver, such as a self-signed one.
    #[arg(long)]
    insecure_receiver: bool,
    /// Print one line of JSON for each webhook, with its headers and body.
    #[arg(long, visible_alias = "json")]
    print_json: bool,
    #[command(flatten)]
    sandbox: SandboxArguments,
}

/// Nobody waits for webhooks that cannot come.
async fn warn_if_unconnected(sandbox: &RemoteSandbox) -> Result<()> {
    let connections = sandbox.list::<&str>("/connections", &[]).await?;
    let is_live = |row: &Value| row.get("status").and_then(Value::as_str) == Some("active");
    if !connections.iter().any(is_live) {
        terminal::print_warning(
            "no event is connected, so only test deliveries arrive: connect one in the browser, or give --connect to `revento trigger`",
        );
    }
    Ok(())
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut stop = Stop::listen()?;
    let sandbox = RemoteSandbox::find(&arguments.sandbox).await?;
    let failures = RandomFailure::new(arguments.fail_rate, arguments.seed);
    if let Some(seed) = failures.seed() {
        terminal::print_warning(&format!(
            "about {} of the attempts fail on purpose; --seed {seed} repeats the sequence",
            arguments.fail_rate
        ));
    }
    let target = arguments.forward_to.map(ForwardUrl::into_url);
    let forwarder = Arc::new(Forwarder::new(target, arguments.insecure_receiver, failures)?);
    warn_if_unconnected(&sandbox).await?;
    let mut connection = Connection::new(
        &sandbox,
        forwarder.target(),
        arguments.events,
        arguments.client_id,
    )?;
    let (reports, mut printed) = mpsc::unbounded_channel::<Report>();
    let mut forwards = JoinSet::new();
    let ended = loop {
        tokio::select! {
            () = stop.requested() => break Ok(()),
            report = printed.recv() => {
                let Some(report) = report else { break Ok(()) };
                // Nobody reads any more: stop as for Ctrl-C.
                if !report.print(arguments.print_json) {
                    break Ok(());
                }
            }
            attempt = connection.next() => match attempt {
                Ok(attempt) => {
                    let (forwarder, answers, reports) = (Arc::clone(&forwarder), connection.answers(), reports.clone());
                    forwards.spawn(async move {
                        let outcome = forwarder.forward(&attempt).await;
                        let unheard = answers.send(attempt.number, &outcome).await.err();
                        let _ = reports.send(Report::new(attempt, outcome, unheard));
                    });
                }
                Err(End(error)) => break Err(error),
            },
        }
        while forwards.try_join_next().is_some() {}
    };
    let begun = async { while forwards.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(GRACE, begun).await;
    while let Ok(report) = printed.try_recv() {
        report.print(arguments.print_json);
    }
    connection.leave().await;
    ended
}
