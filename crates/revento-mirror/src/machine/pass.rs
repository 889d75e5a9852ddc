//! What to read next, and when.

use std::time::Duration;

use revento_core::Timestamp;

use super::progress::{Complete, Kind, Pass, Place, Progress, Reason};
use crate::store::{ResourceKind, Stamp};

const HOUR: Duration = Duration::from_secs(3600);
/// Which part of a period a scheduled read is spread over. The rest is for what delays it.
const SPREAD: f64 = 0.9;

/// How a mirror reads.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// The lists to read, in this order.
    pub(crate) lists: Vec<ResourceKind>,
    /// From the begin of one reconciliation to the begin of the next.
    pub(crate) period: Duration,
    /// The share of the hour's calls that a reconciliation may use, above 0 and at most 1.
    pub(crate) share: f64,
    /// The calls of an hour.
    pub(crate) calls_per_hour: u32,
    /// The shortest time between a wish and the read that fulfils it, and between two such reads.
    pub(crate) wish_delay: Duration,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, because the connection has ended.
    Rest,
    /// Nothing before this time.
    WaitUntil(Timestamp),
    /// Begin a read, by [`begin`].
    Begin(Reason),
    /// Read a page of a list: the first, or the one behind the cursor.
    Page(ResourceKind, Option<Box<str>>),
    /// Look for rows of the kind that the read has not shown, behind this id.
    Sweep(ResourceKind, Option<Box<str>>),
}

/// Decides what to do next.
pub(crate) fn next(progress: &Progress, wished_at: Option<Timestamp>, now: Timestamp, rules: &Rules) -> Next {
    if progress.ended.is_some() {
        return Next::Rest;
    }
    let Some(pass) = &progress.current else {
        let (at, reason) = next_begin(progress, wished_at, rules);
        return if at <= now {
            Next::Begin(reason)
        } else {
            Next::WaitUntil(at)
        };
    };
    // A wished read sets a reconciliation aside, because that one is spread over its period. It reads everything, too, so
    // nothing is lost.
    let wished = wished_begin(progress, wished_at, rules).filter(|_| pass.reason == Reason::Scheduled);
    if matches!(pass.place, Place::Page(_)) && wished.is_some_and(|at| at <= now) {
        return Next::Begin(Reason::Wished);
    }
    match (pass.lists.first(), &pass.place) {
        // `begin` reads at least one list, and `done_with` ends a read with its last one.
        (None, _) => Next::Begin(pass.reason),
        (Some(kind), Place::Sweep(after)) => Next::Sweep(kind.0, after.clone()),
        (Some(_), Place::Page(_)) if pass.next_at > now => {
            Next::WaitUntil(wished.map_or(pass.next_at, |at| at.min(pass.next_at)))
        }
        (Some(kind), Place::Page(cursor)) => Next::Page(kind.0, cursor.clone()),
    }
}

/// When the next read begins, and why.
pub(crate) fn next_begin(
    progress: &Progress,
    wished_at: Option<Timestamp>,
    rules: &Rules,
) -> (Timestamp, Reason) {
    let Some(complete) = &progress.complete else {
        return (Timestamp::from_unix_micros(i64::MIN), Reason::First);
    };
    if complete.unconfirmed {
        return (complete.completed_at, Reason::Confirming);
    }
    let scheduled = complete.began_at.saturating_add(rules.period);
    match wished_begin(progress, wished_at, rules) {
        // Also if the reconciliation would begin first: it would be spread over its period.
        Some(wished) => (wished.min(scheduled), Reason::Wished),
        None => (scheduled, Reason::Scheduled),
    }
}

/// When a read may begin that was wished for; `None` if there is no wish, or if nothing was read yet.
fn wished_begin(progress: &Progress, wished_at: Option<Timestamp>, rules: &Rules) -> Option<Timestamp> {
    let complete = progress.complete.as_ref()?;
    let since_last = complete.completed_at.saturating_add(rules.wish_delay);
    Some(wished_at?.saturating_add(rules.wish_delay).max(since_last))
}

/// Begins a read.
pub(crate) fn begin(progress: &Progress, reason: Reason, now: Timestamp, rules: &Rules) -> Progress {
    let number = progress.last_pass + 1;
    let pass = Pass {
        reason,
        began_at: now,
        lists: rules.lists.iter().copied().map(Kind).collect(),
        place: Place::Page(None),
        list_began: None,
        has_illegible: false,
        done: Default::default(),
        pages: 0,
        rows: 0,
        changed: 0,
        missing: 0,
        next_at: now,
    };
    Progress {
        last_pass: number,
        current: Some(pass),
        ..progress.clone()
    }
}

