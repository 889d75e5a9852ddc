//! PgBouncer in front of the PostgreSQL server, in transaction mode and in session mode.

use anyhow::{Context as _, Result};

use super::programs::require;
use super::server::{self, Manners};
use super::unprivileged::Unprivileged;
use super::{Engine, Engines, Running};
use crate::process::Signal;

const MANNERS: Manners = Manners {
    stop: Signal::Interrupt,
    ready: "process up",
};

#[derive(Debug)]
pub(super) struct PgBouncer;

impl Engine for PgBouncer {
    fn name(&self) -> &'static str {
        "PgBouncer"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["pgbouncer"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &[
            "REVENTO_TEST_PGBOUNCER_TRANSACTION",
            "REVENTO_TEST_PGBOUNCER_SESSION",
        ]
    }

    fn installed(&self) -> Result<(), String> {
        require(&["pgbouncer"]).map(drop)
    }

    fn start(&self, earlier: &Engines) -> Result<Running> {
        let program = require(&["pgbouncer"]).map_err(anyhow::Error::msg)?;
        let url = earlier.value("REVENTO_TEST_POSTGRES").context("no PostgreSQL")?;
        let target = Target::parse(url).context("an unexpected URL of PostgreSQL")?;
        let folder = server::folder()?;
        let user = Unprivileged::choose("postgres");
        user.own(folder.path())?;
        let (server, port) = server::start(folder, MANNERS, |folder, port| {
            let (settings, users) = (folder.join("pgbouncer.ini"), folder.join("users"));
            std::fs::write(&settings, target.settings(port, &users.to_string_lossy()))?;
            std::fs::write(&users, format!("\"{}\" \"{}\"\n", target.user, target.password))?;
            for file in [&settings, &users] {
                user.own(file)?;
            }
            let mut command = user.command(&program)?;
            command.current_dir(folder).arg(settings);
            Ok(command)
        })?;
        let place = |mode| {
            format!(
                "postgres://{}:{}@127.0.0.1:{port}/{mode}",
                target.user, target.password
            )
        };
        Ok(Running {
            values: vec![place("transaction"), place("session")],
            servers: vec![server],
        })
    }
}

/// The server that it pools.
struct Target<'a> {
    user: &'a str,
    password: &'a str,
    port: &'a str,
    database: &'a str,
}

impl<'a> Target<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let (login, place) = url.strip_prefix("postgres://")?.split_once('@')?;
        let (user, password) = login.split_once(':')?;
        let (host, database) = place.split_once('/')?;
        let (_, port) = host.split_once(':')?;
        Some(Self {
            user,
            password,
            port,
            database,
        })
    }

    /// In transaction mode few sessions, so that clients share them; in session mode enough for all clients of the tests.
    fn settings(&self, port: u16, users: &str) -> String {
        let Self {
            port: server,
            database,
            ..
        } = self;
        let database = format!("host=127.0.0.1 port={server} dbname={database}");
        format!(
            "[databases]\n\
             transaction = {database} pool_mode=transaction pool_size=4\n\
             session = {database} pool_mode=session pool_size=80\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = scram-sha-256\nauth_file = {users}\nmax_client_conn = 1000\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_name_the_server_and_not_its_password() {
        let target = Target::parse("postgres://revento:planted@127.0.0.1:5433/postgres").unwrap();
        let settings = target.settings(6432, "/tmp/users");
        assert!(
            settings.contains("port=5433 dbname=postgres pool_mode=session"),
            "{settings}"
        );
        assert!(settings.contains("\nlisten_port = 6432\n"), "{settings}");
        assert!(!settings.contains("planted"), "{settings}");
    }
}
