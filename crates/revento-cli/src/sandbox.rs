//! `revento sandbox`: the local platform alone.

use std::path::PathBuf;

use anyhow::{Context, Result};
use revento::types::text::printable;
use revento_sandbox::{Sandbox, SandboxBuilder, SandboxInfo};

use crate::{
    listen_address::{self, ListenAddress},
    ports,
    stop::Stop,
    terminal,
};

/// The default port.
pub(crate) const DEFAULT_PORT: u16 = 4010;
/// The redirect URI if the command line and the manifest name none.
const DEFAULT_REDIRECT_URI: &str = "http://localhost:3000/callback";

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  revento sandbox --env --webhook-url http://localhost:3000/webhooks --connect-url http://localhost:3000/connect
  revento sandbox --manifest integrations.toml --data sandbox.db
  revento sandbox --json --listen 127.0.0.1:0")]
pub(crate) struct Arguments {
    /// Where to listen: a port, localhost and a port, or an IP address and a port. Port 0 takes a free port. The default is
    /// 127.0.0.1:4010, or a port near it if that one is taken.
    #[arg(long, value_name = "ADDR")]
    listen: Option<ListenAddress>,
    /// Register this redirect URI. It must equal the one that your integration sends, byte for byte. Repeatable. The
    /// default, if there is no manifest, is http://localhost:3000/callback
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Send webhooks to this URL. Without it no webhooks are sent.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// The page of your integration that the organizer's panel opens to connect an event, by GET with `event_id`.
    #[arg(long, value_name = "URL")]
    connect_url: Option<String>,
    /// Register the integrations of this manifest (TOML) instead of the example integration. The three options above
    /// then change its first integration.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Start with the organizations, events and people in this file (JSON, in the format of GET /_sandbox/seed).
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// The URL by which clients reach the sandbox, if it differs from the address: behind a proxy, in a container. It may
    /// have a path.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Also answer requests for this host name. Without it, the sandbox answers those for names and addresses of this machine
    /// and for the host of --public-url. Repeatable.
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<String>,
    /// Allow webhook URLs on other machines.
    #[arg(long)]
    allow_remote_webhooks: bool,
    /// Accept any certificate of a webhook receiver on this machine, such as a self-signed one.
    #[arg(long)]
    insecure_receiver: bool,
    /// Play the production environment: its client ids and secrets differ from those of a sandbox without this option.
    #[arg(long)]
    production_credentials: bool,
    /// Restore the test data every Monday at 00:00 UTC of the sandbox's clock.
    #[arg(long)]
    reset_weekly: bool,
    /// Suspend an integration for ten minutes (of the sandbox's clock) if it keeps getting 429 answers.
    #[arg(long)]
    suspend_repeat_offenders: bool,
    /// Keep the platform's state in this SQLite file. Without it the state is in memory.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Print URLs, credentials and event ids as one line of JSON.
    #[arg(long)]
    json: bool,
    /// Also print the addresses and the credentials as lines `export NAME=value`, to paste into a shell. The names are those of
    /// `revento doctor` and of the examples.
    #[arg(long, conflicts_with = "json")]
    env: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut stop = Stop::listen()?;
    let (json, env) = (arguments.json, arguments.env);
    if let Some(address) = arguments.listen.filter(|address| address.is_open()) {
        terminal::print_warning(&format!(
            "{address} is reachable from the network: anybody who can connect to it can control this sandbox and read its secrets"
        ));
    }
    let sandbox = builder(arguments)?.start().await?;
    if json {
        terminal::print_line(&serde_json::to_string(sandbox.info())?);
    } else {
        print_info(sandbox.info());
        if env {
            print_variables(sandbox.info())?;
        }
        terminal::print_line("Press Ctrl-C to stop.");
    }
    stop.requested().await;
    sandbox.shutdown().await;
    Ok(())
}

