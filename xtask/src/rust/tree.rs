//! Loads a crate's modules, from its root file down.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use syn::{Item, ItemMod};

use super::mentions::{Import, Mention, Mentions, attributes};
use super::shipped::is_shipped;

/// The names from the crate's root to a module; empty for the root itself.
pub(crate) type ModulePath = Vec<String>;

/// A crate's shipped modules.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<ModulePath, Module>,
}

/// One module, without what the modules within it contain.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Relative to the crate's folder.
    pub(crate) file: PathBuf,
    pub(crate) children: BTreeSet<String>,
    pub(crate) mentions: Vec<Mention>,
    /// The names that are defined here.
    pub(super) items: BTreeSet<String>,
    pub(super) imports: Vec<Import>,
}

impl Crate {
    /// Loads the crate in `folder` from its `src/lib.rs`.
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let mut loaded = Self::default();
        let source = folder.join("src");
        let root = source.join("lib.rs");
        let place = Place {
            crate_folder: folder,
            file: &root,
            children: source.clone(),
        };
        let items = parse(&root)?;
        loaded.add(&place, Vec::new(), &items)?;
        Ok(loaded)
    }

    fn add(&mut self, place: &Place<'_>, path: ModulePath, items: &[Item]) -> Result<()> {
        let collected = Mentions::of(items);
        let mut module = Module {
            file: place
                .file
                .strip_prefix(place.crate_folder)
                .unwrap_or(place.file)
                .to_owned(),
            mentions: collected.mentions,
            imports: collected.imports,
            items: items.iter().filter_map(name).collect(),
            children: BTreeSet::new(),
        };
        for item in items {
            if let Item::Mod(item) = item
                && is_shipped(&item.attrs)
            {
                module.children.insert(item.ident.to_string());
                self.child(place, &path, item)?;
            }
        }
        self.modules.insert(path, module);
        Ok(())
    }

    fn child(&mut self, place: &Place<'_>, parent: &[String], item: &ItemMod) -> Result<()> {
        let name = item.ident.to_string();
        let mut path = parent.to_owned();
        path.push(name.clone());
        let children = place.children.join(&name);
        if let Some((_, items)) = &item.content {
            return self.add(&Place { children, ..*place }, path, items);
        }
        let candidates = [children.with_extension("rs"), children.join("mod.rs")];
        let Some(file) = candidates.iter().find(|file| file.exists()) else {
            bail!("no file for the module {} of {}", name, place.file.display());
        };
        let items = parse(file)?;
        self.add(
            &Place {
                file,
                children,
                ..*place
            },
            path,
            &items,
        )
    }
}

/// Where a module stands.
struct Place<'p> {
    crate_folder: &'p Path,
    file: &'p Path,
    /// The folder of the modules within.
    children: PathBuf,
}

fn parse(file: &Path) -> Result<Vec<Item>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
    Ok(parsed.items)
}

/// The name that a shipped item defines. `mod` and `use` are kept elsewhere.
fn name(item: &Item) -> Option<String> {
    if !is_shipped(attributes(item)) {
        return None;
    }
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
