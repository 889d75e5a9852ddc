//! The receivers: axum with our inbox, and Express with better-sqlite3. Each is a process of its own.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result};
use axum::Router;
use revento_axum::{WebhookEndpoint, WebhookRoute};
use revento_inbox::Inbox;
use revento_webhooks::Verifier;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

use crate::{
    inbox::{deliveries::SECRET, site},
    ledger::key_ring,
};

/// Options of the process that serves our endpoint.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerOptions {
    /// The file of the inbox
    #[arg(long, conflicts_with = "postgres_url")]
    sqlite: Option<PathBuf>,
    /// The database of the inbox
    #[arg(long, requires = "schema")]
    postgres_url: Option<String>,
    /// The schema of the inbox
    #[arg(long)]
    schema: Option<String>,
}

/// Serves our endpoint until the process is killed. Prints its port.
pub(crate) fn serve(options: &ServerOptions) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = match options {
            ServerOptions {
                sqlite: Some(file), ..
            } => site::sqlite(file).await?,
            ServerOptions {
                postgres_url: Some(url),
                schema: Some(schema),
                ..
            } => site::postgres(url, schema).await?,
            _ => anyhow::bail!("which store?"),
        };
        let inbox = Inbox::builder(store, key_ring()).build();
        let endpoint = WebhookEndpoint::new(Verifier::new(SECRET)?, inbox);
        let app = Router::new().layer(WebhookRoute::new("/webhooks", endpoint));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        Ok(axum::serve(listener, app).await?)
    })
}

/// A running receiver. Dropping it kills the process.
pub(super) struct Server {
    pub(super) port: u16,
    _process: Child,
}

impl Server {
    /// Starts a program that prints its port when it listens.
    pub(super) async fn start(command: &mut Command) -> Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("could not start {:?}", command.as_std().get_program()))?;
        let output = process.stdout.take().context("no output")?;
        let line = BufReader::new(output).lines().next_line().await?;
        let line = line.context("the receiver ended before it listened")?;
        Ok(Self {
            port: line.parse().with_context(|| format!("not a port: {line}"))?,
            _process: process,
        })
    }
}
