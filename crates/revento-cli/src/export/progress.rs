//! How far it is, and how long it still takes.
//!
//! The platform does not say how many participants there are. So there is an estimate only when somebody else does, and
//! then it is what the budgets allow, not what the first pages promise: 30 calls go at once, and after that it takes a
//! minute for the next 30.

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

use super::checkpoint::State;

/// How often the line on the terminal is drawn anew while nothing happens.
const TICK: Duration = Duration::from_millis(250);

/// The line on the terminal, and the account behind it.
pub(crate) struct Progress {
    bar: ProgressBar,
    expect: Option<u64>,
    page_size: u64,
    budget: Budget,
    ticket: Option<Ticket>,
}

impl Progress {
    /// Shows nothing where there is no terminal.
    pub(crate) fn new(expect: Option<u64>, page_size: u16, state: &State) -> Self {
        let bar = match expect {
            Some(total) => {
                ProgressBar::new(total).with_style(style("{bar:30} {pos}/{len} participants · {msg}"))
            }
            None => ProgressBar::no_length().with_style(style("{spinner} {pos} participants · {msg}")),
        };
        let known = Budget::from_bytes(&state.budget);
        let progress = Self {
            bar,
            expect,
            page_size: u64::from(page_size),
            budget: known.unwrap_or_else(|| Budget::new(RateLimits::of(TokenKind::Installation))),
            ticket: None,
        };
        progress.bar.enable_steady_tick(TICK);
        progress.show(state);
        progress
    }

    /// A page is asked for.
    pub(crate) fn asks(&mut self) {
        self.ticket = match self.budget.ask(now()) {
            Decision::Go(ticket) => Some(ticket),
            _ => None,
        };
    }

    /// It came. Gives the account, to be kept.
    pub(crate) fn answered(&mut self) -> Vec<u8> {
        let now = now();
        let headers = RateLimitHeaders::read(200, "", |_| None, now);
        let ticket = self.ticket.take().or_else(|| match self.budget.ask(now) {
            Decision::Go(ticket) => Some(ticket),
            _ => None,
        });
        if let Some(ticket) = ticket {
            self.budget.done(ticket, now, &headers);
        }
        self.budget.to_bytes()
    }

    pub(crate) fn show(&self, state: &State) {
        self.bar.set_position(state.items);
        self.bar.set_message(self.outlook(state, now()));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn outlook(&self, state: &State, now: Timestamp) -> String {
        let left = self
            .expect
            .map(|total| total.saturating_sub(state.items).div_ceil(self.page_size));
        match left {
            None => format!("{} pages; with --expect N, the time that is left", state.pages),
            Some(0) => "the last page".to_owned(),
            Some(pages) => format!(
                "at least {} left",
                HumanDuration(time_for(&self.budget, pages, now))
            ),
        }
    }
}

/// How long the budgets make so many further pages take.
fn time_for(budget: &Budget, pages: u64, now: Timestamp) -> Duration {
    let ahead = usize::try_from(pages.saturating_sub(1)).unwrap_or(usize::MAX);
    budget.ready_at(ahead.min(MOST), now).saturating_since(now)
}

/// So many calls take more than a week; nobody needs to know by how much.
const MOST: usize = 100_000;

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
    fn the_estimate_is_what_the_budgets_allow() {
        let now: Timestamp = "2026-05-09T12:00:00Z".parse().unwrap();
        let budget = Budget::new(RateLimits::of(TokenKind::Installation));
        let minutes = |pages| time_for(&budget, pages, now).as_secs().div_ceil(60);
        // 30 at once, 30 more each minute, 500 in the first hour.
        assert_eq!([1, 30, 31, 61, 500].map(minutes), [0, 0, 1, 2, 16]);
        assert_eq!([501, 1001].map(minutes), [60, 120]);
        // Not a moment too long to wait for.
        assert!(minutes(u64::MAX) > 7 * 24 * 60);
    }
}
