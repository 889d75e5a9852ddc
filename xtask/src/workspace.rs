//! The workspace: its folder, its cargo commands and its metadata.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::{interrupt, process};

/// The root folder of this workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(here.parent().context("xtask has no parent folder")?.to_owned())
}

/// A cargo command in the root of the workspace.
///
/// `cargo run` sets environment variables that some build scripts read. This function removes them, so that a command
/// started here shares its artifacts with the same command in a shell.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Command> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root()?).args(arguments);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let inherited = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
            "CARGO_PRIMARY_",
        ];
        if inherited.iter().any(|prefix| text.starts_with(prefix)) || text == "LD_LIBRARY_PATH" {
            command.env_remove(&name);
        }
    }
    Ok(command)
}

/// The same as a nightly. `None`, after a line, if the machine has no nightly.
pub(crate) fn nightly(arguments: &[&str]) -> Result<Option<Command>> {
    let with = |arguments: &[&str]| {
        let mut command = Command::new("cargo");
        command.arg("+nightly").args(arguments);
        for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN"] {
            command.env_remove(name);
        }
        command
    };
    if process::stdout(&mut with(&["--version"])).is_err() {
        interrupt::check()?;
        println!("skipped: there is no nightly toolchain (rustup toolchain install nightly)");
        return Ok(None);
    }
    let mut command = with(arguments);
    command.current_dir(root()?);
    Ok(Some(command))
}

/// A copy of what git tracks, as it is now, for tools that write into the sources. It is removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// Copies into the build folder. The place is the same each time, so that cargo can reuse what it built of an earlier copy.
    pub(crate) fn make(name: &str) -> Result<Self> {
        let (root, folder) = (root()?, target_directory()?.join("copies").join(name));
        fs::remove_dir_all(&folder).ok();
        let mut git = Command::new("git");
        git.current_dir(&root).arg("ls-files");
        for file in process::stdout(&mut git)?.lines() {
            let to = folder.join(file);
            fs::create_dir_all(to.parent().context("a file has no folder")?)?;
            copy(&root.join(file), &to).context(file.to_owned())?;
        }
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Copies a file, or the folder behind a link; nothing if it is deleted and not yet committed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        Ok(())
    } else if from.exists() {
        fs::copy(from, to).map(drop)
    } else {
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// The version that all packages share, this one too.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The build folder, as the user's settings define it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    Ok(metadata(&root()?)?.target_directory)
}

/// The output of `cargo metadata --no-deps` for the workspace in `directory`.
pub(crate) fn metadata(directory: &Path) -> Result<Metadata> {
    let mut command = cargo(&["metadata", "--no-deps", "--format-version", "1"])?;
    let text = process::stdout(command.current_dir(directory))?;
    serde_json::from_str(&text).context("cargo metadata printed something unexpected")
}

/// The part of cargo's metadata that the commands use.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) readme: Option<PathBuf>,
    #[serde(default)]
    pub(crate) documentation: Option<String>,
    #[serde(default)]
    pub(crate) repository: Option<String>,
    #[serde(default)]
    pub(crate) rust_version: Option<String>,
    #[serde(default)]
    pub(crate) categories: Vec<String>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    /// The tables `[package.metadata]`, which are for other tools.
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
    targets: Vec<Target>,
    /// The registries that it may be published to; `None` is any, an empty list is `publish = false`.
    publish: Option<Vec<String>>,
}

impl Package {
    /// Whether it is uploaded to the registry.
    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }

    /// Whether somebody can install a program from it.
    pub(crate) fn is_installable(&self) -> bool {
        let is_program = |target: &Target| target.kind.iter().any(|kind| kind == "bin");
        self.is_published() && self.targets.iter().any(is_program)
    }

    /// Whether other programs can use it.
    pub(crate) fn has_library(&self) -> bool {
        let is_library = |target: &Target| target.kind.iter().any(|kind| kind == "lib");
        self.targets.iter().any(is_library)
    }

    /// Whether it is a library of the SDK. The example is published too, because the command `revento` has it; nobody else needs its
    /// library.
    pub(crate) fn is_public_library(&self) -> bool {
        let is_example = self.manifest_path.iter().any(|part| part == "examples");
        self.is_published() && !is_example && self.has_library()
    }
}

#[derive(Debug, Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// A declared dependency.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    pub(crate) optional: bool,
    /// The version requirement; `*` if there is none.
    pub(crate) req: String,
}
