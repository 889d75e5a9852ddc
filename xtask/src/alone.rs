//! Each library builds alone, as its users build it.
//!
//! In the workspace one crate's features serve all: what a crate forgot to ask for, a neighbour brought. A user who takes
//! that crate alone would get the compile error instead. The verifier also builds where there is no standard library.

use std::fs;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::{Package, cargo, metadata, root, target_directory};

/// What the verifier can do without the standard library.
const WITHOUT_STD: &str = r#"["bytes", "explain", "signature-list"]"#;

/// The standard library has a panic handler of its own, and a program has one: this does not build as soon as any crate in
/// the tree uses it.
const PROGRAM: &str = "#![no_std]
use revento_webhooks as _;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
";

/// Checks every library, with its default features and without.
pub(crate) fn run() -> Result<()> {
    let packages = metadata(&root()?)?.packages;
    let mut broken = Vec::new();
    for package in packages.iter().filter(|package| package.is_public_library()) {
        for features in features(package) {
            let mut arguments = vec!["check", "--quiet", "--locked", "--lib", "-p", &package.name];
            arguments.extend(features);
            if let Err(error) = process::run(&mut cargo(&arguments)?) {
                broken.push(error.to_string());
            }
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
    // The versions of the workspace, which are here already.
    fs::copy(root.join("Cargo.lock"), home.join("Cargo.lock"))?;
    process::run(cargo(&["check", "--quiet", "--offline"])?.current_dir(&home))
}
