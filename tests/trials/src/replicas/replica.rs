//! A replica: a process of its own that runs the service.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use revento_example_actix::{Database, Settings, serve};
use revento_store::memory::MemoryOnce;
use tokio::{
    process::{Child, Command},
    time::Instant,
};

/// A process that does not answer by then has failed.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(50);

/// The command line of the process. Its settings are environment variables.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    careless: bool,
}

/// Runs the service until the process is killed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let settings = Settings::from_environment()?;
        let mut stores = Database::open(&settings).await?.stores();
        if options.careless {
            stores.once = Arc::new(MemoryOnce::new());
        }
        serve(settings, stores, std::future::pending()).await
    });
    served.map_err(|error| anyhow::anyhow!("{error}"))
}

/// A replica, and the process that it has now.
pub(super) struct Replica {
    pub(super) name: &'static str,
    /// Its own address, which the proxy knows.
    pub(super) base: String,
    port: u16,
    data: PathBuf,
    variables: Vec<(&'static str, String)>,
    careless: bool,
    process: Option<Child>,
}

impl Replica {
    pub(super) fn new(
        name: &'static str,
        folder: &Path,
        variables: Vec<(&'static str, String)>,
        careless: bool,
    ) -> Result<Self> {
        let port = free_port()?;
        Ok(Self {
            name,
            base: format!("http://127.0.0.1:{port}"),
            port,
            data: folder.join(name),
            variables,
            careless,
            process: None,
        })
    }

    /// Starts the process, and waits until it can use the database.
    pub(super) async fn start(&mut self, http: &reqwest::Client) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("replica")
            .args(self.careless.then_some("--careless"))
            .env("PORT", self.port.to_string())
            .env("DATA_DIR", &self.data)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        self.process = Some(command.spawn()?);
        let ready = format!("{}/readyz", self.base);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let process = self.process.as_mut().context("no process")?;
            if let Some(status) = process.try_wait()? {
                bail!("replica {} has ended: {status}", self.name);
            }
            if http
                .get(&ready)
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 204)
            {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("replica {} does not answer", self.name)
    }

    /// Kills the process (SIGKILL).
    pub(super) async fn kill(&mut self) -> Result<()> {
        let mut process = self.process.take().context("no process to kill")?;
        Ok(process.kill().await?)
    }
}

/// A port that nobody has now.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
