//! A database server's new data folder, and how to start the server on it.

use std::ffi::OsString;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::server::{self, Manners, Server};
use super::unprivileged::Unprivileged;
use crate::clock::Stopwatch;
use crate::process::Group;

/// Whether a server waits until the disk has a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    On,
    /// A killed server loses nothing that the kernel has. Only a crash of the machine would lose data.
    Off,
}

/// The server's arguments, for a folder and a port.
pub(super) type Arguments = Box<dyn Fn(&Path, u16) -> Vec<OsString>>;

/// A data folder that no server uses yet.
pub(super) struct Cluster {
    pub(super) folder: TempDir,
    pub(super) user: Unprivileged,
    pub(super) program: PathBuf,
    pub(super) manners: Manners,
    pub(super) arguments: Arguments,
    /// The URL of the server at this port.
    pub(super) url: Box<dyn Fn(u16) -> String>,
}

impl Cluster {
    /// Starts the server on a free port.
    pub(super) fn start(self) -> Result<(Server, String)> {
        let (user, program, arguments) = (self.user, self.program, self.arguments);
        let (server, port) = server::start(self.folder, self.manners, |folder, port| {
            let mut command = user.command(&program)?;
            command.current_dir(folder).args(arguments(folder, port));
            Ok(command)
        })?;
        Ok((server, (self.url)(port)))
    }

    /// Chooses a port, and leaves the server to the caller.
    pub(super) fn restartable(self) -> Result<Restartable> {
        let port = server::free_port()?;
        let mut command = self.user.command(&self.program)?;
        command.args((self.arguments)(self.folder.path(), port));
        let mut words = vec![command.get_program().to_string_lossy().into_owned()];
        words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
        Ok(Restartable {
            url: (self.url)(port),
            words,
            port,
            manners: self.manners,
            _folder: self.folder,
        })
    }
}

/// A server that the caller starts, kills and starts again.
#[derive(Debug)]
pub(crate) struct Restartable {
    pub(crate) url: String,
    /// The command that starts it: a program and its arguments.
    pub(crate) words: Vec<String>,
    port: u16,
    manners: Manners,
    /// Its data folder; dropping this value deletes it.
    _folder: TempDir,
}

impl Restartable {
    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> Result<Group> {
        let (program, arguments) = self.words.split_first().context("nothing to start")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Group::spawn(&mut command, self.manners.stop)?;
        let watch = Stopwatch::start();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if watch.elapsed() > Duration::from_secs(30) {
                bail!("{program} does not listen");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }
}

/// An option with a path as its value.
pub(super) fn named(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}
