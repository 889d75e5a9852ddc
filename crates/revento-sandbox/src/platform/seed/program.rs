//! The seeded programs: locations, threads, activities and waves.

use super::catalog::{DAY_S, EventPlan};
use crate::platform::records::{Activity, Event, Location, Thread, Wave};
use crate::primitives::time::Time;

const ROOMS: [(&str, &str, &str, u32); 6] = [
    ("Great Hall", "Main building", "Ground floor", 240),
    ("Studio A", "Main building", "First floor", 60),
    ("Studio B", "Main building", "First floor", 60),
    ("Library", "Main building", "Second floor", 32),
    ("Workshop", "Annex", "Ground floor", 24),
    ("Garden Room", "Annex", "First floor", 40),
];

const FORMS: [&str; 12] = [
    "Opening",
    "A field report",
    "Under the hood",
    "What went wrong",
    "Live from scratch",
    "Round table",
    "Hands-on hour",
    "Short talks",
    "Case study",
    "Questions and answers",
    "Design review",
    "Closing",
];

pub(super) fn locations(plan: &EventPlan, event: &Event) -> Vec<Location> {
    ROOMS
        .iter()
        .zip(1_u32..)
        .map(|(&(name, building, floor, capacity), n)| Location {
            id: format!("loc_{}_{n:02}", plan.slug),
            event_id: event.id.clone(),
            name: name.to_owned(),
            venue: plan.venue.to_owned(),
            building: building.to_owned(),
            floor: floor.to_owned(),
            capacity,
        })
        .collect()
}

pub(super) fn threads(plan: &EventPlan, event: &Event) -> Vec<Thread> {
    plan.threads
        .iter()
        .zip(1_u32..)
        .map(|(&name, n)| Thread {
            id: format!("thr_{}_{n:02}", plan.slug),
            event_id: event.id.clone(),
            name: name.to_owned(),
            description: format!("{name}, from the opening to the last evening."),
            position: n,
        })
        .collect()
}

/// Each thread has 8 to 12 activities, spread evenly over the days.
pub(super) fn activities(plan: &EventPlan, event: &Event) -> Vec<Activity> {
    let mut activities = Vec::new();
    for (&thread, t) in plan.threads.iter().zip(1_u32..) {
        let count = 8 + (t * 2 + plan.days) % 5;
        let per_day = count.div_ceil(plan.days);
        for (&form, n) in FORMS.iter().zip(0..count) {
            let room = (t + n) % 6 + 1;
            let (day, slot) = (i64::from(n / per_day), i64::from(n % per_day));
            let starts_at = event.starts_at.plus_seconds(day * DAY_S + slot * 2 * 3600);
            let capacity = 24 + (t * 13 + n * 7) % 60;
            activities.push(Activity {
                id: format!("act_{}_{t:02}{n:02}", plan.slug),
                event_id: event.id.clone(),
                thread_id: format!("thr_{}_{t:02}", plan.slug),
                location_id: format!("loc_{}_{room:02}", plan.slug),
                title: format!("{thread}: {form}"),
                description: format!("{form} in the thread “{thread}”."),
                status: if (t + n) % 11 == 0 {
                    "cancelled"
                } else {
                    "scheduled"
                }
                .to_owned(),
                min_age: if (t * n) % 7 == 3 {
                    "age_18_plus"
                } else {
                    "age_all"
                }
                .to_owned(),
                starts_at,
                ends_at: starts_at.plus_seconds(90 * 60),
                capacity,
                signups: capacity * ((t + n) % 10) / 10,
                updated_at: event.updated_at,
            });
        }
    }
    activities
}

pub(super) fn waves(plan: &EventPlan, event: &Event) -> Vec<Wave> {
    let wave = |n: u32, name: &str, opens: i64, closes: i64, capacity: u32| Wave {
        id: format!("wav_{}_{n:02}", plan.slug),
        event_id: event.id.clone(),
        name: name.to_owned(),
        opens_at: at(event, opens),
        closes_at: at(event, closes),
        capacity,
    };
    vec![
        wave(1, "Early", -390, -300, 40),
        wave(2, "Regular", -300, -60, 120),
        wave(3, "Late", -60, -3, 30),
    ]
}

fn at(event: &Event, days: i64) -> Time {
    event.starts_at.plus_seconds(days * DAY_S)
}
