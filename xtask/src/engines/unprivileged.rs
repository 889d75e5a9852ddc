//! Servers that refuse to run as root, so root starts them as another user.

use std::path::Path;
use std::process::Command;

#[cfg(unix)]
use anyhow::Context as _;
use anyhow::Result;

#[cfg(unix)]
use super::programs::find;

/// The user that the server runs as.
#[derive(Debug)]
pub(super) enum Unprivileged {
    Ourselves,
    /// This process is root: the user id and group id of another user.
    #[cfg(unix)]
    Other(u32, u32),
}

impl Unprivileged {
    /// Root chooses this account, or `nobody` where there is none.
    #[cfg(unix)]
    pub(super) fn choose(account_name: &str) -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Ourselves;
        }
        let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        account(&accounts, account_name).map_or(Self::Other(65_534, 65_534), |(user, group)| {
            Self::Other(user, group)
        })
    }

    #[cfg(not(unix))]
    pub(super) fn choose(_: &str) -> Self {
        Self::Ourselves
    }

    /// A command that runs as this user, in the process that we start, so that we can signal it.
    pub(super) fn command(&self, program: &Path) -> Result<Command> {
        match self {
            Self::Ourselves => Ok(Command::new(program)),
            #[cfg(unix)]
            Self::Other(user, group) => {
                let setpriv =
                    find(&["setpriv"]).context("setpriv not found: the server does not run as root")?;
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
