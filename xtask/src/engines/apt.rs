//! Installs Debian packages, if this process may.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::process;

/// Installs packages. The error says why that is not possible.
pub(super) fn install(packages: &[&str]) -> Result<(), String> {
    if !Path::new("/etc/debian_version").exists() {
        return Err(format!("install what Debian calls {}", packages.join(" ")));
    }
    if !is_root() {
        return Err(format!("install it: apt-get install {}", packages.join(" ")));
    }
    update()?;
    println!("installing {}", packages.join(" "));
    apt_get(&["install", "--yes", "--no-install-recommends"], packages)
}

/// Updates the package lists once per run.
fn update() -> Result<(), String> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    DONE.get_or_init(|| apt_get(&["update"], &[])).clone()
}

fn apt_get(verb: &[&str], packages: &[&str]) -> Result<(), String> {
    let mut command = Command::new("apt-get");
    command
        .args(["-o", "DPkg::Lock::Timeout=300", "-qq"])
        .args(verb)
        .args(packages);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    match process::stdout(&mut command) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{error:#}").replace('\n', " ")),
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
