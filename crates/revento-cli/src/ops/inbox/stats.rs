//! `revento ops inbox stats`.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use revento::{
    KeyRing, Timestamp,
    inbox::open_error,
    store::{InboxAdmin, InboxStats},
};
use serde_json::json;

use super::{
    super::{OptionalKeys, StoreArguments, Stores, now, rough, shown},
    buried,
};
use crate::terminal;

const HOUR: Duration = Duration::from_secs(3600);
/// So many buried deliveries are opened to count their causes.
const MOST_CAUSES: usize = 10_000;
/// So much of a cause is shown: the rest names values more often than reasons.
const CAUSE_LENGTH: usize = 160;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --key-file the failures are counted by their causes, too: the errors of the handlers, which are sealed.

Examples:
  revento ops inbox stats --store sqlite:integration.db
  revento ops inbox stats --key-file sealing.key --json"
)]
pub(crate) struct StatsArguments {
    #[command(flatten)]
    keys: OptionalKeys,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArguments,
}

/// How many buried deliveries of a type have a cause.
type Causes = BTreeMap<String, BTreeMap<String, u64>>;

pub(super) async fn stats(arguments: StatsArguments) -> Result<()> {
    let ring = arguments.keys.ring()?;
    let stores = Stores::open(&arguments.store).await?;
    let inbox = stores.inbox()?;
    let now = now();
    let stats = inbox.stats(now, now.saturating_sub(HOUR)).await?;
    let causes = match &ring {
        Some(ring) => Some(causes(inbox, ring).await?),
        None => None,
    };
    terminal::print_line(&if arguments.json {
        as_json(&stats, causes.as_ref(), now)
    } else {
        as_text(&stats, causes.as_ref(), now)
    });
    Ok(())
}

async fn causes(inbox: &dyn InboxAdmin, ring: &KeyRing) -> Result<Causes> {
    let mut causes = Causes::new();
    for delivery in buried(inbox, MOST_CAUSES, |row| !row.error.is_empty()).await? {
        let cause = open_error(ring, &delivery).await;
        let cause = cause.chars().take(CAUSE_LENGTH).collect();
        let of_type = causes.entry(delivery.event_type.as_str().to_owned()).or_default();
        *of_type.entry(cause).or_default() += 1;
    }
    Ok(causes)
}

fn as_text(stats: &InboxStats, causes: Option<&Causes>, now: Timestamp) -> String {
    let oldest = stats
        .oldest_received_at
        .map(|at| format!("the oldest arrived {} ago", rough(now.saturating_since(at))));
    let rows = [
        ("due", stats.due, oldest.unwrap_or_default()),
        ("later", stats.later, "wait for their next attempt".to_owned()),
        ("leased", stats.leased, "are being handled".to_owned()),
        (
            "lapsed",
            stats.lapsed,
            "lost their runner, and another one takes them over".to_owned(),
        ),
        (
            "buried",
            stats.buried,
            "failed too often, see revento ops inbox dead".to_owned(),
        ),
        ("handled", stats.done_since, rate(stats)),
    ];
    let mut lines: Vec<String> = rows
        .into_iter()
        .map(|(name, count, remark)| match count {
            0 if name != "handled" => format!("{name:8} {count:>8}"),
            _ => format!("{name:8} {count:>8}  {remark}").trim_end().to_owned(),
        })
        .collect();
    for failures in &stats.failures {
        let event_type = failures.event_type.as_str();
        lines.push(format!(
            "{}: {} retrying, {} buried",
            shown(event_type),
            failures.retrying,
            failures.buried
        ));
        for (cause, count) in causes
            .and_then(|causes| causes.get(event_type))
            .into_iter()
            .flatten()
        {
            lines.push(format!("  {count:>6} × {}", shown(cause)));
        }
    }
    lines.join("\n")
}

fn rate(stats: &InboxStats) -> String {
    let waiting = stats.due + stats.later + stats.leased + stats.lapsed;
    let time_left = match (stats.done_since, waiting) {
        (0, _) | (_, 0) => String::new(),
        (handled, waiting) => {
            let seconds = HOUR.as_secs().saturating_mul(waiting) / handled;
            format!(
                "; at this rate the rest takes {}",
                rough(Duration::from_secs(seconds))
            )
        }
    };
    format!(
        "in the last hour, {} in all that are remembered{time_left}",
        stats.done
    )
}

fn as_json(stats: &InboxStats, causes: Option<&Causes>, now: Timestamp) -> String {
    let failures: Vec<_> = stats
        .failures
        .iter()
        .map(|failures| {
            let event_type = failures.event_type.as_str();
            let causes = causes.map(|causes| {
                let of_type = causes.get(event_type).into_iter().flatten();
                let rows = of_type.map(|(cause, count)| json!({ "cause": cause, "count": count }));
                rows.collect::<Vec<_>>()
            });
            json!({
                "type": event_type,
                "retrying": failures.retrying,
                "buried": failures.buried,
                "causes": causes,
            })
        })
        .collect();
    let oldest = stats.oldest_received_at;
    json!({
        "due": stats.due,
        "later": stats.later,
        "leased": stats.leased,
        "lapsed": stats.lapsed,
        "buried": stats.buried,
        "handled": stats.done,
        "handled_last_hour": stats.done_since,
        "oldest_received_at": oldest,
        "oldest_age_seconds": oldest.map(|at| now.saturating_since(at).as_secs()),
        "failures": failures,
    })
    .to_string()
}
