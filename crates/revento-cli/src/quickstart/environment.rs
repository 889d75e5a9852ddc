//! A sandbox and the example integration, each configured with the other's address.

use std::{
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use revento_example_service::{DataDir, Service, Settings};
use revento_sandbox::{Sandbox, SandboxInfo, StartError};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{integration_file::IntegrationFile, ports};

/// The ports to try first. 0 means any free port.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) sandbox: u16,
    pub(crate) service: u16,
}

/// A running sandbox and a running integration.
pub(crate) struct Environment {
    sandbox: Sandbox,
    service: Option<RunningService>,
    settings: Settings,
    pub(crate) base_url: String,
}

struct RunningService {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Environment {
    /// Starts both on free ports, with their data in one directory.
    pub(crate) async fn start(data: &Path, ports: Ports) -> Result<Self> {
        // Check the directory first: its error is clearer than the sandbox's.
        drop(DataDir::open(data).await?.store().close().await);
        let listeners = ports::localhost(ports.service).context("the integration cannot listen on a port")?;
        let listener = ports::loopback(ports.sandbox).context("the sandbox cannot listen on a port")?;
        let base_url = base_url(&listeners)?;
        let sandbox = Sandbox::builder()
            .listener(listener)
            .redirect_uri(format!("{base_url}/callback"))
            .webhook_url(format!("{base_url}/webhooks"))
            .connect_url(format!("{base_url}/connect"))
            .data(data.join("sandbox.db"))
            .start()
            .await
            .map_err(|error| not_started(error, data))?;
        let settings = settings(sandbox.info(), &base_url, data)?;
        IntegrationFile::new(sandbox.info(), format!("{base_url}/callback")).write_to(data)?;
        let service = RunningService::start(settings.clone(), listeners).await?;
        Ok(Self {
            sandbox,
            service: Some(service),
            settings,
            base_url,
        })
    }

    /// The sandbox's URLs and credentials.
    pub(crate) fn info(&self) -> &SandboxInfo {
        self.sandbox.info()
    }

    /// Stops the integration and starts it again on the same data directory and port.
    pub(crate) async fn restart_service(&mut self) -> Result<()> {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let port = url::Url::parse(&self.base_url)?.port().unwrap_or(80);
        let listeners = ports::localhost(port)?;
        anyhow::ensure!(
            base_url(&listeners)? == self.base_url,
            "another program took the integration's port"
        );
        self.service = Some(RunningService::start(self.settings.clone(), listeners).await?);
        Ok(())
    }

    /// Stops both. The integration stops first, while it can still answer webhooks.
    pub(crate) async fn stop(self) {
        if let Some(service) = self.service {
            service.stop().await;
        }
        self.sandbox.shutdown().await;
    }
}

impl RunningService {
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

/// The sandbox's own error offers another file; here it is another directory.
fn not_started(error: StartError, data: &Path) -> anyhow::Error {
    match error {
        StartError::DataInUse { .. } => anyhow!(
            "another quickstart is running with the data in {}: open that one, stop it, or give another --data DIR",
            data.display()
        ),
        other => other.into(),
    }
}

fn base_url(listeners: &[TcpListener]) -> Result<String> {
    let listener = listeners.first().context("the integration has no listener")?;
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
        previous_webhook_secret: None,
        event_id: info.events.first().context("the sandbox has no events")?.clone(),
        base_url: base_url.into(),
        data,
    })
}
