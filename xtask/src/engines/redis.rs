//! Redis, in memory only.

use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::server::{self, Manners};
use super::{Engine, Engines, Running};
use crate::process::Signal;

const MANNERS: Manners = Manners {
    stop: Signal::Terminate,
    ready: "Ready to accept connections",
};

#[derive(Debug)]
pub(super) struct Redis;

impl Engine for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["redis-server"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_REDIS"]
    }

    fn installed(&self) -> Result<(), String> {
        require(&["redis-server"]).map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let program = require(&["redis-server"]).map_err(anyhow::Error::msg)?;
        let password = server::password()?;
        let (server, port) = server::start(server::folder()?, MANNERS, |folder, port| {
            // In a file, because every user can read a command line.
            let file = folder.join("redis.conf");
            let settings =
                format!("bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\n");
            std::fs::write(&file, settings)?;
            let mut command = Command::new(&program);
            command.current_dir(folder).arg(file);
            Ok(command)
        })?;
        Ok(Running {
            values: vec![format!("redis://default:{password}@127.0.0.1:{port}/")],
            servers: vec![server],
        })
    }
}
