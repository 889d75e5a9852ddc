//! A private server with its folder, port, process group and log.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::clock::Stopwatch;
use crate::interrupt;
use crate::process::{Group, Signal, tail};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 3;

/// A running server. Fields are dropped in order: first the processes, then their folder.
#[derive(Debug)]
pub(super) struct Server {
    _processes: Group,
    _folder: TempDir,
}

/// How to stop a server, and how to see that it is ready.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manners {
    pub(super) stop: Signal,
    /// A text of its log.
    pub(super) ready: &'static str,
}

/// A new folder that only this user can read. Dropping it deletes it.
pub(super) fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("revento-test-").tempdir()?)
}

/// Starts a server on a free port of the loopback interface and waits until it is ready.
///
/// Another process may take the free port before the server does; then this function tries another port.
pub(super) fn start(
    folder: TempDir,
    manners: Manners,
    command: impl Fn(&Path, u16) -> Result<Command>,
) -> Result<(Server, u16)> {
    let mut failure = None;
    for _ in 0..ATTEMPTS {
        let port = free_port()?;
        match attempt(folder.path(), manners, command(folder.path(), port)?) {
            Ok(processes) => {
                return Ok((
                    Server {
                        _processes: processes,
                        _folder: folder,
                    },
                    port,
                ));
            }
            Err(error) => failure = Some(error),
        }
        interrupt::check()?;
    }
    Err(failure.context("not tried")?)
}

fn attempt(folder: &Path, manners: Manners, mut command: Command) -> Result<Group> {
    let log = folder.join("log");
    let file = File::create(&log)?;
    command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    let mut processes = Group::spawn(&mut command, manners.stop)?;
    let watch = Stopwatch::start();
    loop {
        let said = String::from_utf8_lossy(&std::fs::read(&log)?).into_owned();
        if said.contains(manners.ready) {
            return Ok(processes);
        }
        if let Some(status) = processes.ended()? {
            bail!(
                "it ended at once ({status}): {}",
                tail(&said, 3).replace('\n', " ")
            );
        }
        if watch.elapsed() > START_TIMEOUT {
            bail!(
                "not ready after {} s: {}",
                START_TIMEOUT.as_secs(),
                tail(&said, 3).replace('\n', " ")
            );
        }
        interrupt::check()?;
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A random password, so that the servers are private on a shared machine too.
pub(super) fn password() -> Result<String> {
    use std::io::Read as _;

    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .context("no source of randomness")?
        .read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<(Server, u16)> {
        let manners = Manners {
            stop: Signal::Terminate,
            ready: "here we go",
        };
        start(folder()?, manners, |_, _| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            Ok(command)
        })
    }

    #[test]
    fn a_server_is_ready_when_its_log_says_so_and_its_folder_goes_with_it() {
        let (server, port) = shell("echo here we go; sleep 300").unwrap();
        let path = server._folder.path().to_owned();
        assert!(port > 0 && path.exists());
        drop(server);
        assert!(!path.exists());
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let error = shell("echo no memory; exit 9").unwrap_err().to_string();
        assert!(error.contains("no memory"), "{error}");
    }
}
