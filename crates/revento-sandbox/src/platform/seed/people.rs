//! The seeded users and their applications.

use serde_json::{Map, Value};

use super::catalog::{DAY_S, EventPlan};
use crate::platform::records::{ApplicationStatus, Event, Participant, Review, User, default_role};
use crate::primitives::time::Time;

const USERS: u32 = 120;

const GIVEN: [&str; 24] = [
    "Amina",
    "Björn",
    "Chiara",
    "Daniel",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jakub",
    "Katarína",
    "Liam",
    "Mei",
    "Noah",
    "Olga",
    "Priya",
    "Quentin",
    "Rosa",
    "Samuel",
    "Tomás",
    "Ulrike",
    "Viktor",
    "Wanda",
    "Yusuf",
];

const FAMILY: [&str; 25] = [
    "Albrecht",
    "Bianchi",
    "Costa",
    "Dvořák",
    "Eriksson",
    "Fischer",
    "García",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kowalska",
    "Lehmann",
    "Moreau",
    "Nakamura",
    "O'Brien",
    "Petrov",
    "Rossi",
    "Schneider",
    "Takács",
    "Urban",
    "Virtanen",
    "Weber",
    "Xu",
    "Yıldız",
    "Zimmermann",
];

const DIETS: [&str; 6] = [
    "none",
    "vegetarian",
    "vegan",
    "no nuts, please",
    "gluten free",
    "halal",
];

fn pick(list: &[&'static str], n: u32) -> &'static str {
    let len = u32::try_from(list.len()).unwrap_or(1).max(1);
    usize::try_from(n % len)
        .ok()
        .and_then(|index| list.get(index))
        .copied()
        .unwrap_or_default()
}

fn ascii(name: &str) -> String {
    name.chars()
        .filter_map(|c| match c {
            'ö' => Some('o'),
            'í' | 'ı' => Some('i'),
            'á' => Some('a'),
            'ř' => Some('r'),
            c if c.is_ascii_alphabetic() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

pub(super) fn users() -> Vec<User> {
    (1..=USERS)
        .map(|n| {
            let (given, family) = (pick(&GIVEN, n * 7), pick(&FAMILY, n * 11 + n / 25));
            User {
                id: format!("usr_{n:04}"),
                given_name: given.to_owned(),
                family_name: family.to_owned(),
                email: format!("{}.{}.{n}@people.example", ascii(given), ascii(family)),
                updated_at: Time::from_seconds(1_767_225_600 + i64::from(n) * 5_431),
            }
        })
        .collect()
}

/// Of ten applications four are approved, three are pending, and one each is rejected, to be revised and cancelled.
fn status(n: u32) -> ApplicationStatus {
    match n % 10 {
        2 | 5 | 8 => ApplicationStatus::Pending,
        4 => ApplicationStatus::Rejected,
        7 => ApplicationStatus::RevisionRequested,
        9 => ApplicationStatus::Cancelled,
        _ => ApplicationStatus::Approved,
    }
}

/// One of sixteen is a speaker, and one of sixteen a volunteer.
fn role(n: u32) -> String {
    match n % 16 {
        6 => "speaker".to_owned(),
        11 => "volunteer".to_owned(),
        _ => default_role(),
    }
}

fn review(status: ApplicationStatus, at: Time, organizer: &str) -> Option<Review> {
    let action = match status {
        ApplicationStatus::Pending => return None,
        ApplicationStatus::Approved | ApplicationStatus::Cancelled => "approved",
        ApplicationStatus::Rejected => "rejected",
        ApplicationStatus::RevisionRequested => "revision_requested",
    };
    Some(Review {
        action: action.to_owned(),
        reviewer_id: organizer.to_owned(),
        at,
    })
}

pub(super) fn participants(plan: &EventPlan, event: &Event) -> Vec<Participant> {
    let organizer = event.organization_id.replacen("org_test_", "usr_organizer_", 1);
    (1..=plan.participants)
        .map(|n| {
            let submitted_at = event.created_at.plus_seconds(10 * DAY_S + i64::from(n) * 7_919);
            let reviewed_at = submitted_at.plus_seconds(2 * DAY_S + i64::from(n) * 613);
            let status = status(n);
            let last_review = review(status, reviewed_at, &organizer);
            let registered = status == ApplicationStatus::Approved && n % 3 != 0;
            let mut fields = Map::new();
            fields.insert("favorite_track".to_owned(), Value::from(pick(plan.threads, n)));
            fields.insert(
                "dietary_notes".to_owned(),
                Value::from(pick(&DIETS, n * 5 + n / 6)),
            );
            if n % 4 == 0 {
                fields.insert("first_time_here".to_owned(), Value::from(n % 8 == 0));
            }
            Participant {
                id: format!("par_{}_{n:04}", plan.slug),
                application_id: format!("app_{}_{n:04}", plan.slug),
                event_id: event.id.clone(),
                user_id: format!("usr_{:04}", plan.first_user + n - 1),
                role: role(n),
                status,
                custom_form_fields: fields,
                submitted_at,
                registered_at: registered.then(|| reviewed_at.plus_seconds(DAY_S)),
                updated_at: last_review.as_ref().map_or(submitted_at, |review| review.at),
                last_review,
            }
        })
        .collect()
}
