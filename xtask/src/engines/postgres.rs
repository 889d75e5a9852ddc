//! PostgreSQL. The server refuses to run as root, so root starts it as another user.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

use super::apt;
use super::cluster::{Cluster, Restartable, Sync, named};
use super::programs::require;
use super::server::{self, Manners};
use super::unprivileged::Unprivileged;
use super::{Engine, Engines, Running};
use crate::process::{self, Signal};

const MANNERS: Manners = Manners {
    stop: Signal::Interrupt,
    ready: "database system is ready to accept connections",
};

#[derive(Debug)]
pub(super) struct Postgres;

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["postgresql"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_POSTGRES"]
    }

    fn installed(&self) -> Result<(), String> {
        programs().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let (server, url) = create(server::folder()?, Sync::Off)?.start()?;
        Ok(Running {
            values: vec![url],
            servers: vec![server],
        })
    }
}

impl Restartable {
    /// Prepares a PostgreSQL server for tests, which does not wait for the disk. Installs PostgreSQL first if that is possible.
    pub(crate) fn postgres() -> Result<Self> {
        Self::postgres_in(server::folder()?, Sync::Off)
    }

    /// Prepares a PostgreSQL server whose data is in this folder.
    pub(crate) fn postgres_in(folder: TempDir, sync: Sync) -> Result<Self> {
        if programs().is_err() {
            apt::install(Postgres.packages()).map_err(anyhow::Error::msg)?;
        }
        create(folder, sync)?.restartable()
    }
}

/// Makes the data folder.
fn create(folder: TempDir, sync: Sync) -> Result<Cluster> {
    let programs = programs().map_err(anyhow::Error::msg)?;
    let user = Unprivileged::choose("postgres");
    let data = folder.path().join("data");
    let password_file = folder.path().join("password");
    let password = server::password()?;
    std::fs::write(&password_file, &password)?;
    user.own(folder.path())?;
    user.own(&password_file)?;
    let mut initdb = user.command(&programs.initdb)?;
    initdb.args([
        "--username=revento",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]);
    initdb
        .arg(named("--pwfile=", &password_file))
        .arg(named("--pgdata=", &data));
    process::stdout(initdb.current_dir(folder.path()))?;
    Ok(Cluster {
        folder,
        user,
        program: programs.postgres,
        manners: MANNERS,
        arguments: Box::new(move |folder, port| arguments(&data, folder, port, sync)),
        url: Box::new(move |port| format!("postgres://revento:{password}@127.0.0.1:{port}/postgres")),
    })
}

fn arguments(data: &Path, folder: &Path, port: u16, sync: Sync) -> Vec<OsString> {
    let port = port.to_string();
    let mut words: Vec<OsString> = vec!["-D".into(), data.into(), "-k".into(), folder.into()];
    words.extend(["-h", "127.0.0.1", "-p", &port, "-c", "max_connections=200"].map(OsString::from));
    if sync == Sync::Off {
        words.push("-F".into());
    }
    words
}

struct Programs {
    initdb: PathBuf,
    postgres: PathBuf,
}

fn programs() -> Result<Programs, String> {
    Ok(Programs {
        initdb: require(&["initdb"])?,
        postgres: require(&["postgres"])?,
    })
}
