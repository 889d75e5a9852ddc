//! One shape for all public errors: each answers what kind it is, whether the same call can succeed later, and whether it may
//! have taken effect.

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

/// Names each public error type that lacks one of the methods.
pub(super) fn check(library: &str, description: &Value) -> Result<Vec<String>> {
    let index = description.get("index").and_then(Value::as_object);
    let index = index.context("there is no index")?;
    let mut errors = BTreeSet::new();
    let mut methods: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for implementation in index.values().filter_map(|item| item.pointer("/inner/impl")) {
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
            Some(implemented) if is_error(description, implemented) => {
                errors.insert(id);
            }
            Some(_) => {}
        }
    }
    let complaints = errors.iter().filter_map(|id| {
        let item = index.get(id).filter(|item| is_public(item))?;
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
    Ok(complaints.collect())
}

fn is_error(description: &Value, implemented: &Value) -> bool {
    let id = implemented.get("id").map(Value::to_string);
    let known = id.and_then(|id| description.get("paths")?.get(id)?.get("path"));
    known.is_some_and(|path| *path == serde_json::json!(["core", "error", "Error"]))
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
        json!({ "index": index, "paths": { "9": { "path": ["core", "error", "Error"] } } })
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