/// What a page was.
#[derive(Debug, Clone)]
pub(crate) struct PageRead {
    /// Everything that happened up to then is on the page.
    pub(crate) as_of: Stamp,
    /// The cursor of the next page; `None` for the last.
    pub(crate) next: Option<Box<str>>,
    pub(crate) rows: u64,
    pub(crate) changed: u64,
    /// Whether it had an item without a legible id.
    pub(crate) has_illegible: bool,
}

/// The progress after a page.
pub(crate) fn page_read(progress: &Progress, page: PageRead, now: Timestamp, rules: &Rules) -> Progress {
    let mut progress = progress.clone();
    let gap = gap(&progress, rules);
    if let Some(pass) = &mut progress.current {
        pass.list_began.get_or_insert(page.as_of.to_number());
        pass.has_illegible |= page.has_illegible;
        pass.pages += 1;
        pass.rows += page.rows;
        pass.changed += page.changed;
        pass.next_at = now.saturating_add(gap);
        pass.place = match page.next {
            Some(cursor) => Place::Page(Some(cursor)),
            None => Place::Sweep(None),
        };
    }
    progress
}

/// The stamp of the begin of the list that is swept; `None` if absence from it proves nothing.
pub(crate) fn sweep_began(progress: &Progress) -> Option<Stamp> {
    let pass = progress.current.as_ref()?;
    pass.list_began
        .filter(|_| !pass.has_illegible)
        .map(Stamp::from_number)
}

/// The progress after the rows up to this id were compared; `None` if all were.
pub(crate) fn swept(
    progress: &Progress,
    to: Option<Box<str>>,
    newly_missing: u64,
    removed: u64,
    now: Timestamp,
) -> Progress {
    let mut progress = progress.clone();
    let Some(mut pass) = progress.current.take() else {
        return progress;
    };
    pass.missing += newly_missing;
    pass.changed += removed;
    if to.is_some() {
        pass.place = Place::Sweep(to);
    } else {
        done_with_list(&mut pass);
    }
    finish_or_go_on(progress, pass, now)
}

fn done_with_list(pass: &mut Pass) {
    let kind = (!pass.lists.is_empty()).then(|| pass.lists.remove(0));
    if let Some(kind) = kind
        && let Some(began) = pass.list_began.take()
        && !pass.has_illegible
    {
        pass.done.insert(kind, began);
    }
    pass.has_illegible = false;
    pass.place = Place::Page(None);
}

fn finish_or_go_on(mut progress: Progress, pass: Pass, now: Timestamp) -> Progress {
    if pass.lists.is_empty() {
        progress.complete = Some(Complete {
            began_at: pass.began_at,
            completed_at: now,
            pages: pass.pages,
            rows: pass.rows,
            changed: pass.changed,
            unconfirmed: pass.missing > 0,
            lists: pass.done,
        });
    } else {
        progress.current = Some(pass);
    }
    progress
}

/// The progress of a read that begins again, because the platform does not take its cursor any more.
pub(crate) fn begin_again(progress: &Progress, now: Timestamp, rules: &Rules) -> Progress {
    let reason = progress
        .current
        .as_ref()
        .map_or(Reason::Scheduled, |pass| pass.reason);
    let mut again = begin(progress, reason, now, rules);
    let gap = gap(&again, rules);
    if let Some(pass) = &mut again.current {
        pass.next_at = now.saturating_add(gap);
    }
    again
}

/// The time from one page to the next. The first read is as fast as the rate limits allow; a reconciliation keeps to its share, and
/// a scheduled one is spread over its period.
pub(crate) fn gap(progress: &Progress, rules: &Rules) -> Duration {
    let Some(pass) = &progress.current else {
        return Duration::ZERO;
    };
    if pass.reason == Reason::First {
        return Duration::ZERO;
    }
    let by_share = HOUR.div_f64(f64::from(rules.calls_per_hour.max(1)) * rules.share);
    if pass.reason != Reason::Scheduled {
        return by_share;
    }
    let pages = progress
        .complete
        .as_ref()
        .map_or(1, |complete| complete.pages.max(1));
    let pages = u32::try_from(pages).unwrap_or(u32::MAX);
    by_share.max((rules.period / pages).mul_f64(SPREAD))
}

/// When the read that is under way will be complete, if it has as many pages as the last one; `None` if there was none.
pub(crate) fn estimate(progress: &Progress, now: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let pass = progress.current.as_ref()?;
    let expected = progress.complete.as_ref()?.pages;
    let left = u32::try_from(expected.saturating_sub(pass.pages)).unwrap_or(u32::MAX);
    let gap = gap(progress, rules);
    let first = pass.next_at.max(now);
    Some(first.saturating_add(gap.saturating_mul(left.saturating_sub(1))))
}
