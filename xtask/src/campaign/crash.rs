//! Kills of processes and databases, on one engine.

use std::process::Command;

use anyhow::Result;

use super::trial;
use super::{Home, Part, Step};
use crate::trials::{self, Engine};

const KILLS: u64 = 100;

#[derive(Debug)]
pub(super) struct Crash(pub(super) Engine);

impl Part for Crash {
    fn name(&self) -> String {
        format!("crash-{}", self.0.to_string().to_lowercase())
    }

    fn title(&self) -> String {
        let how = match self.0 {
            Engine::Sqlite => "processes on one file are killed",
            Engine::PostgreSql | Engine::MariaDb => "processes and the server are killed",
            Engine::Nats => "processes are killed, nodes are killed or cut off",
        };
        format!("`crash` on {}: {how}", self.0)
    }

    fn unit(&self) -> &'static str {
        "killed processes"
    }

    fn goal(&self) -> u64 {
        1_000
    }

    fn goes_on(&self) -> bool {
        true
    }

    fn prepare(&self) -> Result<()> {
        trials::build(false).map(drop)
    }

    fn step(&self, _home: &Home, number: u64) -> Result<Step> {
        let mut command = Command::new(trials::build(false)?);
        command.args(["crash", "--json", "--kills", &KILLS.to_string()]);
        command.args(["--seed", &(number + 1).to_string()]);
        if self.0 != Engine::Sqlite {
            command.arg("--without-sqlite");
        }
        let _server = self.0.hand_to(&mut command)?;
        let (documents, failure) = trial::run(&mut command)?;
        let done = documents
            .iter()
            .filter_map(|line| line.get("kills")?.as_u64())
            .sum();
        Ok(trial::step(done, &documents, failure))
    }
}
