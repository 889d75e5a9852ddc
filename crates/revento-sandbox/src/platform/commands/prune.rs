//! Deleting old rows, so that the memory and the data file of a sandbox that runs for weeks stay bounded.

use crate::decisions;
use crate::platform::records::DeliveryStatus;
use crate::platform::state::State;
use crate::platform::table::{Row, Table};
use crate::primitives::time::Time;

/// How many rows each table keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    audit: usize,
    deliveries: usize,
    codes: usize,
    families: usize,
    tokens: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            audit: decisions::AUDIT_KEPT,
            deliveries: decisions::DELIVERIES_KEPT,
            codes: decisions::CODES_KEPT,
            families: decisions::FAMILIES_KEPT,
            tokens: decisions::TOKENS_KEPT,
        }
    }
}

/// Deletes the oldest rows of each table that has grown a tenth beyond its bound. Rows that are still in use are deleted
/// last.
pub(crate) fn run(state: &mut State, now: Time, bounds: Bounds) {
    for id in surplus(&state.audit, bounds.audit, |row| Some(row.id.clone())) {
        state.audit.remove(&id);
    }
    let order = |status| match status {
        DeliveryStatus::Delivered => 0,
        DeliveryStatus::Dead => 1,
        DeliveryStatus::Pending => 2,
    };
    let deliveries = surplus(&state.deliveries, bounds.deliveries, |row| {
        Some((order(row.status), row.number))
    });
    for id in deliveries {
        state.remove_delivery(&id);
    }
    // A used code is kept for a while, because its second use revokes tokens.
    let codes = surplus(&state.codes, bounds.codes, |row| {
        (row.is_spent() || row.expires_at <= now).then_some(row.expires_at)
    });
    for hash in codes {
        state.codes.remove(&hash);
    }
    let families = surplus(&state.families, bounds.families, |row| {
        let ended = row.revoked.is_some() || row.refresh_expires_at <= now;
        ended.then_some(row.refreshed_at)
    });
    for id in families {
        state.families.remove(&id);
    }
    let access = surplus(&state.access_tokens, bounds.tokens, |row| {
        Some((row.expires_at > now, row.expires_at))
    });
    for hash in access {
        state.access_tokens.remove(&hash);
    }
    // The unused refresh token of a live family is never deleted.
    let refresh = surplus(&state.refresh_tokens, bounds.tokens, |row| {
        let family = state.families.get(&row.family_id);
        let live = family.is_some_and(|family| family.revoked.is_none());
        (row.used_at.is_some() || !live).then(|| (live, row.used_at.unwrap_or(row.expires_at)))
    });
    for hash in refresh {
        state.refresh_tokens.remove(&hash);
    }
}

/// The keys of the rows to delete if there are too many: the first ones by `order`. Rows with `None` are never deleted.
fn surplus<T: Row, K: Ord>(table: &Table<T>, kept: usize, order: impl Fn(&T) -> Option<K>) -> Vec<String> {
    if table.len() <= kept.saturating_add(kept / 10) {
        return Vec::new();
    }
    let mut candidates: Vec<(K, &str)> = table
        .iter()
        .filter_map(|row| Some((order(row)?, row.key())))
        .collect();
    candidates.sort_unstable();
    candidates
        .into_iter()
        .take(table.len().saturating_sub(kept))
        .map(|(_, key)| key.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::oauth::tokens::{FreshPair, issue, revoke};
    use crate::platform::records::{Delivery, Family, Flow};
    use crate::primitives::entropy::Entropy;

    const SMALL: Bounds = Bounds {
        audit: 10,
        deliveries: 10,
        codes: 10,
        families: 10,
        tokens: 10,
    };

    fn delivery(number: u64, status: DeliveryStatus) -> Delivery {
        Delivery {
            id: format!("id-{number:03}"),
            client_id: "int".to_owned(),
            envelope_id: String::new(),
            event_type: "event.published".to_owned(),
            event_id: None,
            url: String::new(),
            body: String::new(),
            created_at: Time::from_seconds(0),
            number,
            status,
            next_attempt_at: (status == DeliveryStatus::Pending).then(|| Time::from_seconds(0)),
            replay_at: None,
            failures: 0,
            attempts: Vec::new(),
        }
    }

    fn family() -> Family {
        Family {
            id: "fam".to_owned(),
            client_id: "int".to_owned(),
            event_id: "evt".to_owned(),
            organization_id: "org".to_owned(),
            flow: Flow::Installation,
            user_id: None,
            scopes: Vec::new(),
            generation: 0,
            issued_at: Time::from_seconds(0),
            refreshed_at: Time::from_seconds(0),
            access_expires_at: Time::from_seconds(0),
            refresh_expires_at: Time::from_seconds(0),
            capped_at: Time::from_seconds(400 * 86_400),
            revoked: None,
        }
    }

    #[test]
    fn delivered_rows_are_deleted_before_dead_and_pending_ones() {
        let mut state = State::default();
        for number in 0..12 {
            let status = match number {
                0..3 => DeliveryStatus::Pending,
                3..6 => DeliveryStatus::Dead,
                _ => DeliveryStatus::Delivered,
            };
            state.put_delivery(delivery(number, status));
        }
        run(&mut state, Time::from_seconds(1), SMALL);
        let left: Vec<u64> = state.deliveries.iter().map(|row| row.number).collect();
        assert_eq!(left, [0, 1, 2, 3, 4, 5, 8, 9, 10, 11]);
        for number in 20..50 {
            state.put_delivery(delivery(number, DeliveryStatus::Pending));
        }
        run(&mut state, Time::from_seconds(1), SMALL);
        assert_eq!((state.deliveries.len(), state.due_deliveries().count()), (10, 10));
    }

    #[test]
    fn the_newest_token_is_kept_after_any_number_of_refreshes() {
        let mut state = State::default();
        state.families.put(family());
        for second in 0..40 {
            let newest = state.families.get("fam").unwrap().clone();
            let last = state.refresh_tokens.iter().find(|row| row.used_at.is_none());
            if let Some(hash) = last.map(|row| row.hash.clone()) {
                state
                    .refresh_tokens
                    .change(&hash, |row| row.used_at = Some(Time::from_seconds(second)));
            }
            issue(
                &mut state,
                Time::from_seconds(second),
                newest,
                FreshPair::draw(&Entropy::default()).unwrap(),
            );
            run(&mut state, Time::from_seconds(second), SMALL);
            assert!(state.refresh_tokens.len() <= 11 && state.access_tokens.len() <= 11);
            assert!(state.audit.len() <= 11);
        }
        let unused: Vec<u32> = state
            .refresh_tokens
            .iter()
            .filter(|row| row.used_at.is_none())
            .map(|row| row.generation)
            .collect();
        assert_eq!(unused, [40]);
        revoke(&mut state, Time::from_seconds(41), "fam", "test");
        assert!(state.families.contains("fam"), "few families are all kept");
    }
}
