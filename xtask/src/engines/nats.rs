//! NATS with JetStream.

use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::server::{self, Manners};
use super::{Engine, Engines, Running};
use crate::process::Signal;

const MANNERS: Manners = Manners {
    stop: Signal::Terminate,
    ready: "Server is ready",
};

#[derive(Debug)]
pub(super) struct Nats;

impl Engine for Nats {
    fn name(&self) -> &'static str {
        "NATS"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["nats-server"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_NATS"]
    }

    fn installed(&self) -> Result<(), String> {
        require(&["nats-server"]).map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let program = require(&["nats-server"]).map_err(anyhow::Error::msg)?;
        let token = server::password()?;
        let (server, port) = server::start(server::folder()?, MANNERS, |folder, port| {
            // In a file, because every user can read a command line.
            let file = folder.join("nats.conf");
            let streams = folder.join("streams");
            let settings = format!(
                "listen: \"127.0.0.1:{port}\"\nauthorization {{ token: \"{token}\" }}\nmax_payload: 2MB\n\
                 jetstream {{ store_dir: {streams:?} }}\n"
            );
            std::fs::write(&file, settings)?;
            let mut command = Command::new(&program);
            command.current_dir(folder).arg("-c").arg(file);
            Ok(command)
        })?;
        Ok(Running {
            values: vec![format!("nats://{token}@127.0.0.1:{port}")],
            servers: vec![server],
        })
    }
}
