//! `revento sandbox`: the platform alone.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use revento_sandbox::{Info, Sandbox};

use crate::{output, ports, stop::Stop};

/// Where it listens unless told otherwise.
const PORT: u16 = 4010;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen; port 0 finds a free one. Without it: 127.0.0.1:4010, or a port near it when that one is taken.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// A redirect URI to register, byte for byte as your integration sends it. Repeatable.
    #[arg(
        long = "redirect-uri",
        value_name = "URI",
        default_value = "http://localhost:3000/callback"
    )]
    redirect_uris: Vec<String>,
    /// Where to send webhooks. None are sent without it.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Keep the platform's state in this SQLite file. It is in memory otherwise.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Print what a script needs as one line of JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<()> {
    let Arguments {
        listen,
        redirect_uris,
        webhook_url,
        data,
        json,
    } = arguments;
    let mut stop = Stop::listen()?;
    let mut builder = match listen {
        Some(address) => Sandbox::builder().listen(address),
        None => Sandbox::builder().listener(ports::loopback(PORT).context("the sandbox finds no port")?),
    };
    for uri in redirect_uris {
        builder = builder.redirect_uri(uri);
    }
    if let Some(url) = webhook_url {
        builder = builder.webhook_url(url);
    }
    if let Some(path) = data {
        builder = builder.data(path);
    }
    let sandbox = builder.start().await?;
    if json {
        output::line(&serde_json::to_string(sandbox.info())?);
    } else {
        introduce(sandbox.info());
    }
    stop.requested().await;
    sandbox.shutdown().await;
    Ok(())
}

fn introduce(info: &Info) {
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
