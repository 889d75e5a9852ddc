//! PostgreSQL. The server refuses to run as root, so root starts it as another user.

use std::ffi::OsString;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use super::apt;
use super::programs::{find, require};
use super::server::{self, Manners};
use super::{Engine, Engines, Running};
use crate::clock::Stopwatch;
use crate::process::{self, Group, Signal};

const MANNERS: Manners = Manners {
    stop: Signal::Interrupt,
    ready: "database system is ready to accept connections",
};

#[derive(Debug)]
pub(super) struct Postgres;

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["postgresql"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_POSTGRES"]
    }

    fn installed(&self) -> Result<(), String> {
        programs().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let cluster = Cluster::create(server::folder()?)?;
        let url_at = cluster.url_at();
        let (user, postgres, data) = (cluster.user, cluster.postgres, cluster.data);
        let (server, port) = server::start(cluster.folder, MANNERS, |folder, port| {
            let mut command = user.command(&postgres)?;
            command
                .current_dir(folder)
                .args(arguments(&data, folder, port, Sync::Off));
            Ok(command)
        })?;
        Ok(Running {
            values: vec![url_at(port)],
            server: Some(server),
        })
    }
}

/// Whether a server waits until the disk has a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    On,
    /// A killed server loses nothing that the kernel has. Only a crash of the machine would lose data.
    Off,
}

/// A server that the caller starts, kills and starts again.
#[derive(Debug)]
pub(crate) struct Restartable {
    pub(crate) url: String,
    /// The command that starts it: a program and its arguments.
    pub(crate) words: Vec<String>,
    port: u16,
    /// Its data folder; dropping this value deletes it.
    _folder: TempDir,
}

impl Restartable {
    /// Prepares a server for tests, which does not wait for the disk. Installs PostgreSQL first if that is possible.
    pub(crate) fn prepare() -> Result<Self> {
        Self::prepare_in(server::folder()?, Sync::Off)
    }

    /// Prepares a server whose data is in this folder.
    pub(crate) fn prepare_in(folder: TempDir, sync: Sync) -> Result<Self> {
        if programs().is_err() {
            apt::install(Postgres.packages()).map_err(anyhow::Error::msg)?;
        }
        let cluster = Cluster::create(folder)?;
        let port = server::free_port()?;
        let command = cluster.user.command(&cluster.postgres)?;
        let mut words = vec![command.get_program().to_string_lossy().into_owned()];
        let own = command.get_args().map(|word| word.to_string_lossy().into_owned());
        words.extend(own);
        let arguments = arguments(&cluster.data, cluster.folder.path(), port, sync);
        words.extend(arguments.iter().map(|word| word.to_string_lossy().into_owned()));
        Ok(Self {
            url: cluster.url_at()(port),
            words,
            port,
            _folder: cluster.folder,
        })
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> Result<Group> {
        let (program, arguments) = self.words.split_first().context("nothing to start")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Group::spawn(&mut command, MANNERS.stop)?;
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

/// A new data folder.
struct Cluster {
    folder: TempDir,
    data: PathBuf,
    password: String,
    postgres: PathBuf,
    user: Unprivileged,
}

impl Cluster {
    fn create(folder: TempDir) -> Result<Self> {
        let programs = programs().map_err(anyhow::Error::msg)?;
        let user = Unprivileged::choose();
        let data = folder.path().join("data");
        let password_file = folder.path().join("password");
        let password = server::password()?;
        std::fs::write(&password_file, &password)?;
        user.own(folder.path())?;
        user.own(&password_file)?;
        let mut initdb = user.command(&programs.initdb)?;
        initdb.args([
            "--username=revento",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        initdb
            .arg(named("--pwfile=", &password_file))
            .arg(named("--pgdata=", &data));
        process::stdout(initdb.current_dir(folder.path()))?;
        Ok(Self {
            folder,
            data,
            password,
            postgres: programs.postgres,
            user,
        })
    }

    fn url_at(&self) -> impl Fn(u16) -> String + use<> {
        let password = self.password.clone();
        move |port| format!("postgres://revento:{password}@127.0.0.1:{port}/postgres")
    }
}

fn arguments(data: &Path, folder: &Path, port: u16, sync: Sync) -> Vec<OsString> {
    let port = port.to_string();
    let mut words: Vec<OsString> = vec!["-D".into(), data.into(), "-k".into(), folder.into()];
    words.extend(["-h", "127.0.0.1", "-p", &port, "-c", "max_connections=200"].map(OsString::from));
    if sync == Sync::Off {
        words.push("-F".into());
    }
    words
}

struct Programs {
    initdb: PathBuf,
    postgres: PathBuf,
}

fn programs() -> Result<Programs, String> {
    Ok(Programs {
        initdb: require(&["initdb"])?,
        postgres: require(&["postgres"])?,
    })
}

/// The user that the server runs as.
#[derive(Debug)]
pub(super) enum Unprivileged {
    Ourselves,
    /// This process is root: the user id and group id of another user.
    #[cfg(unix)]
    Other(u32, u32),
}

impl Unprivileged {
    #[cfg(unix)]
    pub(super) fn choose() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Ourselves;
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        account(&accounts, "postgres").map_or(Self::Other(65_534, 65_534), |(user, group)| {
            Self::Other(user, group)
        })
    }

    #[cfg(not(unix))]
    pub(super) fn choose() -> Self {
        Self::Ourselves
    }

    /// A command that runs as this user, in the process that we start, so that we can signal it.
    pub(super) fn command(&self, program: &Path) -> Result<Command> {
        match self {
            Self::Ourselves => Ok(Command::new(program)),
            #[cfg(unix)]
            Self::Other(user, group) => {
                let setpriv =
                    find(&["setpriv"]).context("setpriv not found: PostgreSQL does not run as root")?;
                let mut command = Command::new(setpriv);
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .arg("--clear-groups");
                command.arg(program);
                Ok(command)
            }
        }
    }

    pub(super) fn own(&self, path: &Path) -> Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            #[cfg(unix)]
            Self::Other(user, group) => Ok(std::os::unix::fs::chown(path, Some(*user), Some(*group))?),
        }
    }
}

/// User and group id of an account, from the text of `/etc/passwd`.
#[cfg(unix)]
fn account(accounts: &str, name: &str) -> Option<(u32, u32)> {
    let line = accounts
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn named(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts =
            "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104:admin:/:/bin/sh\n";
        assert_eq!(account(accounts, "postgres"), Some((101, 104)));
        assert_eq!(account(accounts, "nobody"), None);
    }
}
