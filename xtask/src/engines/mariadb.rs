//! MariaDB: a server with its own defaults, and one whose administrator has changed every default that could matter to a store.

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
    stop: Signal::Terminate,
    ready: "ready for connections",
};

/// For those who bring no database of their own.
const DATABASE: &str = "revento";

/// The defaults of the second server.
const ODD_DEFAULTS: &[&str] = &[
    "--autocommit=0",
    "--character-set-server=latin1",
    "--collation-server=latin1_german1_ci",
    "--completion-type=CHAIN",
    "--default-storage-engine=MyISAM",
    "--default-time-zone=-11:30",
    "--explicit-defaults-for-timestamp=OFF",
    "--init-connect=SET sql_safe_updates=1, sql_auto_is_null=1, sql_select_limit=100000",
    "--loose-innodb-snapshot-isolation=ON",
    "--innodb-strict-mode=OFF",
    "--lower-case-table-names=1",
    "--max-allowed-packet=2M",
    "--sql-mode=ANSI,NO_ZERO_DATE,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH",
    "--transaction-isolation=SERIALIZABLE",
];

#[derive(Debug)]
pub(super) struct MariaDb;

impl Engine for MariaDb {
    fn name(&self) -> &'static str {
        "MariaDB"
    }

    /// The server alone: `mariadb-server` would start a service. The other package has a program that `mariadb-install-db` calls.
    fn packages(&self) -> &'static [&'static str] {
        &["mariadb-server-core", "mariadb-client-core"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_MARIADB", "REVENTO_TEST_MARIADB_ODD"]
    }

    fn installed(&self) -> Result<(), String> {
        programs().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let (server, url) = create(server::folder()?, Sync::Off, &[])?.start()?;
        let (odd_server, odd_url) = create(server::folder()?, Sync::Off, ODD_DEFAULTS)?.start()?;
        Ok(Running {
            values: vec![url, odd_url],
            servers: vec![server, odd_server],
        })
    }
}

impl Restartable {
    /// Prepares a MariaDB server for tests, which does not wait for the disk, with an empty database. Installs MariaDB first if that is
    /// possible.
    pub(crate) fn mariadb() -> Result<Self> {
        if programs().is_err() {
            apt::install(MariaDb.packages()).map_err(anyhow::Error::msg)?;
        }
        let mut server = create(server::folder()?, Sync::Off, &[])?.restartable()?;
        server.url.push_str(DATABASE);
        Ok(server)
    }
}

/// Makes the data folder, and a file from which the server makes its user when it starts.
fn create(folder: TempDir, sync: Sync, defaults: &'static [&'static str]) -> Result<Cluster> {
    let programs = programs().map_err(anyhow::Error::msg)?;
    let user = Unprivileged::choose("mysql");
    let (data, accounts) = (folder.path().join("data"), folder.path().join("accounts.sql"));
    let password = server::password()?;
    std::fs::write(&accounts, account(&password))?;
    user.own(folder.path())?;
    user.own(&accounts)?;
    let mut install = user.command(&programs.install)?;
    install
        .args([
            "--no-defaults",
            "--auth-root-authentication-method=socket",
            "--skip-test-db",
            "--skip-name-resolve",
        ])
        .arg(named("--datadir=", &data))
        .args(
            defaults
                .iter()
                .filter(|option| option.starts_with("--lower-case-table-names")),
        );
    process::stdout(install.current_dir(folder.path()))?;
    Ok(Cluster {
        folder,
        user,
        program: programs.server,
        manners: MANNERS,
        arguments: Box::new(move |folder, port| arguments(folder, port, sync, defaults)),
        url: Box::new(move |port| format!("mysql://revento:{password}@127.0.0.1:{port}/")),
    })
}

/// One statement to a line. The file is read at each start. The server runs `init_connect` only for a user without the last two rights.
fn account(password: &str) -> String {
    format!(
        "CREATE USER IF NOT EXISTS 'revento'@'%' IDENTIFIED BY '{password}';\n\
         GRANT ALL PRIVILEGES ON *.* TO 'revento'@'%' WITH GRANT OPTION;\n\
         CREATE DATABASE IF NOT EXISTS {DATABASE};\n\
         REVOKE SUPER, CONNECTION ADMIN ON *.* FROM 'revento'@'%';\n"
    )
}

fn arguments(folder: &Path, port: u16, sync: Sync, defaults: &[&str]) -> Vec<OsString> {
    let mut words = vec![
        OsString::from("--no-defaults"),
        named("--datadir=", &folder.join("data")),
        named("--socket=", &folder.join("socket")),
        named("--init-file=", &folder.join("accounts.sql")),
        format!("--port={port}").into(),
    ];
    words.extend(["--bind-address=127.0.0.1", "--max-connections=500"].map(OsString::from));
    if sync == Sync::Off {
        // Creating a table waits for the disk most of all, and each test creates its own ones.
        let faster = [
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-flush-method=nosync",
            "--sync-frm=0",
        ];
        words.extend(faster.map(OsString::from));
    }
    words.extend(defaults.iter().map(OsString::from));
    words
}

struct Programs {
    install: PathBuf,
    server: PathBuf,
}

fn programs() -> Result<Programs, String> {
    require(&["my_print_defaults"])?;
    Ok(Programs {
        install: require(&["mariadb-install-db"])?,
        server: require(&["mariadbd"])?,
    })
}
