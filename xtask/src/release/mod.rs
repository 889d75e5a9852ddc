//! Makes a release, or rehearses one. RELEASING.md has the steps for people.
//!
//! `changelog` reads the top of CHANGELOG.md, `versions` compares what the manifests say (both are part of `purity`, so that a release finds
//! nothing to mend), `outside` builds and tests the packages as strangers get them, `publish` uploads.

pub(crate) mod changelog;
mod outside;
mod publish;
pub(crate) mod versions;

use anyhow::{Result, bail};

use crate::steps::Steps;
use crate::workspace::{Package, VERSION, metadata, root};
use outside::Outside;

/// Options of `release`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Packages every crate, builds and tests the packages outside the workspace, and uploads nothing
    #[arg(long, conflicts_with = "publish")]
    dry_run: bool,
    /// Also packages files that are not committed
    #[arg(long, requires = "dry_run")]
    allow_dirty: bool,
    /// Uploads every crate that crates.io does not have in this version; HEAD has to bear the tag of the version
    #[arg(long)]
    publish: bool,
}

/// Rehearses, publishes, or prints what is to do.
pub(crate) fn run(options: &Options) -> Result<()> {
    let packages = published()?;
    if options.dry_run {
        return rehearse(&packages, options.allow_dirty);
    }
    ready()?;
    if options.publish {
        return publish::run(&packages);
    }
    println!(
        "{VERSION} is ready to be rehearsed. The steps, from RELEASING.md:\n  \
         cargo xtask ci\n  \
         cargo xtask release --dry-run\n  \
         git tag --sign v{VERSION} --message 'Revento SDK {VERSION}' && git push origin v{VERSION}\n  \
         cargo xtask release --publish\n\
         It uploads {} crates, each after those that it uses.",
        packages.len()
    );
    Ok(())
}

/// The packages that a release uploads.
fn published() -> Result<Vec<Package>> {
    let mut packages = metadata(&root()?)?.packages;
    packages.retain(Package::is_published);
    Ok(packages)
}

/// Whether version and changelog agree, and nothing waits for the next release.
fn ready() -> Result<()> {
    let mut complaints = versions::check(&root()?)?;
    complaints.extend(changelog::waiting(&root()?)?);
    complaints.extend(publish::tagged_elsewhere()?);
    for complaint in &complaints {
        println!("✗ {complaint}");
    }
    if !complaints.is_empty() {
        bail!("{VERSION} is not ready: {} complaint(s)", complaints.len());
    }
    Ok(())
}

fn rehearse(packages: &[Package], allow_dirty: bool) -> Result<()> {
    let mut steps = Steps::default();
    steps.run("version", ready)?;
    let mut outside = None;
    steps.run("package", || {
        outside = Some(Outside::of(packages, allow_dirty)?);
        Ok(())
    })?;
    if let Some(outside) = outside {
        steps.run("test", || outside.test())?;
        steps.run("install", || outside.install())?;
        steps.run("docs", || outside.docs())?;
    }
    steps.finish()
}
