//! Every path that a module mentions: in `use` items, in types and expressions, and in the arguments of macros.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, Path, UseTree, Visibility};

use super::shipped::is_shipped;

/// A path, as the module writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// An imported name: `name` stands for `path`; `None` for all names of the module `path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) name: Option<String>,
    pub(super) path: Vec<String>,
}

/// What the code of one module mentions and imports. It does not descend into the modules within.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    pub(super) mentions: Vec<Mention>,
    pub(super) imports: Vec<Import>,
}

impl Mentions {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut all = Self::default();
        items.iter().for_each(|item| all.visit_item(item));
        all
    }

    fn mention(&mut self, path: Vec<String>, at: Span) {
        let line = at.start().line;
        self.mentions.push(Mention { path, line });
    }

    fn use_tree(&mut self, tree: &UseTree, mut prefix: Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.use_tree(&path.tree, prefix);
            }
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|tree| self.use_tree(tree, prefix.clone())),
            UseTree::Name(name) => {
                let name_text = name.ident.to_string();
                if name_text != "self" {
                    prefix.push(name_text);
                }
                self.import(prefix.last().cloned(), prefix, name.ident.span());
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    prefix.push(rename.ident.to_string());
                }
                self.import(Some(rename.rename.to_string()), prefix, rename.ident.span());
            }
            UseTree::Glob(glob) => self.import(None, prefix, glob.star_token.span),
        }
    }

    fn import(&mut self, name: Option<String>, path: Vec<String>, at: Span) {
        self.mention(path.clone(), at);
        self.imports.push(Import { name, path });
    }

    /// Paths of two and more segments in tokens that nobody has parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut start = Span::call_site();
        let mut colons = 0;
        for token in tokens {
            match &token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) if colons == 2 && !path.is_empty() => path.push(ident.to_string()),
                other => {
                    self.path_in_tokens(&mut path, start);
                    if let TokenTree::Ident(ident) = other {
                        path.push(ident.to_string());
                        start = ident.span();
                    }
                }
            }
            colons = 0;
            if let TokenTree::Group(group) = token {
                self.tokens(group.stream());
            }
        }
        self.path_in_tokens(&mut path, start);
    }

    fn path_in_tokens(&mut self, path: &mut Vec<String>, start: Span) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mention(path, start);
        }
    }

    /// `#[serde(with = "super::lenient")]` names a path in a text.
    fn texts(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.texts(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                    if let Ok(path) = text.and_then(|text| text.parse::<Path>()) {
                        self.mention(segments(&path), literal.span());
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Mentions {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_shipped(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {
        // A module of its own.
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.use_tree(&item.tree, Vec::new());
        }
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {
        // `pub(in path)` names an ancestor, and needs nothing from it.
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none()
            && let Some(first) = path.segments.first()
        {
            self.mention(segments(path), first.ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("doc")
            && let syn::Meta::List(list) = &attribute.meta
        {
            self.texts(list.tokens.clone());
        }
    }
}

fn segments(path: &Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect()
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(code: &str) -> Vec<String> {
        let file = syn::parse_file(code).unwrap();
        let mentions = Mentions::of(&file.items).mentions;
        mentions
            .iter()
            .map(|mention| format!("{}:{}", mention.line, mention.path.join("::")))
            .collect()
    }

    #[test]
    fn use_items_are_taken_apart() {
        assert_eq!(
            paths("use crate::{a::{self, B}, c::*, d::E as _};"),
            ["1:crate::a", "1:crate::a::B", "1:crate::c", "1:crate::d::E"]
        );
    }

    #[test]
    fn types_expressions_macros_and_texts_are_seen() {
        let code = "
#[serde(with = \"super::text\")]
struct A(crate::b::B);
fn f() {
    super::c::go();
    println!(\"{}\", crate::d::name());
}
";
        let seen = paths(code);
        for path in [
            "2:super::text",
            "3:crate::b::B",
            "5:super::c::go",
            "6:crate::d::name",
        ] {
            assert!(seen.iter().any(|seen| seen == path), "{path} in {seen:?}");
        }
    }

    #[test]
    fn tests_and_inner_modules_are_not_seen() {
        let code = "#[cfg(test)]\nuse crate::a;\nmod inner { use crate::b; }\npub(in crate::c) fn f() {}";
        assert!(paths(code).is_empty(), "{:?}", paths(code));
    }
}
