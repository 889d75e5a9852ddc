//! A budget as bytes, for a place that replicas share.

use std::time::Duration;

use super::{
    Budget, Limits,
    budget::{Choke, Flight, LONG_AGO},
    log::{Log, Tenths},
};

const FORMAT: u8 = 1;
/// No budget has more of anything; what claims to is damaged.
const MOST: u64 = 1 << 20;

impl Budget {
    /// The budget as bytes. Equal budgets have equal bytes. Which of it the other replicas have not been told is no part
    /// of them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + 2 * self.log.len());
        out.push(FORMAT);
        let limits = &self.limits;
        for number in [limits.per_hour, limits.per_minute, limits.in_flight, self.next] {
            put(&mut out, u64::from(number));
        }
        put(
            &mut out,
            u64::try_from(limits.slack.as_millis()).unwrap_or(u64::MAX),
        );
        put(&mut out, u64::from(self.refusals));
        put_signed(&mut out, self.closed_until);
        put_signed(&mut out, self.corrected);
        let choke = self.choke.unwrap_or(Choke { seats: 0, until: 0 });
        put(&mut out, u64::from(choke.seats));
        put_signed(&mut out, choke.until);
        put(&mut out, self.flights.len() as u64);
        for flight in &self.flights {
            put(&mut out, u64::from(flight.id));
            put_signed(&mut out, flight.sent);
            put_signed(&mut out, flight.ends);
        }
        put(&mut out, self.log.len() as u64);
        let mut before = 0;
        for mark in self.log.iter() {
            put_signed(&mut out, mark - before);
            before = mark;
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) has written; `None` for anything else, which is best taken as a budget
    /// of which nothing is known.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut input = bytes.split_first().filter(|(format, _)| **format == FORMAT)?.1;
        let input = &mut input;
        let mut limits = Limits::new(small(input)?, small(input)?, small(input)?);
        let next = small(input)?;
        limits.slack = Duration::from_millis(take(input)?.min(MOST));
        let refusals = u8::try_from(take(input)?).ok()?;
        let closed_until = take_time(input)?;
        let corrected = take_time(input)?;
        let (seats, until) = (small(input)?, take_time(input)?);
        let choke = (seats > 0).then_some(Choke { seats, until });
        let mut flights = Vec::new();
        for _ in 0..take(input).filter(|count| *count < MOST)? {
            let (id, sent, ends) = (small(input)?, take_time(input)?, take_time(input)?);
            flights.push(Flight { id, sent, ends });
        }
        let mut log = Log::default();
        let mut mark: Tenths = 0;
        for _ in 0..take(input).filter(|count| *count < MOST)? {
            mark = mark.checked_add(take_signed(input)?).filter(is_a_time)?;
            log.add(mark);
        }
        let whole = input.is_empty();
        whole.then_some(Self {
            limits,
            log,
            flights,
            next,
            closed_until,
            refusals,
            choke,
            corrected,
            apart: None,
        })
    }
}

/// Seven bits to a byte, the low ones first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of either sign get short.
fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

fn take(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_signed(input: &mut &[u8]) -> Option<i64> {
    let number = take(input)?;
    Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// A time that one can reckon with.
fn take_time(input: &mut &[u8]) -> Option<Tenths> {
    take_signed(input).filter(is_a_time)
}

fn is_a_time(time: &Tenths) -> bool {
    (LONG_AGO..=-LONG_AGO).contains(time)
}

fn small(input: &mut &[u8]) -> Option<u32> {
    take(input).and_then(|number| u32::try_from(number).ok())
}
