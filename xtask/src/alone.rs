//! Builds each library and each program alone, as its users do.
//!
//! In a workspace build cargo unifies features: if a crate forgets a feature of a dependency, another member enables it. A user of
//! that crate alone would get a compile error. The verifier also builds without the standard library.
//!
//! CI checks the programs and the verifier. The libraries take four minutes more, since cargo builds most dependencies again with
//! fewer features: `cargo xtask hack` and `cargo xtask release` check them, and this command does without `--smoke`.

use std::fs;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::{Package, cargo, metadata, root, target_directory};

/// The verifier's features that work without the standard library.
const WITHOUT_STD: &str = r#"["bytes", "explain", "signature-list"]"#;

/// The standard library has a panic handler, and a program can have only one. So this does not build if any crate in the tree
/// uses the standard library.
const PROGRAM: &str = "#![no_std]
use revento_webhooks as _;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";

/// Options of `alone`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Checks the programs and the verifier only, as CI does
    #[arg(long)]
    smoke: bool,
}

impl Options {
    /// What CI checks.
    pub(crate) fn smoke() -> Self {
        Self { smoke: true }
    }
}

/// Checks each library with its default features and without, and each program.
pub(crate) fn run(options: &Options) -> Result<()> {
    let packages = metadata(&root()?)?.packages;
    let mut broken = Vec::new();
    let is_checked = |package: &&Package| !options.smoke && package.is_public_library();
    for package in packages.iter().filter(is_checked) {
        for features in features(package) {
            let mut arguments = vec!["check", "--quiet", "--locked", "--lib", "-p", &package.name];
            arguments.extend(features);
            if let Err(error) = process::run(&mut cargo(&arguments)?) {
                broken.push(error.to_string());
            }
        }
    }
    // As `cargo install` builds it.
    for package in packages.iter().filter(|package| package.is_installable()) {
        let arguments = ["check", "--quiet", "--locked", "--bins", "-p", &package.name];
        if let Err(error) = process::run(&mut cargo(&arguments)?) {
            broken.push(error.to_string());
        }
    }
    if let Err(error) = without_std() {
        broken.push(format!("revento-webhooks without the standard library: {error}"));
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("these do not build alone:\n  {}", broken.join("\n  "))
}

/// Without a `default` feature the two builds are the same.
fn features(package: &Package) -> Vec<Option<&'static str>> {
    if package.features.contains_key("default") {
        vec![None, Some("--no-default-features")]
    } else {
        vec![None]
    }
}

fn without_std() -> Result<()> {
    let (root, home) = (root()?, target_directory()?.join("without-std"));
    fs::create_dir_all(home.join("src"))?;
    let verifier = root.join("crates/revento-webhooks");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"without-std\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nrevento-webhooks = {{ path = {verifier:?}, features = {WITHOUT_STD} }}\n"
    );
    fs::write(home.join("Cargo.toml"), manifest)?;
    fs::write(home.join("src/lib.rs"), PROGRAM)?;
    // The versions of the workspace, which are downloaded already.
    fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock"))?;
    process::run(cargo(&["check", "--quiet", "--offline"])?.current_dir(&home))
}