fn builder(arguments: Arguments) -> Result<SandboxBuilder> {
    let mut builder = listening(arguments.listen)?;
    let use_default = arguments.redirect_uris.is_empty() && arguments.manifest.is_none();
    for uri in arguments.redirect_uris {
        builder = builder.redirect_uri(uri);
    }
    if use_default {
        builder = builder.redirect_uri(DEFAULT_REDIRECT_URI);
    }
    if let Some(url) = arguments.webhook_url {
        builder = builder.webhook_url(url);
    }
    if let Some(url) = arguments.connect_url {
        builder = builder.connect_url(url);
    }
    if let Some(path) = arguments.manifest {
        builder = builder.manifest_file(path);
    }
    if let Some(path) = arguments.seed {
        builder = builder.seed_file(path);
    }
    if let Some(url) = arguments.public_url {
        builder = builder.public_url(url);
    }
    for host in arguments.allowed_hosts {
        builder = builder.allow_host(host);
    }
    if arguments.insecure_receiver {
        builder = builder.insecure_receivers();
    }
    if arguments.production_credentials {
        builder = builder.production_credentials();
    }
    if arguments.reset_weekly {
        builder = builder.reset_weekly();
    }
    if arguments.allow_remote_webhooks {
        builder = builder.allow_remote_webhooks();
    }
    if arguments.suspend_repeat_offenders {
        builder = builder.suspend_repeat_offenders();
    }
    if let Some(path) = arguments.data {
        builder = builder.data(path);
    }
    Ok(builder)
}

fn listening(address: Option<ListenAddress>) -> Result<SandboxBuilder> {
    let listeners = match address {
        Some(ListenAddress::Exactly(address)) => return Ok(Sandbox::builder().listen(address)),
        Some(ListenAddress::Localhost(port)) => listen_address::bind_localhost(port)?,
        None => vec![ports::loopback(DEFAULT_PORT).context("the sandbox cannot listen on a port")?],
    };
    Ok(listeners
        .into_iter()
        .fold(Sandbox::builder(), SandboxBuilder::listener))
}

fn print_info(info: &SandboxInfo) {
    terminal::print_line(&format!("Console         {}", info.console_url));
    terminal::print_line(&format!("Authorization   {}", info.auth_base));
    terminal::print_line(&format!("Read API        {}", info.api_base));
    terminal::print_line(&format!(
        "Client id       {}  (the secrets are in the console, or use --env or --json)",
        info.client_id
    ));
    let events = info.events.join(", ");
    terminal::print_line(&format!("Events          {}", printable(&events).whole()));
    print_webhooks(info);
}

fn print_variables(info: &SandboxInfo) -> Result<()> {
    let variables = [
        ("REVENTO_AUTH_BASE", &info.auth_base),
        ("REVENTO_API_BASE", &info.api_base),
        ("REVENTO_CLIENT_ID", &info.client_id),
        ("REVENTO_CLIENT_SECRET", &info.client_secret),
        ("REVENTO_WEBHOOK_SECRET", &info.webhook_secret),
    ];
    let event = info.events.first().map(|event| ("REVENTO_EVENT_ID", event));
    for (name, value) in variables.into_iter().chain(event) {
        let quoted = shlex::try_quote(value).with_context(|| format!("{name} does not fit a shell"))?;
        terminal::print_line(&format!("export {name}={quoted}"));
    }
    Ok(())
}

/// Where the webhooks go, and the two commands by which the first one is sent.
fn print_webhooks(info: &SandboxInfo) {
    let to = match &info.webhook_url {
        Some(url) => format!("to {}, about connected events only", printable(url).whole()),
        None => "none are sent: restart with --webhook-url URL, or run `revento listen`".to_owned(),
    };
    terminal::print_line(&format!("Webhooks        {to}"));
    let post = |path: &str, body: &serde_json::Value| {
        format!(
            "curl -X POST {}/{path} -H 'content-type: application/json' -d '{body}'",
            info.control_base
        )
    };
    if let Some(event_id) = info.events.first() {
        let connect = post("connect", &serde_json::json!({ "event_id": event_id }));
        terminal::print_line(&format!("Connect         {}", printable(&connect).whole()));
    }
    let test = post(
        "deliveries/test",
        &serde_json::json!({ "type": "application.approved" }),
    );
    terminal::print_line(&format!("Test webhook    {test}"));
}
