//! Seed files: test data as JSON, instead of the built-in one.
//!
//! The document maps table names to rows. `GET /_sandbox/seed` shows the format.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::platform::state::State;

/// Reads a seed file.
pub(crate) fn parse(text: &str) -> Result<State, String> {
    // Rows stay slices of the text until they are typed. A tree of values would be many times as large.
    let document: BTreeMap<String, Vec<&RawValue>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut state = State::default();
    for (table, rows) in document {
        if !State::SEED_TABLES.contains(&table.as_str()) {
            return Err(format!(
                "there is no table `{table}` in a seed; the tables are {}",
                State::SEED_TABLES.join(", ")
            ));
        }
        for (number, row) in rows.into_iter().enumerate() {
            state
                .load(&table, row.get())
                .map_err(|error| format!("row {number} of {error}"))?;
        }
    }
    check(&state)?;
    Ok(state)
}

/// Checks that the rows which a row refers to exist, and that ids contain their event's slug: lists are ranges of ids.
fn check(state: &State) -> Result<(), String> {
    if state.events.len() == 0 {
        return Err("there is no event; add at least one".to_owned());
    }
    for event in state.events.iter() {
        if !state.organizations.contains(&event.organization_id) {
            return Err(format!(
                "the event {} belongs to {}, which does not exist",
                event.id, event.organization_id
            ));
        }
    }
    for row in state.participants.iter() {
        check_id(state, "par", &row.id, &row.event_id)?;
        if row.application_id.strip_prefix("app_") != row.id.strip_prefix("par_") {
            return Err(format!(
                "the application_id of {} must be its id with app_ instead of par_",
                row.id
            ));
        }
        if !state.users.contains(&row.user_id) {
            return Err(format!(
                "the participant {} has the user {}, who does not exist",
                row.id, row.user_id
            ));
        }
    }
    for row in state.threads.iter() {
        check_id(state, "thr", &row.id, &row.event_id)?;
    }
    for row in state.activities.iter() {
        check_id(state, "act", &row.id, &row.event_id)?;
    }
    for row in state.locations.iter() {
        check_id(state, "loc", &row.id, &row.event_id)?;
    }
    for row in state.waves.iter() {
        check_id(state, "wav", &row.id, &row.event_id)?;
    }
    Ok(())
}

fn check_id(state: &State, kind: &str, id: &str, event_id: &str) -> Result<(), String> {
    let event = state
        .events
        .get(event_id)
        .ok_or_else(|| format!("{id} belongs to {event_id}, which does not exist"))?;
    let prefix = format!("{kind}_{}_", event.slug);
    if id.starts_with(&prefix) {
        Ok(())
    } else {
        Err(format!("the id {id} must start with {prefix}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::platform::seed;

    #[test]
    fn the_built_in_seed_survives_export_and_import() {
        let exported = seed::state().export_seed();
        assert_eq!(parse(&exported.to_string()).unwrap().export_seed(), exported);
    }

    #[test]
    fn an_error_names_the_row() {
        let good = seed::state().export_seed();
        for (pointer, wrong, says) in [
            ("/participants/0/user_id", "usr_none", "who does not exist"),
            ("/participants/0/id", "par_elsewhere_1", "must start with"),
            ("/events/0/organization_id", "org_none", "which does not exist"),
            ("/activities/3/event_id", "evt_none", "which does not exist"),
            ("/participants/5/status", "eaten", "row 5 of participants"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = Value::from(wrong);
            let error = parse(&bad.to_string()).map(drop).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            parse("{\"tokens\": []}")
                .map(drop)
                .unwrap_err()
                .contains("no table")
        );
        assert!(parse("{}").map(drop).unwrap_err().contains("no event"));
    }
}
