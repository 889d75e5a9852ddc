//! Keeping calls below a token's three rate limits (contract §3.6, invariant C1), without I/O.
//!
//! The caller passes the time and the platform's answers in. A [`Budget`] decides whether a call may go now, or when to
//! ask again.
//!
//! ```
//! use revento_core::{limits, pacing::{Budget, Decision, RateLimitHeaders}, Timestamp};
//!
//! let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
//! let now = Timestamp::from_unix_seconds(1_778_336_551);
//! let Decision::Go(ticket) = budget.try_acquire(now) else { panic!("the budget is unused") };
//! // … the caller makes the call and reads the answer …
//! let headers = RateLimitHeaders::read(200, "", |_header| None, now);
//! budget.complete(ticket, now, &headers);
//! ```
//!
//! # Why there are no 429s
//! The platform counts a call at some moment between its sending and its answer. The budget counts a call while it is in
//! flight, and for a whole window from its answer on. So the platform forgets each call no later than the budget does,
//! whatever the network does. The price is one round trip in each window.
//!
//! # Whose counting wins
//! The platform's headers win over the budget's own counting: a smaller rest (another process uses the token, or this one
//! has just started), a larger rest, another limit. `X-RateLimit-Reset` is read relative to the answer's `Date`, so that
//! a wrong clock does no harm. A reset in the past, or further away than its window is long, makes the header suspect and
//! costs a short pause only.
//!
//! # When replicas cannot share the budget
//! Each replica detaches its copy ([`Budget::detach`]). It then counts only its own calls and learns of the others' from
//! the platform's headers, so that at most a few calls are refused. When the shared budget is back, each replica merges
//! its own calls into it ([`Budget::merge`]), without what the headers said, which would count the others' calls twice.

mod budget;
mod bytes;
mod call_times;
mod correction;
mod decision;
mod detached_calls;
mod forecast;
mod headers;
mod merge;
#[cfg(test)]
mod tests;

pub use self::{
    budget::Budget,
    decision::{Decision, LimitedBy, Remaining, Ticket, Wait},
    headers::{CallOutcome, RateLimitHeaders},
};
