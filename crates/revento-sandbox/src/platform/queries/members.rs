//! Members of a webhook's `data` by their path, such as `data.custom_form_fields.size`.

use serde_json::Value;

/// The object whose members are free (contract §3.4).
const FREE: &str = "custom_form_fields";

/// Sets a member that exists, or any member below `custom_form_fields`.
///
/// # Errors
/// Lists the paths that exist.
pub(crate) fn set(data: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let known = paths(data);
    let unknown = || {
        format!(
            "There is no member '{path}' of the webhook; there are {}.",
            known.join(", ")
        )
    };
    let mut names = path
        .strip_prefix("data.")
        .ok_or_else(unknown)?
        .split('.')
        .peekable();
    let mut at = data;
    let mut is_free = false;
    while let Some(name) = names.next() {
        let members = at.as_object_mut().ok_or_else(unknown)?;
        if name.is_empty() || (!is_free && !members.contains_key(name)) {
            return Err(unknown());
        }
        if names.peek().is_none() {
            members.insert(name.to_owned(), value);
            return Ok(());
        }
        is_free = is_free || name == FREE;
        at = members
            .entry(name)
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    Err(unknown())
}

/// The paths of all members, and of any member below `custom_form_fields`.
fn paths(data: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect("data", data, &mut found);
    found.sort_unstable();
    found
}

fn collect(prefix: &str, value: &Value, found: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        let path = format!("{prefix}.{name}");
        if name == FREE {
            found.push(format!("{path}.…"));
        } else if member.is_object() {
            collect(&path, member, found);
        } else {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn l12_a_member_is_set_and_an_unknown_one_is_answered_with_the_valid_names() {
        let mut data = json!({ "id": "a", "custom_form_fields": {}, "place": { "room": 1 } });
        for (path, value) in [
            ("data.id", json!("b")),
            ("data.place.room", json!(null)),
            ("data.custom_form_fields.size", json!("XL")),
            ("data.custom_form_fields.deep.er", json!([1])),
        ] {
            set(&mut data, path, value).unwrap();
        }
        assert_eq!(
            data,
            json!({ "id": "b", "custom_form_fields": { "size": "XL", "deep": { "er": [1] } }, "place": { "room": null } })
        );
        for path in [
            "id",
            "data",
            "data.",
            "data.size",
            "data.id.x",
            "data.place.floor",
            "data.custom_form_fields.",
        ] {
            let error = set(&mut data, path, json!(1)).unwrap_err();
            let names = "data.custom_form_fields.…, data.id, data.place.room";
            assert!(error.contains(names), "{path}: {error}");
        }
    }
}
