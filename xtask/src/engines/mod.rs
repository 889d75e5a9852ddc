//! Private, throw-away engines for the tests.
//!
//! An engine is a program that some tests need: a database, a browser, a language. It is one small module with one
//! [`Engine`], and a row in [`all`]. The tests learn of it through environment variables; a test whose variable is not
//! set prints one line and returns. Only servers that were started here are handed out, and they end with [`Engines`].

mod apt;
mod chromium;
mod nats;
mod node;
mod postgres;
mod programs;
mod python;
mod redis;
mod server;

use std::process::Command;

use anyhow::{Result, bail};

use crate::clock::{Stopwatch, human};
use crate::interrupt;
pub(crate) use postgres::Restartable;
use server::Server;

/// Something that tests need and that a machine may not have.
trait Engine {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// The Debian packages that bring it.
    fn packages(&self) -> &'static [&'static str];

    /// The variables by which tests find it.
    fn variables(&self) -> &'static [&'static str];

    /// Whether its programs are installed; if not, the reason in a few words.
    fn installed(&self) -> Result<(), String>;

    /// Makes it ready for use. Called only when it is installed.
    fn start(&self) -> Result<Running>;
}

/// An engine in use.
#[derive(Debug)]
struct Running {
    /// In the order of [`Engine::variables`].
    values: Vec<String>,
    /// What there is to end, if anything.
    server: Option<Server>,
}

fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(postgres::Postgres),
        Box::new(redis::Redis),
        Box::new(nats::Nats),
        Box::new(chromium::Chromium),
        Box::new(node::Node),
        Box::new(python::Python),
    ]
}

/// All engines that could be started. Dropping it ends their servers.
#[derive(Debug)]
pub(crate) struct Engines {
    variables: Vec<(&'static str, Option<String>)>,
    servers: Vec<Server>,
    skipped: Vec<&'static str>,
}

impl Engines {
    /// Starts what is there, after installing what is missing where that is possible; one line for each engine.
    pub(crate) fn start() -> Result<Self> {
        let mut engines = Self {
            variables: Vec::new(),
            servers: Vec::new(),
            skipped: Vec::new(),
        };
        for engine in all() {
            let watch = Stopwatch::start();
            let result = ready(engine.as_ref());
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

    /// Tells a command of the engines, and takes from it what the caller's environment says of any others.
    pub(crate) fn hand_to(&self, command: &mut Command) {
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
    }

    /// An error that names the engines that the tests would have to do without, if there are any.
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
        self.servers.extend(running.server);
    }

    fn skip(&mut self, engine: &dyn Engine) {
        self.variables
            .extend(engine.variables().iter().map(|name| (*name, None)));
        self.skipped.push(engine.name());
    }
}

fn ready(engine: &dyn Engine) -> Result<Running, String> {
    if let Err(missing) = engine.installed() {
        apt::install(engine.packages()).map_err(|why| format!("{missing}; {why}"))?;
        engine
            .installed()
            .map_err(|still| format!("{still}, even after installing its packages"))?;
    }
    engine.start().map_err(|error| format!("{error:#}"))
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
