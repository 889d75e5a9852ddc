//! The doctor's test data: small events whose people have names that occur nowhere else.

use serde_json::{Value, json};

use crate::primitives::Random;

/// The event that everything uses if the integration does not take the event from `event_id`.
pub(crate) const MAIN_EVENT: &str = "evt_test_published";

/// The index of the first event that a check may take as a fresh one: after the main one and the one of flows.
pub(crate) const FIRST_FRESH: usize = 2;

/// How many people each event has. They fit on one page, so that a read is one call.
pub(crate) const PEOPLE: usize = 12;

/// The number of events besides the main one.
const FURTHER_EVENTS: usize = 160;

/// The organizer's organization.
pub(crate) const ORGANIZATION: &str = "org_test_atlas";

/// A person of the doctor's world, at one event.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) participant_id: String,
    pub(crate) application_id: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) email: String,
    /// An answer in the application form that occurs nowhere else.
    pub(crate) answer: String,
}

impl Person {
    /// Every text that must be gone after a deletion.
    pub(crate) fn personal_data(&self) -> [&str; 4] {
        [&self.given_name, &self.family_name, &self.email, &self.answer]
    }
}

/// An event of the doctor's world.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) people: Vec<Person>,
}

/// The doctor's world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) events: Vec<Event>,
    flow_event: Event,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x77_6f72_6c64);
        let mut events = vec![event(MAIN_EVENT.to_owned(), "published".to_owned(), &mut random)];
        for number in 1..=FURTHER_EVENTS {
            let slug = format!("doctor{number}");
            events.push(event(format!("evt_{slug}"), slug, &mut random));
        }
        let flow_event = event("evt_flows".to_owned(), "flows".to_owned(), &mut random);
        events.insert(1, flow_event.clone());
        Self { events, flow_event }
    }

    /// An event that no check gets as a fresh one.
    pub(crate) fn flow_event(&self) -> &Event {
        &self.flow_event
    }

    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.id == id)
    }

    /// The seed file of the sandbox.
    pub(crate) fn seed(&self) -> Value {
        let time = "2026-06-01T08:00:00Z";
        let people = || {
            self.events
                .iter()
                .flat_map(|event| event.people.iter().map(move |person| (event, person)))
        };
        json!({
            "organizations": [{
                "id": ORGANIZATION, "name": "Atlas Community e.V.", "tax_id": "DE 27/640/12345",
                "organizer_id": "usr_organizer_atlas", "organizer_name": "Johanna Brandt",
            }],
            "events": self.events.iter().map(|event| json!({
                "id": event.id, "slug": event.slug, "organization_id": ORGANIZATION, "name": format!("Event {}", event.slug),
                "description": "An event of the doctor.", "publish_status": "published", "min_age": "age_all",
                "timezone": "Europe/Berlin", "starts_at": "2027-05-13T08:00:00Z", "ends_at": "2027-05-15T18:00:00Z",
                "created_at": time, "updated_at": time,
            })).collect::<Vec<_>>(),
            "users": people().map(|(_, person)| json!({
                "id": person.user_id, "given_name": person.given_name, "family_name": person.family_name,
                "email": person.email, "updated_at": time,
            })).collect::<Vec<_>>(),
            "participants": people().map(|(event, person)| json!({
                "id": person.participant_id, "application_id": person.application_id, "event_id": event.id,
                "user_id": person.user_id, "role": "attendee", "status": "pending",
                "custom_form_fields": { "favorite_track": "Systems", "dietary_notes": person.answer },
                "submitted_at": time, "registered_at": null, "last_review": null, "updated_at": time,
            })).collect::<Vec<_>>(),
            "threads": self.events.iter().map(|event| json!({
                "id": format!("thr_{}_1", event.slug), "event_id": event.id, "name": "Systems", "description": "", "position": 1,
            })).collect::<Vec<_>>(),
            "locations": self.events.iter().map(|event| json!({
                "id": format!("loc_{}_1", event.slug), "event_id": event.id, "name": "Hall", "venue": "Alte Färberei",
                "building": "A", "floor": "1", "capacity": 100,
            })).collect::<Vec<_>>(),
            "activities": self.events.iter().map(|event| json!({
                "id": format!("act_{}_1", event.slug), "event_id": event.id, "thread_id": format!("thr_{}_1", event.slug),
                "location_id": format!("loc_{}_1", event.slug), "title": "Opening", "description": "", "status": "scheduled",
                "min_age": "age_all", "starts_at": "2027-05-13T08:00:00Z", "ends_at": "2027-05-13T09:00:00Z",
                "capacity": 50, "signups": 1, "updated_at": time,
            })).collect::<Vec<_>>(),
        })
    }
}

fn event(id: String, slug: String, random: &mut Random) -> Event {
    let people = (1..=PEOPLE)
        .map(|number| {
            let (given_name, family_name) = (name(random), name(random));
            Person {
                user_id: format!("usr_{slug}_{number:02}"),
                participant_id: format!("par_{slug}_{number:04}"),
                application_id: format!("app_{slug}_{number:04}"),
                email: format!(
                    "{}.{}@people.example",
                    given_name.to_lowercase(),
                    family_name.to_lowercase()
                ),
                answer: format!("only {} please", name(random)),
                given_name,
                family_name,
            }
        })
        .collect();
    Event { id, slug, people }
}

/// A name of four syllables that no dictionary has.
fn name(random: &mut Random) -> String {
    const CONSONANTS: &[u8; 16] = b"bdfgklmnprstvwxz";
    const VOWELS: &[u8; 4] = b"aeiu";
    let mut name = String::new();
    let mut bits = random.next();
    for _ in 0..4 {
        for (letters, width) in [(CONSONANTS.as_slice(), 4), (VOWELS.as_slice(), 2)] {
            let index = usize::try_from(bits & ((1 << width) - 1)).unwrap_or_default();
            bits >>= width;
            name.extend(letters.get(index).map(|letter| char::from(*letter)));
        }
    }
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
