//! Checks the architecture: which crate may use which, and that no crate below the line does I/O, reads a clock or draws
//! randomness.
//!
//! `rules` is the table, `facts` asks cargo, `check` compares the two, `sources` reads the code, `modules`
//! finds circles, `drawing` holds the drawing of the client's modules against the code, `references` looks up what comments and
//! tests cite, `glossary` what the glossary names, `publishing` what cargo would refuse to upload, `llms` the map of the
//! documentation, `commands` the commands that workflows and pages name. `links` finds dead links, `guide` what would not work in one
//! of the two places where the guide is read; `markdown` reads pages for both.
//! `front_pages` has the first page of each crate.

mod check;
mod commands;
mod drawing;
mod facts;
mod glossary;
mod guide;
mod links;
mod llms;
mod markdown;
mod modules;
#[cfg(test)]
mod proof;
mod publishing;
mod references;
mod rules;
mod sources;

use anyhow::{Result, bail};

use crate::front_pages;
use crate::release::versions;
use crate::workspace::root;
use facts::Facts;
pub(crate) use guide::write as write_guide;

/// Prints every violation. An error if there is any.
pub(crate) fn run() -> Result<()> {
    let facts = Facts::of(&root()?, facts::Network::Allowed)?;
    let mut violations = check::dependencies(&facts);
    violations.extend(sources::check(&facts)?);
    violations.extend(modules::check(&facts)?);
    violations.extend(drawing::check(&root()?, &facts)?);
    violations.extend(references::check(&root()?)?);
    violations.extend(publishing::check(&root()?)?);
    violations.extend(glossary::check(&root()?)?);
    violations.extend(llms::check(&root()?)?);
    violations.extend(commands::check(&root()?)?);
    violations.extend(links::check(&root()?)?);
    violations.extend(guide::check(&root()?)?);
    let wrong = versions::check(&root()?)?
        .into_iter()
        .map(|why| check::Violation::Code {
            place: "version".to_owned(),
            why,
        });
    violations.extend(wrong);
    let pages = front_pages::check(&root()?)?.into_iter();
    violations
        .extend(pages.map(|front_pages::Complaint { place, why }| check::Violation::Code { place, why }));
    for violation in &violations {
        println!("✗ {violation}");
    }
    if !violations.is_empty() {
        bail!(
            "{} violation(s) of the architecture; the table is xtask/src/purity/rules.rs",
            violations.len()
        );
    }
    println!("{}", check::summary(&facts));
    Ok(())
}
