//! Runs a program under test, with its output in a log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts the program. Its output goes to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        Self::spawn(command, log, File::create(log).unwrap())
    }

    fn spawn(command: &mut Command, log: &Path, file: File) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// The output so far.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Panics if the program has ended.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the program ended ({status}):\n{}", self.output());
        }
    }
}

/// A running program with all that it started. Dropping it kills them all.
#[derive(Debug)]
pub(crate) struct Group {
    program: Program,
    leader: u32,
}

impl Group {
    /// Starts the program in a process group of its own. Its output is added to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let file = File::options().create(true).append(true).open(log).unwrap();
        let program = Program::spawn(command.process_group(0), log, file);
        let leader = program.child.id().unwrap();
        Self { program, leader }
    }

    /// The output so far.
    pub(crate) fn output(&self) -> String {
        self.program.output()
    }

    /// Panics if the program has ended.
    pub(crate) fn assert_running(&mut self) {
        self.program.assert_running();
    }

    /// Kills all without a warning, and waits until the program is gone.
    pub(crate) async fn kill(mut self) {
        assert!(kill_group(self.leader), "the group has ended:\n{}", self.output());
        self.program.child.wait().await.unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.program.child.id().is_some() {
            kill_group(self.leader);
        }
    }
}

fn kill_group(leader: u32) -> bool {
    let leader = i32::try_from(leader).ok().and_then(Pid::from_raw).unwrap();
    kill_process_group(leader, Signal::KILL).is_ok()
}

/// Runs a command until it ends. Panics with its output if it fails.
pub(crate) async fn run(command: &mut Command) {
    if let Err(output) = attempt(command).await {
        panic!("{output}");
    }
}

/// Runs a command until it ends. The error is its output.
pub(crate) async fn attempt(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().await;
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    if output.status.success() {
        return Ok(());
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} ({}):\n{stdout}\n{stderr}", output.status))
}
