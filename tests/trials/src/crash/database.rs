//! The engines, and killing PostgreSQL, MariaDB and nodes of a NATS cluster.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use revento_store::TokenStore;
use revento_store_mysql::MySqlOptions;
use revento_store_nats::NatsOptions;
use revento_store_postgres::PostgresOptions;
use revento_store_sqlite::SqliteStore;

use super::cluster::Cluster;

/// The engine of the store.
#[derive(Debug)]
pub(super) enum Engine {
    Sqlite {
        folder: tempfile::TempDir,
    },
    Server {
        name: &'static str,
        url: String,
        server: Server,
    },
    Nats {
        nodes: Nodes,
    },
}

impl Engine {
    pub(super) fn sqlite() -> Result<Self> {
        Ok(Self::Sqlite {
            folder: tempfile::tempdir()?,
        })
    }

    /// `command` starts the server: a JSON array of words.
    pub(super) fn server(name: &'static str, url: &str, command: &str) -> Result<Self> {
        let words: Vec<String> =
            serde_json::from_str(command).with_context(|| format!("the command of {name}"))?;
        Ok(Self::Server {
            name,
            url: url.to_owned(),
            server: Server { words, child: None },
        })
    }

    pub(super) fn nats(program: &Path) -> Result<Self> {
        let nodes = Nodes {
            cluster: Cluster::start(program)?,
            turn: 0,
            away: None,
        };
        Ok(Self::Nats { nodes })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite, several processes on one file",
            Self::Server { name, .. } => name,
            Self::Nats { .. } => "NATS, three nodes, one of them killed or cut off",
        }
    }

    /// What a worker opens.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Sqlite { folder } => folder.path().join("revento.db").display().to_string(),
            Self::Server { url, .. } => url.clone(),
            Self::Nats { nodes } => nodes.cluster.urls(),
        }
    }

    /// Starts what has to run.
    pub(super) fn start(&mut self) -> Result<()> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Server { server, .. } => server.start(),
            Self::Nats { nodes } => nodes.bring_back(),
        }
    }

    /// Kills the database with `kill -9`, or cuts it off. `false` when none is running.
    pub(super) fn kill(&mut self) -> bool {
        match self {
            Self::Sqlite { .. } => false,
            Self::Server { server, .. } => server.kill(),
            Self::Nats { nodes } => nodes.take_one_away(),
        }
    }
}

/// A cluster. One node at a time is away, each in its turn: first killed, then stopped so that it answers nothing.
#[derive(Debug)]
pub(super) struct Nodes {
    cluster: Cluster,
    turn: usize,
    away: Option<Away>,
}

#[derive(Debug, Clone, Copy)]
enum Away {
    Killed(usize),
    Stopped(usize),
}

impl Nodes {
    fn take_one_away(&mut self) -> bool {
        // Two of three may not be away, and a node that has just come back may not have everything yet.
        let is_whole = || (0..3).all(|node| self.cluster.is_healthy(node).unwrap_or(false));
        if self.away.is_some() || !is_whole() {
            return false;
        }
        let (node, is_kill) = (self.turn % 3, self.turn.is_multiple_of(2));
        self.turn += 1;
        if is_kill {
            self.cluster.kill(node);
            self.away = Some(Away::Killed(node));
        } else if self.cluster.stop(node).is_ok() {
            self.away = Some(Away::Stopped(node));
        }
        self.away.is_some()
    }

    fn bring_back(&mut self) -> Result<()> {
        match self.away.take() {
            Some(Away::Killed(node)) => self.cluster.restart(node)?,
            Some(Away::Stopped(node)) => self.cluster.resume(node)?,
            None => {}
        }
        Ok(())
    }
}

/// A server process that is started and killed again and again.
#[derive(Debug)]
pub(super) struct Server {
    words: Vec<String>,
    child: Option<Child>,
}

impl Server {
    fn start(&mut self) -> Result<()> {
        let (program, arguments) = self.words.split_first().context("an empty command")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Processes of the killed server hold on to its shared memory for a moment.
        for _ in 0..100 {
            let mut child = command
                .spawn()
                .with_context(|| format!("could not start {program}"))?;
            std::thread::sleep(Duration::from_millis(150));
            if child.try_wait()?.is_none() {
                self.child = Some(child);
                return Ok(());
            }
        }
        bail!("{program} does not start");
    }

    fn kill(&mut self) -> bool {
        let Some(mut child) = self.child.take() else {
            return false;
        };
        let _ = child.kill();
        let _ = child.wait();
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Opens the store at a URL. Retries for a while, because the database may be down.
pub(super) async fn open(url: &str, connections: u32) -> Result<Arc<dyn TokenStore>> {
    let mut failure = anyhow::anyhow!("not tried");
    for _ in 0..600 {
        let opened: Result<Arc<dyn TokenStore>> = if url.starts_with("postgres") {
            let options = PostgresOptions::new(url).max_connections(connections);
            options
                .connect()
                .await
                .map(|store| Arc::new(store) as Arc<dyn TokenStore>)
                .map_err(Into::into)
        } else if url.starts_with("mysql") {
            let options = MySqlOptions::new(url).max_connections(connections);
            options
                .connect()
                .await
                .map(|store| Arc::new(store) as Arc<dyn TokenStore>)
                .map_err(Into::into)
        } else if url.starts_with("nats") {
            // The nodes do not sync their disks, and only processes are killed.
            let options = NatsOptions::new(url).trust_the_server();
            options
                .connect()
                .await
                .map(|store| Arc::new(store) as Arc<dyn TokenStore>)
                .map_err(Into::into)
        } else {
            SqliteStore::open(url)
                .await
                .map(|store| Arc::new(store) as Arc<dyn TokenStore>)
                .map_err(Into::into)
        };
        match opened {
            Ok(store) => return Ok(store),
            Err(error) => failure = error,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(failure)
}
