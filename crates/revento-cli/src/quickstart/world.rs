//! A sandbox and the example integration, wired to each other.

use std::{
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use revento_example_service::{DataDir, Service, Settings};
use revento_sandbox::{Sandbox, SandboxInfo};
use tokio::{sync::oneshot, task::JoinHandle};

use super::card::Card;
use crate::ports;

/// The ports to try first; 0 is any.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) sandbox: u16,
    pub(crate) service: u16,
}

/// Both, running.
pub(crate) struct World {
    sandbox: Sandbox,
    service: Option<Running>,
    settings: Settings,
    pub(crate) base_url: String,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl World {
    /// Starts both in one data directory. Everything follows the ports that were found.
    pub(crate) async fn start(data: &Path, ports: Ports) -> Result<Self> {
        // First the directory: it tells best what is wrong with it.
        drop(DataDir::open(data).await?.store().close().await);
        let listeners = ports::localhost(ports.service).context("the integration finds no port")?;
        let listener = ports::loopback(ports.sandbox).context("the sandbox finds no port")?;
        let base_url = base_url(&listeners)?;
        let sandbox = Sandbox::builder()
            .listener(listener)
            .redirect_uri(format!("{base_url}/callback"))
            .webhook_url(format!("{base_url}/webhooks"))
            .data(data.join("sandbox.db"))
            .start()
            .await?;
        let settings = settings(sandbox.info(), &base_url, data)?;
        Card::new(sandbox.info(), format!("{base_url}/callback")).leave_in(data)?;
        let service = Running::start(settings.clone(), listeners).await?;
        Ok(Self {
            sandbox,
            service: Some(service),
            settings,
            base_url,
        })
    }

    /// How to reach the sandbox.
    pub(crate) fn info(&self) -> &SandboxInfo {
        self.sandbox.info()
    }

    /// Stops the integration, and starts it anew from its data directory on the same port.
    pub(crate) async fn restart_service(&mut self) -> Result<()> {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let port = url::Url::parse(&self.base_url)?.port().unwrap_or(80);
        let listeners = ports::localhost(port)?;
        anyhow::ensure!(
            base_url(&listeners)? == self.base_url,
            "the integration's port was taken meanwhile"
        );
        self.service = Some(Running::start(self.settings.clone(), listeners).await?);
        Ok(())
    }

    /// Stops both: the integration first, so that it can still answer webhooks.
    pub(crate) async fn stop(self) {
        if let Some(service) = self.service {
            service.stop().await;
        }
        self.sandbox.shutdown().await;
    }
}

impl Running {
    async fn start(settings: Settings, listeners: Vec<TcpListener>) -> Result<Self> {
        let service = Service::open(settings).await?;
        let listeners = listeners
            .into_iter()
            .map(to_tokio)
            .collect::<io::Result<Vec<_>>>()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(service.serve(listeners, async { drop(stopped.await) }));
        Ok(Self { stop, task })
    }

    async fn stop(self) {
        drop(self.stop);
        drop(self.task.await);
    }
}

fn to_tokio(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

fn base_url(listeners: &[TcpListener]) -> Result<String> {
    let listener = listeners.first().context("the integration finds no port")?;
    Ok(format!("http://localhost:{}", ports::port(listener)?))
}

fn settings(info: &SandboxInfo, base_url: &str, data: &Path) -> Result<Settings> {
    let data: PathBuf = fs::canonicalize(data)?;
    Ok(Settings {
        auth_base: info.auth_base.clone(),
        api_base: info.api_base.clone(),
        client_id: info.client_id.clone(),
        client_secret: info.client_secret.clone(),
        webhook_secret: info.webhook_secret.clone(),
        event_id: info.events.first().context("the sandbox has no events")?.clone(),
        base_url: base_url.into(),
        data,
    })
}
