//! The first page of each crate: on docs.rs it is the documentation of the library, in the registry and on the code host its README.md.
//! There is one source, the documentation, whose code the tests run. `cargo xtask readmes` writes the READMEs from it.
//!
//! `readme` turns the documentation into a README, `sections` says what each page has.

mod readme;
mod sections;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::workspace::{Package, metadata, root};

/// Something that is wrong with a page.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) place: String,
    pub(crate) why: String,
}

/// Writes the README.md of each library.
pub(crate) fn write() -> Result<()> {
    for page in pages(&root()?)?.iter().filter(|page| !page.is_facade()) {
        if fs::read_to_string(&page.file).unwrap_or_default() != page.readme() {
            fs::write(&page.file, page.readme())?;
            println!("wrote {}", page.file.display());
        }
    }
    Ok(())
}

/// What the pages lack, and the READMEs that are not up to date.
pub(crate) fn check(root: &Path) -> Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    for page in pages(root)? {
        let lacks = sections::missing(&page.text, &page.features).into_iter();
        complaints.extend(lacks.map(|why| Complaint {
            place: page.source.display().to_string(),
            why,
        }));
        if !page.is_facade() && fs::read_to_string(&page.file).unwrap_or_default() != page.readme() {
            complaints.push(Complaint {
                place: page.file.display().to_string(),
                why: "it is not what src/lib.rs says: run `cargo xtask readmes`".to_owned(),
            });
        }
    }
    Ok(complaints)
}

/// The first page of a library.
struct Page {
    name: String,
    source: PathBuf,
    /// The documentation in Markdown.
    text: String,
    features: Vec<String>,
    file: PathBuf,
}

impl Page {
    fn readme(&self) -> String {
        readme::of(&self.name, &self.text)
    }

    /// The README of the repository is that of the facade.
    fn is_facade(&self) -> bool {
        self.name == "revento"
    }
}

fn pages(root: &Path) -> Result<Vec<Page>> {
    let packages = metadata(root)?.packages;
    packages
        .into_iter()
        .filter(Package::is_public_library)
        .map(page)
        .collect()
}

fn page(package: Package) -> Result<Page> {
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest has no folder")?;
    let source = folder.join("src/lib.rs");
    let code = fs::read_to_string(&source).with_context(|| source.display().to_string())?;
    Ok(Page {
        text: documentation(&code),
        features: package
            .features
            .into_keys()
            .filter(|name| name != "default")
            .collect(),
        file: folder.join("README.md"),
        name: package.name,
        source,
    })
}

/// The inner documentation at the beginning of a file.
fn documentation(code: &str) -> String {
    let lines = code.lines().map_while(|line| line.strip_prefix("//!"));
    lines.fold(String::new(), |text, line| {
        text + line.strip_prefix(' ').unwrap_or(line) + "\n"
    })
}
