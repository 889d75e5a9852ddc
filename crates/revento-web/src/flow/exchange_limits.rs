//! How many codes may be exchanged at a time. Anybody can begin a flow and call back with an invented code, and each such
//! callback costs a request with the client secret.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use revento_core::Timestamp;

const MINUTE: Duration = Duration::from_secs(60);
/// How long to wait if too many exchanges are in flight. Each takes about a second.
const SOON: Duration = Duration::from_secs(2);

/// How many codes an [`AuthorizationFlow`](crate::AuthorizationFlow) exchanges at a time and per minute. A callback above a
/// limit is answered with [`FlowError::Busy`](crate::FlowError::Busy); nothing is lost, and the browser can repeat it.
///
/// The default is 20 at a time and 300 in 60 seconds. Each replica counts for itself. The limits protect the platform and the
/// integration's reputation there, not one visitor from another: limit requests per address in front of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeLimits {
    in_flight: usize,
    per_minute: usize,
}

impl Default for ExchangeLimits {
    fn default() -> Self {
        Self {
            in_flight: 20,
            per_minute: 300,
        }
    }
}

impl ExchangeLimits {
    /// Sets how many exchanges may be in flight. 0 counts as 1.
    #[must_use]
    pub fn in_flight(mut self, in_flight: usize) -> Self {
        self.in_flight = in_flight.max(1);
        self
    }

    /// Sets how many exchanges may begin in 60 seconds. 0 counts as 1.
    #[must_use]
    pub fn per_minute(mut self, per_minute: usize) -> Self {
        self.per_minute = per_minute.max(1);
        self
    }
}

/// Counts the exchanges of the last minute.
#[derive(Debug)]
pub(super) struct ExchangeGate {
    limits: ExchangeLimits,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    /// The exchanges of the last minute, oldest first.
    recent: VecDeque<Exchange>,
    in_flight: usize,
    last_number: u64,
}

#[derive(Debug)]
struct Exchange {
    number: u64,
    began_at: Timestamp,
    has_ended: bool,
}

/// The right to make one exchange. If its caller goes away, the exchange continues in the background, and so it counts as in
/// flight for a minute.
#[derive(Debug)]
#[must_use = "tell the gate when the exchange has ended"]
pub(super) struct Permit(u64);

impl ExchangeGate {
    pub(super) fn new(limits: ExchangeLimits) -> Self {
        Self {
            limits,
            counts: Mutex::default(),
        }
    }

    /// Admits an exchange, or says when to come again.
    pub(super) fn begin(&self, now: Timestamp) -> Result<Permit, Duration> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.forget(now);
        if counts.recent.len() >= self.limits.per_minute {
            let oldest = counts.recent.front().map_or(now, |oldest| oldest.began_at);
            let wait = oldest.saturating_add(MINUTE).saturating_since(now);
            return Err(whole_seconds(wait).max(SOON));
        }
        if counts.in_flight >= self.limits.in_flight {
            return Err(SOON);
        }
        counts.in_flight += 1;
        counts.last_number += 1;
        let number = counts.last_number;
        counts.recent.push_back(Exchange {
            number,
            began_at: now,
            has_ended: false,
        });
        Ok(Permit(number))
    }

    /// Forgets an exchange that was not made.
    pub(super) fn take_back(&self, permit: &Permit) {
        self.end(permit);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.recent.retain(|exchange| exchange.number != permit.0);
    }

    pub(super) fn end(&self, permit: &Permit) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = counts
            .recent
            .binary_search_by_key(&permit.0, |exchange| exchange.number);
        let exchange = found.ok().and_then(|index| counts.recent.get_mut(index));
        if let Some(exchange) = exchange.filter(|exchange| !exchange.has_ended) {
            exchange.has_ended = true;
            counts.in_flight -= 1;
        }
    }
}

/// Rounds up.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

impl Counts {
    fn forget(&mut self, now: Timestamp) {
        // After a clock was set back, an exchange can have begun in the future.
        let is_over = |began_at: Timestamp| began_at.saturating_add(MINUTE) <= now || now < began_at;
        while let Some(oldest) = self.recent.pop_front_if(|oldest| is_over(oldest.began_at)) {
            if !oldest.has_ended {
                self.in_flight -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_778_336_551 + seconds)
    }

    fn gate(in_flight: usize, per_minute: usize) -> ExchangeGate {
        ExchangeGate::new(
            ExchangeLimits::default()
                .in_flight(in_flight)
                .per_minute(per_minute),
        )
    }

    #[test]
    fn h14_no_more_than_the_limit_are_in_flight() {
        let gate = gate(2, 100);
        let first = gate.begin(at(0)).unwrap();
        let _abandoned = gate.begin(at(1)).unwrap();
        assert_eq!(gate.begin(at(2)).unwrap_err(), SOON);
        gate.end(&first);
        gate.end(&first);
        let _third = gate.begin(at(3)).unwrap();
        assert!(gate.begin(at(60)).is_err());
        // The abandoned one counts for a minute.
        assert!(gate.begin(at(61)).is_ok());
        assert!(gate.begin(at(61)).is_err());
    }

    #[test]
    fn h14_an_exchange_that_was_not_made_does_not_count() {
        let gate = gate(1, 2);
        for second in 0..10 {
            gate.take_back(&gate.begin(at(second)).unwrap());
        }
        gate.end(&gate.begin(at(10)).unwrap());
        let _second = gate.begin(at(11)).unwrap();
        assert!(gate.begin(at(12)).is_err());
    }

    #[test]
    fn h14_any_sixty_seconds_have_no_more_than_the_limit() {
        let gate = gate(100, 3);
        for second in [0, 10, 20] {
            gate.end(&gate.begin(at(second)).unwrap());
        }
        assert_eq!(gate.begin(at(20)).unwrap_err(), Duration::from_secs(40));
        assert_eq!(gate.begin(at(59)).unwrap_err(), SOON);
        gate.end(&gate.begin(at(60)).unwrap());
        assert!(gate.begin(at(69)).is_err());
        assert!(gate.counts.lock().unwrap().recent.len() <= 3);
    }

    #[test]
    fn h14_a_clock_that_is_set_back_does_not_close_the_gate() {
        let gate = gate(1, 1);
        let _abandoned = gate.begin(at(3600)).unwrap();
        assert!(gate.begin(at(0)).is_ok());
    }
}
