//! Shows the progress and the remaining time.
//!
//! The platform does not say how many participants there are, so there is an estimate only with `--expect`. The estimate
//! follows the rate limits and not the speed so far: the first 30 calls go at once, the next 30 need a minute (contract
//! §3.6).

use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use revento::{
    Timestamp,
    store::{Clock, SystemClock},
    types::{
        TokenKind,
        limits::RateLimits,
        pacing::{Budget, Decision, RateLimitHeaders, Ticket},
    },
};

use super::export_file::Checkpoint;

/// How often the line on the terminal is redrawn while nothing happens.
const REDRAW_INTERVAL: Duration = Duration::from_millis(250);

/// The line on the terminal, and the used part of the rate limits.
pub(crate) struct Progress {
    bar: ProgressBar,
    expect: Option<u64>,
    page_size: u64,
    budget: Budget,
    ticket: Option<Ticket>,
}

impl Progress {
    /// Shows nothing if standard error is not a terminal.
    pub(crate) fn new(expect: Option<u64>, page_size: u16, checkpoint: &Checkpoint) -> Self {
        let bar = match expect {
            Some(total) => {
                ProgressBar::new(total).with_style(style("{bar:30} {pos}/{len} participants · {msg}"))
            }
            None => ProgressBar::no_length().with_style(style("{spinner} {pos} participants · {msg}")),
        };
        let stored = Budget::from_bytes(&checkpoint.budget);
        let progress = Self {
            bar,
            expect,
            page_size: u64::from(page_size),
            budget: stored.unwrap_or_else(|| Budget::new(RateLimits::of(TokenKind::Installation))),
            ticket: None,
        };
        progress.bar.enable_steady_tick(REDRAW_INTERVAL);
        progress.show(checkpoint);
        progress
    }

    /// Counts a call before it is sent.
    pub(crate) fn page_requested(&mut self) {
        self.ticket = match self.budget.try_acquire(now()) {
            Decision::Go(ticket) => Some(ticket),
            _ => None,
        };
    }

    /// Records the answer. Returns the used part of the rate limits, for the checkpoint.
    pub(crate) fn page_received(&mut self) -> Vec<u8> {
        let now = now();
        let headers = RateLimitHeaders::read(200, "", |_| None, now);
        let ticket = self.ticket.take().or_else(|| match self.budget.try_acquire(now) {
            Decision::Go(ticket) => Some(ticket),
            _ => None,
        });
        if let Some(ticket) = ticket {
            self.budget.complete(ticket, now, &headers);
        }
        self.budget.to_bytes()
    }

    pub(crate) fn show(&self, checkpoint: &Checkpoint) {
        self.bar.set_position(checkpoint.items);
        self.bar.set_message(self.message(checkpoint, now()));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn message(&self, checkpoint: &Checkpoint, now: Timestamp) -> String {
        let left = self
            .expect
            .map(|total| total.saturating_sub(checkpoint.items).div_ceil(self.page_size));
        match left {
            None => format!(
                "{} pages; use --expect N to see the remaining time",
                checkpoint.pages
            ),
            Some(0) => "last page".to_owned(),
            Some(pages) => format!(
                "at least {} left",
                HumanDuration(shortest_time(&self.budget, pages, now))
            ),
        }
    }
}

/// The shortest time in which the rate limits allow this many further pages.
fn shortest_time(budget: &Budget, pages: u64, now: Timestamp) -> Duration {
    let ahead = usize::try_from(pages.saturating_sub(1)).unwrap_or(usize::MAX);
    budget.ready_at(ahead.min(MOST_CALLS), now).saturating_since(now)
}

/// This many calls take more than a week. The estimate does not go beyond.
const MOST_CALLS: usize = 100_000;

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn now() -> Timestamp {
    SystemClock.now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_the_rate_limits() {
        let now: Timestamp = "2026-05-09T12:00:00Z".parse().unwrap();
        let budget = Budget::new(RateLimits::of(TokenKind::Installation));
        let minutes = |pages| shortest_time(&budget, pages, now).as_secs().div_ceil(60);
        // 30 at once, 30 more each minute, 500 in the first hour.
        assert_eq!([1, 30, 31, 61, 500].map(minutes), [0, 0, 1, 2, 16]);
        assert_eq!([501, 1001].map(minutes), [60, 120]);
        // A very large number does not overflow.
        assert!(minutes(u64::MAX) > 7 * 24 * 60);
    }
}
