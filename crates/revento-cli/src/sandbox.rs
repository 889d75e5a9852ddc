//! `revento sandbox`: the platform alone.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use revento_sandbox::{Sandbox, SandboxBuilder, SandboxInfo};

use crate::{output, ports, stop::Stop};

/// Where it listens unless told otherwise.
const PORT: u16 = 4010;
/// The redirect URI of an integration that says none.
const CALLBACK: &str = "http://localhost:3000/callback";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 finds a free one. Without it: 127.0.0.1:4010, or a port near it when that one is taken.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A redirect URI to register, byte for byte as your integration sends it. Repeatable. Without it and without a
    /// manifest: http://localhost:3000/callback
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where to send webhooks. None are sent without it.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Register the integrations of this manifest (TOML) instead of the example. The two options above add to its first.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Begin with the catalog of this file, in the form of GET /_sandbox/seed.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// The address by which clients reach it, when that is another one: behind a proxy, out of a container.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Let webhooks go to other hosts than this machine.
    #[arg(long)]
    allow_remote_webhooks: bool,
    /// Suspend integrations that go on being answered 429, for ten minutes of the sandbox clock.
    #[arg(long)]
    suspend_repeat_offenders: bool,
    /// Keep the platform's state in this SQLite file. It is in memory otherwise.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Print what a script needs as one line of JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let mut stop = Stop::listen()?;
    let json = arguments.json;
    if let Some(address) = arguments.listen.filter(|address| !address.ip().is_loopback()) {
        output::warn(&format!(
            "{address} is open to the network: whoever reaches it can steer this sandbox and read its secrets"
        ));
    }
    let sandbox = builder(arguments)?.start().await?;
    if json {
        output::line(&serde_json::to_string(sandbox.info())?);
    } else {
        introduce(sandbox.info());
    }
    stop.requested().await;
    sandbox.shutdown().await;
    Ok(())
}

fn builder(arguments: Arguments) -> Result<SandboxBuilder> {
    let mut builder = match arguments.listen {
        Some(address) => Sandbox::builder().listen(address),
        None => Sandbox::builder().listener(ports::loopback(PORT).context("the sandbox finds no port")?),
    };
    let none_said = arguments.redirect_uris.is_empty() && arguments.manifest.is_none();
    for uri in arguments.redirect_uris {
        builder = builder.redirect_uri(uri);
    }
    if none_said {
        builder = builder.redirect_uri(CALLBACK);
    }
    if let Some(url) = arguments.webhook_url {
        builder = builder.webhook_url(url);
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

fn introduce(info: &SandboxInfo) {
    output::line(&format!("Console         {}", info.console_url));
    output::line(&format!("Authorization   {}", info.auth_base));
    output::line(&format!("Read API        {}", info.api_base));
    output::line(&format!(
        "Client id       {}  (secrets: in the console, or with --json)",
        info.client_id
    ));
    output::line(&format!("Events          {}", info.events.join(", ")));
    output::line("Ctrl-C ends it.");
}
