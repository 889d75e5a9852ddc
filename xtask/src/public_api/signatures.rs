//! Finds the foreign types in a library's public signatures, in rustdoc's JSON.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// The format versions in which a path is an object of `path`, `id` and `args`. Check that before you raise the limit.
const FORMATS: std::ops::RangeInclusive<u64> = 45..=57;

/// A foreign type in a signature, and its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shown {
    pub(super) krate: String,
    pub(super) path: String,
    pub(super) place: String,
}

/// All foreign types, sorted.
pub(super) fn foreign(description: &Value) -> Result<BTreeSet<Shown>> {
    let format = description.get("format_version").and_then(Value::as_u64);
    ensure!(
        format.is_some_and(|format| FORMATS.contains(&format)),
        "rustdoc's format is {format:?}, and {FORMATS:?} are known: compare xtask/src/public_api/signatures.rs with it"
    );
    let index = description.get("index").and_then(Value::as_object);
    let mut shown = BTreeSet::new();
    for item in index
        .context("there is no index")?
        .values()
        .filter(|item| is_public(item))
    {
        let mut ids = Vec::new();
        paths(item.get("inner").unwrap_or(&Value::Null), &mut ids);
        shown.extend(ids.into_iter().filter_map(|id| resolve(description, id, item)));
    }
    Ok(shown)
}

/// Whether the item is ours and public, and no automatic or blanket implementation.
fn is_public(item: &Value) -> bool {
    let ours = item.get("crate_id").and_then(Value::as_u64) == Some(0);
    let visible = matches!(
        item.get("visibility").and_then(Value::as_str),
        Some("public" | "default")
    );
    let implementation = item.pointer("/inner/impl");
    let brought = implementation.is_some_and(|implementation| {
        implementation.get("is_synthetic") == Some(&Value::Bool(true))
            || implementation
                .get("blanket_impl")
                .is_some_and(|blanket| !blanket.is_null())
    });
    ours && visible && !brought
}

/// Collects the ids of all paths in `value`, and of its re-exports.
fn paths<'v>(value: &'v Value, ids: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) => {
            let is_path = ["path", "id", "args"]
                .iter()
                .all(|name| fields.contains_key(*name));
            let is_export = fields.contains_key("source") && fields.contains_key("is_glob");
            ids.extend(fields.get("id").filter(|_| is_path || is_export));
            fields.values().for_each(|field| paths(field, ids));
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, ids)),
        _ => {}
    }
}

fn resolve(description: &Value, id: &Value, item: &Value) -> Option<Shown> {
    let known = description.get("paths")?.get(id.to_string())?;
    let krate = known.get("crate_id")?.as_u64().filter(|krate| *krate != 0)?;
    let krate = description
        .get("external_crates")?
        .get(krate.to_string())?
        .get("name")?
        .as_str()?;
    let path: Vec<&str> = known
        .get("path")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    Some(Shown {
        krate: krate.to_owned(),
        path: path.join("::"),
        place: place(item),
    })
}

fn place(item: &Value) -> String {
    let name = item.get("name").and_then(Value::as_str).unwrap_or("an impl");
    let file = item
        .pointer("/span/filename")
        .and_then(Value::as_str)
        .unwrap_or("?");
    let line = item.pointer("/span/begin/0").and_then(Value::as_u64).unwrap_or(0);
    format!("{name} ({file}:{line})")
}
