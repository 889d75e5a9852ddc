//! Private engines for the tests.
//!
//! An engine is a program that some tests need: a database, a browser, a language. Each is one module with one [`Engine`], and a
//! row in [`all`]. Environment variables tell the tests where it is; a test whose variable is not set prints one line and
//! returns. The tests get only servers that were started here, and dropping [`Engines`] stops them.

mod apt;
mod chromium;
mod cluster;
mod languages;
mod mariadb;
mod nats;
mod nats_cluster;
mod node;
mod pgbouncer;
mod postgres;
mod programs;
mod python;
mod redis;
mod server;
mod unprivileged;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::clock::{Stopwatch, human};
use crate::interrupt;
pub(crate) use cluster::{Restartable, Sync};
pub(crate) use nats_cluster::nats_server;
use server::Server;

/// A program that tests need and that a machine may not have.
trait Engine {
    /// Its name, for messages.
    fn name(&self) -> &'static str;

    /// The Debian packages that contain it.
    fn packages(&self) -> &'static [&'static str];

    /// The environment variables that tests read.
    fn variables(&self) -> &'static [&'static str];

    /// Whether its programs are installed; if not, the reason.
    fn installed(&self) -> Result<(), String>;

    /// Starts it. The caller has checked that it is installed, and has started the earlier engines of the list.
    fn start(&self, earlier: &Engines) -> Result<Running>;
}

/// An engine in use.
#[derive(Debug)]
struct Running {
    /// The values of [`Engine::variables`], in their order.
    values: Vec<String>,
    /// The servers to stop.
    servers: Vec<Server>,
}

fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(postgres::Postgres),
        Box::new(pgbouncer::PgBouncer),
        Box::new(mariadb::MariaDb),
        Box::new(redis::Redis),
        Box::new(nats::Nats),
        Box::new(nats_cluster::NatsCluster),
        Box::new(chromium::Chromium),
        Box::new(node::Node),
        Box::new(python::Python),
        Box::new(languages::GO),
        Box::new(languages::JAVA),
        Box::new(languages::PHP),
        Box::new(languages::RUBY),
        Box::new(languages::PROMETHEUS),
    ]
}

/// All engines that could be started. Dropping it stops their servers.
#[derive(Debug)]
pub(crate) struct Engines {
    variables: Vec<(&'static str, Option<String>)>,
    servers: Vec<Server>,
    skipped: Vec<&'static str>,
}

impl Engines {
    /// Starts all engines, and installs missing ones if possible. Prints one line for each.
    pub(crate) fn start() -> Result<Self> {
        let mut engines = Self {
            variables: Vec::new(),
            servers: Vec::new(),
            skipped: Vec::new(),
        };
        for engine in all() {
            let watch = Stopwatch::start();
            let result = ready(engine.as_ref(), &engines);
            interrupt::check()?;
            match result {
                Ok(running) => {
                    println!("engine {:<10} ready in {}", engine.name(), human(watch.elapsed()));
                    engines.add(engine.as_ref(), running);
                }
                Err(reason) => {
                    println!("engine {:<10} skipped: {reason}", engine.name());
                    engines.skip(engine.as_ref());
                }
            }
        }
        Ok(engines)
    }

    /// Sets the variables of the engines for a command, and removes those that the caller's environment has.
    pub(crate) fn hand_to(&self, command: &mut Command) {
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// The value of a variable, if its engine was started.
    fn value(&self, variable: &str) -> Option<&str> {
        let (_, value) = self.variables.iter().find(|(name, _)| *name == variable)?;
        value.as_deref()
    }

    /// An error that names the missing engines, if there are any.
    pub(crate) fn require_all(&self) -> Result<()> {
        if !self.skipped.is_empty() {
            bail!("missing: {}", self.skipped.join(", "));
        }
        Ok(())
    }

    fn add(&mut self, engine: &dyn Engine, running: Running) {
        let values = running.values.into_iter().map(Some);
        self.variables
            .extend(engine.variables().iter().copied().zip(values));
        self.servers.extend(running.servers);
    }

    fn skip(&mut self, engine: &dyn Engine) {
        self.variables
            .extend(engine.variables().iter().map(|name| (*name, None)));
        self.skipped.push(engine.name());
    }
}

fn ready(engine: &dyn Engine, earlier: &Engines) -> Result<Running, String> {
    if let Err(missing) = engine.installed() {
        apt::install(engine.packages()).map_err(|why| format!("{missing}; {why}"))?;
        engine
            .installed()
            .map_err(|still| format!("{still}, even after installing its packages"))?;
    }
    engine.start(earlier).map_err(|error| format!("{error:#}"))
}

/// The path of a program. Installs these Debian packages first if it is missing and that is possible.
pub(crate) fn program(name: &str, packages: &[&str]) -> Result<PathBuf> {
    if programs::find(&[name]).is_none() {
        apt::install(packages).map_err(anyhow::Error::msg)?;
    }
    programs::require(&[name]).map_err(anyhow::Error::msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_engines_speak_through_the_same_variable() {
        let mut names: Vec<_> = all()
            .iter()
            .flat_map(|engine| engine.variables())
            .copied()
            .collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(
            names.iter().all(|name| name.starts_with("REVENTO_TEST_")),
            "{names:?}"
        );
    }

    #[test]
    fn a_skipped_engine_hides_a_server_of_somebody_else() {
        let mut engines = Engines {
            variables: Vec::new(),
            servers: Vec::new(),
            skipped: Vec::new(),
        };
        engines.skip(&postgres::Postgres);
        let mut command = Command::new("env");
        command.env("REVENTO_TEST_POSTGRES", "postgres://production");
        engines.hand_to(&mut command);
        assert!(command.get_envs().all(|(_, value)| value.is_none()));
        assert_eq!(
            engines.require_all().unwrap_err().to_string(),
            "missing: PostgreSQL"
        );
    }
}
