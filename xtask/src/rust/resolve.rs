//! Finds the module that defines what a path names.

use super::tree::{Crate, Module, ModulePath};

/// Re-exports of re-exports: further than any crate goes, and an end for those that go round.
const MOST_STEPS: usize = 16;

impl Crate {
    /// The module that defines what `path` names within the module `from`; `None` for other crates and local names.
    ///
    /// A re-export leads to the module that it re-exports from. A name that a macro has generated belongs to the module
    /// that the rest of its path names.
    pub(crate) fn resolve(&self, from: &[String], path: &[String]) -> Option<ModulePath> {
        self.walk(from, path, MOST_STEPS).map(Found::into_module)
    }

    fn walk(&self, from: &[String], path: &[String], steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let (first, mut rest) = path.split_first()?;
        let mut found = match first.as_str() {
            "crate" => Found::Module(Vec::new()),
            "self" => Found::Module(from.to_owned()),
            "super" => Found::Module(parent(from)?),
            "Self" => return None,
            name => self.lookup(from, name, rest.is_empty(), steps)?,
        };
        while let (Found::Module(module), Some((name, further))) = (&found, rest.split_first()) {
            found = if name == "super" {
                Found::Module(parent(module)?)
            } else if let Some(next) = self.lookup(module, name, further.is_empty(), steps) {
                next
            } else {
                Found::Item(module.clone())
            };
            rest = further;
        }
        Some(found)
    }

    /// What `name` means in the module: an item, a module within, or what it imports.
    fn lookup(&self, module_path: &[String], name: &str, is_last: bool, steps: usize) -> Option<Found> {
        let steps = steps.checked_sub(1)?;
        let module = self.modules.get(module_path)?;
        if is_last && module.items.contains(name) {
            return Some(Found::Item(module_path.to_owned()));
        }
        if module.children.contains(name) {
            return Some(Found::Module(child(module_path, name)));
        }
        if module.items.contains(name) {
            return Some(Found::Item(module_path.to_owned()));
        }
        let named = module.named_imports(name);
        named
            .filter_map(|path| self.imported(module_path, path, name, steps))
            .next()
            .or_else(|| self.lookup_in_globs(module_path, module, name, is_last, steps))
    }

    /// `use thing::thing` names the crate `thing`, not itself.
    fn imported(&self, module: &[String], path: &[String], name: &str, steps: usize) -> Option<Found> {
        let names_itself = path.first().is_some_and(|first| first == name);
        if names_itself {
            None
        } else {
            self.walk(module, path, steps)
        }
    }

    fn lookup_in_globs(
        &self,
        module_path: &[String],
        module: &Module,
        name: &str,
        is_last: bool,
        steps: usize,
    ) -> Option<Found> {
        module
            .glob_imports()
            .filter_map(|path| self.walk(module_path, path, steps).map(Found::into_module))
            .filter(|target| target != module_path)
            .find_map(|target| self.lookup(&target, name, is_last, steps))
    }
}

impl Module {
    fn named_imports<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m [String]> {
        self.imports
            .iter()
            .filter(move |import| import.name.as_deref() == Some(name))
            .map(|import| import.path.as_slice())
    }

    fn glob_imports(&self) -> impl Iterator<Item = &[String]> {
        self.imports
            .iter()
            .filter(|import| import.name.is_none())
            .map(|import| import.path.as_slice())
    }
}

/// What a path leads to.
enum Found {
    Module(ModulePath),
    /// An item of this module.
    Item(ModulePath),
}

impl Found {
    fn into_module(self) -> ModulePath {
        match self {
            Self::Module(module) | Self::Item(module) => module,
        }
    }
}

fn parent(module: &[String]) -> Option<ModulePath> {
    module.split_last().map(|(_, parent)| parent.to_owned())
}

fn child(module: &[String], name: &str) -> ModulePath {
    let mut path = module.to_owned();
    path.push(name.to_owned());
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Crate {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        std::fs::create_dir_all(source.join("pacing")).unwrap();
        let write = |name: &str, code: &str| std::fs::write(source.join(name), code).unwrap();
        write(
            "lib.rs",
            "mod limits; pub mod pacing; pub use pacing::Budget; ids! { EventId }",
        );
        write(
            "limits.rs",
            "pub struct Limit; mod inline { pub struct Deep; } pub use inline::Deep;",
        );
        write(
            "pacing/mod.rs",
            "mod budget; pub use budget::*; use crate::limits; use limits::Limit as Most;",
        );
        write("pacing/budget.rs", "pub struct Budget; use super::Most;");
        Crate::load(folder.path()).unwrap()
    }

    fn resolve(from: &str, path: &str) -> Option<String> {
        let split = |text: &str| -> Vec<String> {
            let names = text.split("::").filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        };
        example()
            .resolve(&split(from), &split(path))
            .map(|module| module.join("::"))
    }

    #[test]
    fn a_re_export_leads_to_what_defines_the_item() {
        assert_eq!(
            resolve("limits", "crate::Budget").as_deref(),
            Some("pacing::budget")
        );
        assert_eq!(resolve("", "pacing::Budget").as_deref(), Some("pacing::budget"));
        assert_eq!(resolve("pacing::budget", "Most").as_deref(), Some("limits"));
        assert_eq!(
            resolve("pacing", "limits::Deep").as_deref(),
            Some("limits::inline")
        );
    }

    #[test]
    fn a_generated_name_belongs_to_the_module_that_its_path_names() {
        assert_eq!(resolve("limits", "crate::EventId").as_deref(), Some(""));
        assert_eq!(
            resolve("limits", "crate::pacing::Generated::new").as_deref(),
            Some("pacing")
        );
    }

    #[test]
    fn other_crates_and_local_names_are_none() {
        assert_eq!(resolve("limits", "std::fmt::Debug"), None);
        assert_eq!(resolve("limits", "value"), None);
        assert_eq!(resolve("limits", "Self::new"), None);
    }
}
