//! The columns of what operators ask for.

use std::collections::BTreeMap;

use revento_core::{EventType, Timestamp};

use super::{Row, required_integer, required_text, time};
use crate::{DeliveryDetails, DeliveryState, InboxStats, Sealed, SealedDelivery, TypeFailures};

/// Adds up the rows of a statement that counts deliveries, for [`InboxAdmin::stats`](crate::InboxAdmin::stats). Each row has the columns
/// `what` (`due`, `later`, `leased`, `lapsed`, `buried`, `done`, `done_since`, `oldest`, `retrying`), `n`, and for some of these
/// `event_type` (`retrying`, `buried`: one row for each type) or `at` (`oldest`).
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_stats<R: Row>(rows: impl IntoIterator<Item = R>) -> Result<InboxStats, R::Error> {
    let mut stats = InboxStats::default();
    let mut failures: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let count = required_integer(&row, "n")?.cast_unsigned();
        match required_text(&row, "what")?.as_str() {
            "due" => stats.due = count,
            "later" => stats.later = count,
            "leased" => stats.leased = count,
            "lapsed" => stats.lapsed = count,
            "done" => stats.done = count,
            "done_since" => stats.done_since = count,
            "oldest" => stats.oldest_received_at = row.integer("at")?.map(Timestamp::from_unix_micros),
            "retrying" => failures.entry(required_text(&row, "event_type")?).or_default().0 = count,
            "buried" => {
                stats.buried += count;
                failures.entry(required_text(&row, "event_type")?).or_default().1 = count;
            }
            _ => return Err(row.unreadable("what")),
        }
    }
    let failures = failures.into_iter();
    stats.failures = failures
        .map(|(event_type, (retrying, buried))| TypeFailures {
            event_type: EventType::from(event_type.as_str()),
            retrying,
            buried,
        })
        .collect();
    Ok(stats)
}

/// Reads a delivery from `envelope_id`, `delivery_id`, `event_type`, `state`, `at`, `occurred_at`, `received_at`, `attempt`,
/// `single_attempt`, `behind`, `has_body` (numbers, 0 for false) and `error`.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_details<R: Row>(row: &R) -> Result<DeliveryDetails, R::Error> {
    let flag = |column| required_integer(row, column).map(|number| number != 0);
    let state = required_text(row, "state")?;
    Ok(DeliveryDetails {
        envelope_id: required_text(row, "envelope_id")?.into(),
        delivery_id: required_text(row, "delivery_id")?.into(),
        event_type: EventType::from(required_text(row, "event_type")?.as_str()),
        state: DeliveryState::from_name(&state).ok_or_else(|| row.unreadable("state"))?,
        at: time(row, "at")?,
        occurred_at: time(row, "occurred_at")?,
        received_at: time(row, "received_at")?,
        attempts: u32::try_from(required_integer(row, "attempt")?).unwrap_or(u32::MAX),
        single_attempt: flag("single_attempt")?,
        is_behind: flag("behind")?,
        has_body: flag("has_body")?,
        error: row.text("error")?.unwrap_or_default(),
    })
}

/// Reads what is sealed of a delivery from `envelope_id`, `body` and `error`.
///
/// # Errors
/// As [`Row`]'s methods.
pub fn read_sealed<R: Row>(row: &R) -> Result<SealedDelivery, R::Error> {
    let body = row.bytes("body")?.ok_or_else(|| row.unreadable("body"))?;
    Ok(SealedDelivery {
        envelope_id: required_text(row, "envelope_id")?.into(),
        body: Sealed::from_bytes(body),
        error: row.text("error")?.unwrap_or_default(),
    })
}
