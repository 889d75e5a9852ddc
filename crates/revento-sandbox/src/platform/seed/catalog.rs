//! The seeded organizations and events.

use crate::platform::records::{Event, Organization, PublishStatus};
use crate::primitives::time::Time;

/// The description of a seeded event.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventPlan {
    pub(super) slug: &'static str,
    organization_id: &'static str,
    name: &'static str,
    description: &'static str,
    status: PublishStatus,
    min_age: &'static str,
    timezone: &'static str,
    /// 08:00 UTC on the first day, in Unix seconds.
    starts: i64,
    pub(super) days: u32,
    pub(super) participants: u32,
    /// The number of the first user who applied.
    pub(super) first_user: u32,
    pub(super) threads: &'static [&'static str],
    pub(super) venue: &'static str,
}

pub(super) const DAY_S: i64 = 86_400;
/// 2027-05-13 08:00 UTC.
const SPRING: i64 = 1_810_195_200;

pub(super) const PLANS: [EventPlan; 5] = [
    EventPlan {
        slug: "published",
        organization_id: "org_test_atlas",
        name: "Open Source Days",
        description: "Three days for those who write, run and teach open software.",
        status: PublishStatus::Published,
        min_age: "age_all",
        timezone: "Europe/Berlin",
        starts: SPRING,
        days: 3,
        participants: 64,
        first_user: 1,
        threads: &["Systems", "Web", "Community", "Workshops"],
        venue: "Alte Färberei",
    },
    EventPlan {
        slug: "summit",
        organization_id: "org_test_borealis",
        name: "Northern Data Summit",
        description: "Two days on data that has to be right.",
        status: PublishStatus::Published,
        min_age: "age_18_plus",
        timezone: "Europe/Helsinki",
        starts: SPRING + 21 * DAY_S,
        days: 2,
        participants: 36,
        first_user: 41,
        threads: &["Pipelines", "Practice", "Ethics"],
        venue: "Harbour Hall",
    },
    EventPlan {
        slug: "unpublished",
        organization_id: "org_test_atlas",
        name: "Maintainers' Retreat",
        description: "A quiet week-end for people who keep things running. Not published yet.",
        status: PublishStatus::Unpublished,
        min_age: "age_18_plus",
        timezone: "Europe/Berlin",
        starts: SPRING + 120 * DAY_S,
        days: 2,
        participants: 32,
        first_user: 61,
        threads: &["Talks", "Walks", "Hands-on"],
        venue: "Haus am See",
    },
    EventPlan {
        slug: "archived",
        organization_id: "org_test_borealis",
        name: "Northern Data Summit, last year",
        description: "Over and archived.",
        status: PublishStatus::Archived,
        min_age: "age_18_plus",
        timezone: "Europe/Helsinki",
        starts: SPRING - 344 * DAY_S,
        days: 2,
        participants: 30,
        first_user: 31,
        threads: &["Pipelines", "Practice", "Ethics"],
        venue: "Harbour Hall",
    },
    EventPlan {
        slug: "informal",
        organization_id: "org_test_commons",
        name: "Neighbourhood Makers' Fair",
        description: "Held by a group of friends without a legal entity.",
        status: PublishStatus::Published,
        min_age: "age_all",
        timezone: "Europe/Vienna",
        starts: SPRING + 45 * DAY_S,
        days: 2,
        participants: 30,
        first_user: 81,
        threads: &["Wood", "Wire", "Wool"],
        venue: "Market School",
    },
];

/// Ids of the seeded events. The one for first steps comes first.
pub(super) const EVENT_IDS: [&str; 5] = [
    "evt_test_published",
    "evt_test_summit",
    "evt_test_unpublished",
    "evt_test_archived",
    "evt_test_informal",
];

pub(super) fn organizations() -> Vec<Organization> {
    [
        (
            "atlas",
            "Atlas Community e.V.",
            Some("DE 27/640/12345"),
            "Johanna Brandt",
        ),
        (
            "borealis",
            "Borealis Conferences Oy",
            Some("FI 2871234-5"),
            "Eero Lahtinen",
        ),
        ("commons", "Commons Makers", None, "Theo Gruber"),
    ]
    .into_iter()
    .map(|(slug, name, tax_id, organizer)| Organization {
        id: format!("org_test_{slug}"),
        name: name.to_owned(),
        tax_id: tax_id.map(str::to_owned),
        organizer_id: format!("usr_organizer_{slug}"),
        organizer_name: organizer.to_owned(),
    })
    .collect()
}

pub(super) fn event(plan: &EventPlan) -> Event {
    let starts_at = Time::from_seconds(plan.starts);
    Event {
        id: format!("evt_test_{}", plan.slug),
        slug: plan.slug.to_owned(),
        organization_id: plan.organization_id.to_owned(),
        name: plan.name.to_owned(),
        description: plan.description.to_owned(),
        publish_status: plan.status,
        min_age: plan.min_age.to_owned(),
        timezone: plan.timezone.to_owned(),
        starts_at,
        ends_at: starts_at.plus_seconds(i64::from(plan.days - 1) * DAY_S + 10 * 3600),
        created_at: starts_at.plus_seconds(-400 * DAY_S),
        updated_at: starts_at.plus_seconds(-380 * DAY_S),
    }
}
