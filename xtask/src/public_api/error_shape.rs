//! One shape for all public errors: each answers what kind it is, whether the same call can succeed later, and whether it may
//! have taken effect. Its `Debug` is for a person, because Rust prints with it the error of a `main` and of an `unwrap`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The inherent methods of every public type that implements [`std::error::Error`].
const METHODS: [&str; 3] = ["kind", "is_transient", "may_have_taken_effect"];

/// Types that need no methods of their own, with the reason.
const ALLOWED: [(&str, &str); 1] = [
    // The source of a `SessionError`, which has the methods.
    ("revento-api", "Cause"),
];

/// Names each public error type that lacks one of the methods, or whose `Debug` is derived.
pub(super) fn check(library: &str, description: &Value) -> Result<Vec<String>> {
    let index = description.get("index").and_then(Value::as_object);
    let index = index.context("there is no index")?;
    let mut errors = BTreeSet::new();
    let mut derived = BTreeSet::new();
    let mut methods: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for item in index.values() {
        let Some(implementation) = item.pointer("/inner/impl") else {
            continue;
        };
        let Some(id) = implementation
            .pointer("/for/resolved_path/id")
            .map(Value::to_string)
        else {
            continue;
        };
        match implementation
            .get("trait")
            .filter(|implemented| !implemented.is_null())
        {
            None => {
                let items = implementation.get("items").and_then(Value::as_array);
                let names = items
                    .into_iter()
                    .flatten()
                    .filter_map(|item| name(index.get(&item.to_string())?));
                methods.entry(id).or_default().extend(names);
            }
            Some(implemented) if is(description, implemented, &["core", "error", "Error"]) => {
                errors.insert(id);
            }
            Some(implemented)
                if is_derived(item) && is(description, implemented, &["core", "fmt", "Debug"]) =>
            {
                derived.insert(id);
            }
            Some(_) => {}
        }
    }
    let public = |id: &&String| index.get(*id).is_some_and(is_public);
    let unreadable = errors.intersection(&derived).filter(public).filter_map(|id| {
        let name = name(index.get(id)?)?;
        Some(format!(
            "{library}: the error {name} derives Debug: a main that returns it prints code; see revento_core::readable_debug"
        ))
    });
    let shapeless = errors.iter().filter(public).filter_map(|id| {
        let item = index.get(id)?;
        if ALLOWED.contains(&(library, name(item)?)) {
            return None;
        }
        let has = methods.get(id);
        let lacks: Vec<&str> = METHODS
            .into_iter()
            .filter(|method| has.is_none_or(|has| !has.contains(method)))
            .collect();
        let lacks = (!lacks.is_empty()).then(|| lacks.join("(), "))?;
        Some(format!("{library}: the error {} lacks {lacks}()", name(item)?))
    });
    Ok(unreadable.chain(shapeless).collect())
}

/// Whether the implemented trait has this path.
fn is(description: &Value, implemented: &Value, path: &[&str]) -> bool {
    let id = implemented.get("id").map(Value::to_string);
    let known = id.and_then(|id| description.get("paths")?.get(id)?.get("path"));
    known.is_some_and(|known| *known == serde_json::json!(path))
}

fn is_derived(item: &Value) -> bool {
    let attributes = item.get("attrs").and_then(Value::as_array);
    let mut attributes = attributes.into_iter().flatten();
    attributes.any(|attribute| attribute.to_string().contains("automatically_derived"))
}

fn is_public(item: &Value) -> bool {
    item.get("crate_id").and_then(Value::as_u64) == Some(0)
        && item.get("visibility").and_then(Value::as_str) == Some("public")
}

fn name(item: &Value) -> Option<&str> {
    item.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn description(methods: &[&str], visibility: &str) -> Value {
        let mut index = serde_json::Map::new();
        let mut items = Vec::new();
        for (number, method) in (10..).zip(methods) {
            items.push(json!(number));
            index.insert(
                number.to_string(),
                json!({ "crate_id": 0, "name": method, "inner": { "function": {} } }),
            );
        }
        let of = json!({ "resolved_path": { "path": "OpenError", "id": 1 } });
        index.insert(
            "1".into(),
            json!({ "crate_id": 0, "name": "OpenError", "visibility": visibility }),
        );
        index.insert(
            "2".into(),
            json!({ "inner": { "impl": { "trait": null, "for": of, "items": items } } }),
        );
        index.insert(
            "3".into(),
            json!({ "inner": { "impl": { "trait": { "path": "Error", "id": 9 }, "for": of, "items": [] } } }),
        );
        let paths =
            json!({ "8": { "path": ["core", "fmt", "Debug"] }, "9": { "path": ["core", "error", "Error"] } });
        json!({ "index": index, "paths": paths })
    }

    #[test]
    fn a_public_error_with_a_derived_debug_is_named() {
        let mut description = description(&METHODS, "public");
        let of = json!({ "resolved_path": { "path": "OpenError", "id": 1 } });
        description["index"]["4"] = json!({
            "attrs": [], "inner": { "impl": { "trait": { "path": "Debug", "id": 8 }, "for": of, "items": [] } }
        });
        assert!(check("revento-x", &description).unwrap().is_empty());
        description["index"]["4"]["attrs"] = json!(["automatically_derived"]);
        let complaints = check("revento-x", &description).unwrap();
        assert!(
            complaints[0].contains("OpenError derives Debug"),
            "{complaints:?}"
        );
    }

    #[test]
    fn a_public_error_without_the_methods_is_named() {
        let complaints = check("revento-x", &description(&["kind"], "public")).unwrap();
        assert_eq!(
            complaints,
            ["revento-x: the error OpenError lacks is_transient(), may_have_taken_effect()"]
        );
    }

    #[test]
    fn a_whole_or_a_private_error_is_not() {
        assert!(
            check("revento-x", &description(&METHODS, "public"))
                .unwrap()
                .is_empty()
        );
        assert!(check("revento-x", &description(&[], "crate")).unwrap().is_empty());
    }
}
