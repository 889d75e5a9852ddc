//! The modules of a crate form no circle: neither its top-level modules, nor the modules within each folder.
//!
//! `cargo modules dependencies --acyclic` would check the same, but CI would have to install it from the network, and it knows no
//! levels. `crate::rust` resolves paths: a re-export counts for the module that defines the item. The items of a
//! `mod.rs` belong to its folder, so a child that uses them makes no edge between siblings.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use super::check::Violation;
use super::facts::Facts;
use crate::rust::{Crate, ModulePath};

/// The crates whose modules are checked on every level.
const CHECKED: [&str; 3] = ["revento-core", "revento-api", "revento-sandbox"];

/// Circles that may stay, each as the folder whose modules form it, with the reason.
const ALLOWED: [&str; 0] = [];

/// One violation for each group of modules that use each other in a circle.
pub(super) fn check(facts: &Facts) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for name in CHECKED {
        let member = facts.members.iter().find(|member| member.name == name);
        let member = member.with_context(|| format!("no crate {name}"))?;
        let parsed = Crate::load(&member.folder).context(name)?;
        for parent in parsed.modules.keys() {
            let place = std::iter::once(name).chain(parent.iter().map(String::as_str));
            let place = place.collect::<Vec<_>>().join("::");
            if ALLOWED.contains(&place.as_str()) {
                continue;
            }
            for circle in circles(&siblings(&parsed, parent)) {
                violations.push(Violation::Circle {
                    place: place.clone(),
                    edges: circle,
                });
            }
        }
    }
    Ok(violations)
}

/// Who uses whom among the children of a module; each edge with the place of one use.
pub(super) type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The graph of the modules directly within `parent`.
pub(super) fn siblings(parsed: &Crate, parent: &[String]) -> Graph {
    let mut graph = Graph::new();
    for (path, module) in &parsed.modules {
        let Some(user) = child_of(parent, path) else {
            continue;
        };
        let uses = graph.entry(user.to_owned()).or_default();
        for mention in &module.mentions {
            let Some(target) = parsed.resolve(path, &mention.path) else {
                continue;
            };
            if let Some(used) = child_of(parent, &target)
                && used != user
            {
                let place = || format!("{}:{}", module.file.display(), mention.line);
                uses.entry(used.to_owned()).or_insert_with(place);
            }
        }
    }
    graph
}

/// The child of `parent` that the module is, or is within.
fn child_of<'m>(parent: &[String], module: &'m ModulePath) -> Option<&'m str> {
    let rest = module.strip_prefix(parent)?;
    rest.first().map(String::as_str)
}

/// The shortest circle of each group of modules that reach each other; each edge as `user -> used (place)`.
pub(super) fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for start in graph.keys() {
        if seen.contains(start) {
            continue;
        }
        let Some(circle) = shortest_way(graph, start) else {
            continue;
        };
        seen.extend(circle.iter().cloned());
        let next = circle.iter().cycle().skip(1);
        let edges = circle.iter().zip(next);
        circles.push(edges.map(|(user, used)| edge(graph, user, used)).collect());
    }
    circles
}

fn edge(graph: &Graph, user: &str, used: &str) -> String {
    let place = graph.get(user).and_then(|uses| uses.get(used));
    format!("{user} -> {used} ({})", place.map_or("", String::as_str))
}

/// The shortest way from a module back to itself, by breadth-first search.
fn shortest_way(graph: &Graph, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut reached = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let uses = way.last().and_then(|last| graph.get(last)).into_iter().flatten();
            for (used, _) in uses {
                if used == start {
                    return Some(way);
                }
                if reached.insert(used.clone()) {
                    longer.push([way.as_slice(), std::slice::from_ref(used)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::new();
        for (user, used) in edges {
            let place = format!("src/{user}.rs:1");
            graph.entry((*used).to_owned()).or_default();
            graph
                .entry((*user).to_owned())
                .or_default()
                .insert((*used).to_owned(), place);
        }
        graph
    }

    #[test]
    fn a_graph_without_a_circle_has_none() {
        assert!(
            circles(&graph(&[
                ("client", "session"),
                ("session", "error"),
                ("client", "error")
            ]))
            .is_empty()
        );
    }

    #[test]
    fn a_circle_is_printed_with_one_use_for_each_edge() {
        let circle = circles(&graph(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")]));
        assert_eq!(circle, [["b -> c (src/b.rs:1)", "c -> b (src/c.rs:1)"]]);
    }

    #[test]
    fn re_exports_and_tests_make_no_circle_and_uses_do() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("src");
        std::fs::create_dir_all(&source).unwrap();
        let write = |name: &str, code: &str| std::fs::write(source.join(name), code).unwrap();
        write("lib.rs", "mod a; mod b; pub use a::A;");
        write(
            "a.rs",
            "pub struct A; #[cfg(test)] mod tests { use crate::b::B; }",
        );
        write("b.rs", "use crate::A; pub struct B(A);");
        let parsed = Crate::load(folder.path()).unwrap();
        assert!(circles(&siblings(&parsed, &[])).is_empty());
        write("a.rs", "pub struct A; fn f() { crate::b::g(); }");
        let parsed = Crate::load(folder.path()).unwrap();
        assert_eq!(
            circles(&siblings(&parsed, &[])),
            [["a -> b (src/a.rs:1)", "b -> a (src/b.rs:1)"]]
        );
    }
}
