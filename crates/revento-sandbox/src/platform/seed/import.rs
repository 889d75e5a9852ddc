//! Seed files: the catalog of a platform as JSON, instead of the built-in one.
//!
//! The document maps table names to rows in the form in which `GET /_sandbox/seed` shows them.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::platform::state::State;

/// The tables that a seed consists of. What humans did since (tokens, deliveries, …) is no seed.
pub(crate) const TABLES: [&str; 8] = [
    "organizations",
    "events",
    "users",
    "participants",
    "threads",
    "activities",
    "locations",
    "waves",
];

/// Reads a seed file.
pub(crate) fn parse(text: &str) -> Result<State, String> {
    // Rows stay slices of the text until they are typed: a tree of values would be many times as large.
    let document: BTreeMap<String, Vec<&RawValue>> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut state = State::default();
    for (table, rows) in document {
        if !TABLES.contains(&table.as_str()) {
            return Err(format!(
                "there is no table `{table}` in a seed; there are {}",
                TABLES.join(", ")
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

/// Rows refer to rows that are there, and ids carry their event's slug: lists are ranges of ids.
fn check(state: &State) -> Result<(), String> {
    if state.events.len() == 0 {
        return Err("there is no event; a sandbox without one has nothing to connect".to_owned());
    }
    for event in state.events.iter() {
        if !state.organizations.contains(&event.organization_id) {
            return Err(format!(
                "the event {} belongs to {}, which is not there",
                event.id, event.organization_id
            ));
        }
    }
    for row in state.participants.iter() {
        fits(state, "par", &row.id, &row.event_id)?;
        if row.application_id.strip_prefix("app_") != row.id.strip_prefix("par_") {
            return Err(format!(
                "the application of {} has to be called app_ like its participant",
                row.id
            ));
        }
        if !state.users.contains(&row.user_id) {
            return Err(format!(
                "the participant {} is {}, who is not there",
                row.id, row.user_id
            ));
        }
    }
    for row in state.threads.iter() {
        fits(state, "thr", &row.id, &row.event_id)?;
    }
    for row in state.activities.iter() {
        fits(state, "act", &row.id, &row.event_id)?;
    }
    for row in state.locations.iter() {
        fits(state, "loc", &row.id, &row.event_id)?;
    }
    for row in state.waves.iter() {
        fits(state, "wav", &row.id, &row.event_id)?;
    }
    Ok(())
}

fn fits(state: &State, kind: &str, id: &str, event_id: &str) -> Result<(), String> {
    let event = state
        .events
        .get(event_id)
        .ok_or_else(|| format!("{id} belongs to {event_id}, which is not there"))?;
    let prefix = format!("{kind}_{}_", event.slug);
    if id.starts_with(&prefix) {
        Ok(())
    } else {
        Err(format!("the id {id} has to start with {prefix}"))
    }
}

/// The catalog of a state as a seed file.
pub(crate) fn export(state: &State) -> Value {
    fn rows<T: crate::platform::table::Row>(table: &crate::platform::table::Table<T>) -> Vec<Value> {
        table
            .iter()
            .filter_map(|row| serde_json::to_value(row).ok())
            .collect()
    }
    serde_json::json!({
        "organizations": rows(&state.organizations),
        "events": rows(&state.events),
        "users": rows(&state.users),
        "participants": rows(&state.participants),
        "threads": rows(&state.threads),
        "activities": rows(&state.activities),
        "locations": rows(&state.locations),
        "waves": rows(&state.waves),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_seed_survives_export_and_import() {
        let exported = export(&super::super::state());
        assert_eq!(export(&parse(&exported.to_string()).unwrap()), exported);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = export(&super::super::state());
        for (pointer, wrong, says) in [
            ("/participants/0/user_id", "usr_none", "who is not there"),
            ("/participants/0/id", "par_elsewhere_1", "has to start with"),
            ("/events/0/organization_id", "org_none", "which is not there"),
            ("/activities/3/event_id", "evt_none", "which is not there"),
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
