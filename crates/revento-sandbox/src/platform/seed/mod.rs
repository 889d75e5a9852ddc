//! The test data: the same ids and values at every start (contract §6).

mod catalog;
pub(crate) mod import;
mod people;
mod program;

use crate::platform::state::State;

use catalog::EVENT_IDS;

/// The data that a sandbox starts with, and that a reset restores.
#[derive(Debug, Default)]
pub(crate) enum Seed {
    #[default]
    BuiltIn,
    /// The text of a valid seed file.
    File(String),
}

impl Seed {
    /// The state that the seed describes.
    pub(crate) fn state(&self) -> State {
        match self {
            Self::BuiltIn => state(),
            // The text was parsed before without an error.
            Self::File(text) => import::parse(text).unwrap_or_default(),
        }
    }
}

/// The ids of all events. The one for first steps comes first.
pub(crate) fn event_ids(state: &State) -> Vec<String> {
    let mut ids: Vec<String> = state.events.iter().map(|event| event.id.clone()).collect();
    let place = |id: &String| {
        EVENT_IDS
            .iter()
            .position(|known| known == id)
            .unwrap_or(EVENT_IDS.len())
    };
    ids.sort_by_key(place);
    ids
}

/// The state of the built-in seed: organizations, events, people and programs; no connections.
pub(crate) fn state() -> State {
    let mut state = State::default();
    catalog::organizations()
        .into_iter()
        .for_each(|row| state.organizations.load(row));
    people::users().into_iter().for_each(|row| state.users.load(row));
    for plan in catalog::PLANS {
        let event = catalog::event(&plan);
        program::locations(&plan, &event)
            .into_iter()
            .for_each(|row| state.locations.load(row));
        program::threads(&plan, &event)
            .into_iter()
            .for_each(|row| state.threads.load(row));
        program::activities(&plan, &event)
            .into_iter()
            .for_each(|row| state.activities.load(row));
        program::waves(&plan, &event)
            .into_iter()
            .for_each(|row| state.waves.load(row));
        people::participants(&plan, &event)
            .into_iter()
            .for_each(|row| state.participants.load(row));
        state.events.load(event);
    }
    state
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::platform::records::ApplicationStatus;

    #[test]
    fn every_event_has_thirty_participants_in_all_statuses() {
        let state = state();
        for event in state.events.iter() {
            let mut by_status = BTreeMap::<_, usize>::new();
            for row in state.participants.iter().filter(|row| row.event_id == event.id) {
                *by_status.entry(row.status.as_str()).or_default() += 1;
            }
            assert_eq!(
                by_status.len(),
                ApplicationStatus::ALL.len(),
                "{}: {by_status:?}",
                event.id
            );
            assert!(by_status.values().sum::<usize>() >= 30, "{}", event.id);
        }
        let published = state.participants.range("par_published_", None).count();
        assert!(published >= 60, "{published} participants fill no three pages");
    }

    #[test]
    fn every_thread_has_eight_to_twelve_activities_over_several_days() {
        let state = state();
        for thread in state.threads.iter() {
            let activities: Vec<_> = state
                .activities
                .iter()
                .filter(|row| row.thread_id == thread.id)
                .collect();
            assert!(
                (8..=12).contains(&activities.len()),
                "{}: {}",
                thread.id,
                activities.len()
            );
            let mut days: Vec<_> = activities.iter().map(|row| row.starts_at.day()).collect();
            days.dedup();
            assert!(days.len() >= 2, "{}: {days:?}", thread.id);
            assert!(
                activities
                    .iter()
                    .all(|row| state.locations.contains(&row.location_id))
            );
        }
    }

    #[test]
    fn p23_two_seeds_are_the_same_to_the_byte() {
        fn texts(state: &State) -> (String, String) {
            let people: Vec<_> = state.participants.iter().collect();
            let activities: Vec<_> = state.activities.iter().collect();
            (
                serde_json::to_string(&people).unwrap(),
                serde_json::to_string(&activities).unwrap(),
            )
        }
        assert_eq!(texts(&state()), texts(&state()));
    }
}
