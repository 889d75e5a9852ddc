//! The packages as strangers get them: unpacked in a folder outside the repository, each built against the others.
//!
//! Only what is in a `.crate` is there: a test that reads a file of the repository, or an include that leaves its package, fails here.
//! The third-party crates have the versions of our lock file. Cargo would not reuse what it has built of a workspace in another place, so
//! the builds have a target folder of their own.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::soak;
use crate::test;
use crate::workspace::{Package, VERSION, cargo, nightly, root, target_directory};

/// Published for the command that it contains, and not for its library.
const COMMAND: &str = "revento-cli";

/// A workspace whose members are the unpacked packages. Dropping it removes the folder; the target folder stays.
#[derive(Debug)]
pub(super) struct Outside {
    folder: PathBuf,
    target: PathBuf,
}

impl Outside {
    /// Packages, and unpacks the packages.
    pub(super) fn of(packages: &[Package], allow_dirty: bool) -> Result<Self> {
        let root = root()?;
        let outside = Self {
            folder: folder_for(&root),
            target: target_directory()?.join("release"),
        };
        fs::remove_dir_all(&outside.folder).ok();
        fs::create_dir_all(&outside.folder)?;
        outside.package(packages, allow_dirty)?;
        let mut bytes = 0;
        for package in packages {
            bytes += outside.unpack(&package.name)?;
        }
        fs::write(outside.folder.join("Cargo.toml"), outside.manifest(packages)?)?;
        fs::copy(root.join("Cargo.lock"), outside.folder.join("Cargo.lock"))?;
        println!(
            "{} packages with {} KiB in {}",
            packages.len(),
            bytes / 1024,
            outside.folder.display()
        );
        Ok(outside)
    }

    /// Runs all tests and doc tests of the packages, with private engines.
    pub(super) fn test(&self) -> Result<()> {
        test::run_elsewhere(|which| {
            self.cargo(&[
                "test",
                "--offline",
                "--workspace",
                "--all-features",
                "--no-fail-fast",
                which,
            ])
        })
    }

    /// Installs the command, and walks through the quickstart with it. Not optimized: that changes nothing about what a package contains.
    pub(super) fn install(&self) -> Result<()> {
        let installed = self.folder.join("installed");
        let package = self.folder.join(format!("{COMMAND}-{VERSION}"));
        let mut command = self.cargo(&[
            "install",
            "--quiet",
            "--offline",
            "--locked",
            "--debug",
            "--no-track",
        ])?;
        command.arg("--path").arg(package).arg("--root").arg(&installed);
        process::run(&mut command)?;
        let program = installed
            .join("bin/revento")
            .with_extension(std::env::consts::EXE_EXTENSION);
        let walked = soak::quickstart(&program)?;
        println!("the installed command walked through the quickstart: {walked}");
        Ok(())
    }

    /// Documents the libraries as docs.rs does: with a nightly, all features, and `--cfg docsrs` for rustdoc, not for rustc. A warning is an
    /// error.
    pub(super) fn docs(&self) -> Result<()> {
        let arguments = [
            "doc",
            "--offline",
            "--keep-going",
            "--workspace",
            "--lib",
            "--all-features",
            "--no-deps",
        ];
        let Some(mut command) = nightly(&arguments)? else {
            return Ok(());
        };
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.target.join("docs.rs"))
            .env("DOCS_RS", "1")
            .env("RUSTDOCFLAGS", "--cfg docsrs -D warnings");
        process::run(&mut command)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = cargo(arguments)?;
        command
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.target.join("build"));
        Ok(command)
    }

    /// Cargo resolves each package against those that it has packaged before, in the order of an upload.
    fn package(&self, packages: &[Package], allow_dirty: bool) -> Result<()> {
        let mut command = cargo(&["package", "--quiet", "--locked", "--no-verify"])?;
        command.arg("--target-dir").arg(&self.target);
        if allow_dirty {
            command.arg("--allow-dirty");
        }
        for package in packages {
            command.args(["-p", &package.name]);
        }
        process::run(&mut command)
    }

    /// Unpacks one package, and returns its packed size.
    fn unpack(&self, name: &str) -> Result<u64> {
        let file = self.target.join(format!("package/{name}-{VERSION}.crate"));
        // Cargo packs files with a time of long ago, and rebuilds only what is newer than its last build: so not with that time.
        let mut tar = Command::new("tar");
        tar.arg("-xzmf").arg(&file).current_dir(&self.folder);
        process::run(&mut tar)?;
        Ok(fs::metadata(&file)?.len())
    }

    /// The members use each other in place of what the registry has or will have.
    fn manifest(&self, packages: &[Package]) -> Result<String> {
        let mut manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"*-".to_owned();
        writeln!(
            manifest,
            "{VERSION}\"]\n\n[profile.dev]\ndebug = false\n\n[patch.crates-io]"
        )?;
        for package in packages {
            let name = &package.name;
            writeln!(manifest, "{name} = {{ path = \"{name}-{VERSION}\" }}")?;
        }
        Ok(manifest)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The same folder each time, because cargo rebuilds what moves. Another clone has another.
fn folder_for(root: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    std::env::temp_dir().join(format!("revento-release-{:016x}", hasher.finish()))
}
