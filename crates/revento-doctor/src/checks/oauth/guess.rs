//! How hard a value is to guess, judged by a few samples.

use std::collections::BTreeSet;

/// What varies less than this can be tried out. `Math.random()` as text stays below, eight random bytes in hex are above.
pub(super) const ENOUGH_BITS: f64 = 48.0;

/// How many bits vary among the samples, at most: for each position, as many as distinguish the characters that were seen there.
pub(super) fn varying_bits(samples: &[String]) -> f64 {
    let length = samples.iter().map(String::len).min().unwrap_or_default();
    let seen_at = |position: usize| -> BTreeSet<u8> {
        samples
            .iter()
            .filter_map(|sample| sample.as_bytes().get(position).copied())
            .collect()
    };
    (0..length)
        .map(|position| u32::try_from(seen_at(position).len()).map_or(0.0, f64::from))
        .map(|seen| seen.max(1.0).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;
    use crate::primitives::Random;

    /// The bits of twenty samples.
    fn bits(sample: impl Fn(&mut Random, u64) -> String) -> f64 {
        let mut random = Random::new(7);
        let samples: Vec<String> = (0..20).map(|number| sample(&mut random, number)).collect();
        varying_bits(&samples)
    }

    #[test]
    fn random_values_are_enough() {
        let token = |random: &mut Random| {
            let bytes: Vec<u8> = (0..3).flat_map(|_| random.next().to_le_bytes()).collect();
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        };
        assert!(bits(|random, _| token(random)) > ENOUGH_BITS);
        assert!(bits(|random, _| random.uuid()) > ENOUGH_BITS);
        assert!(bits(|random, _| format!("{:016x}", random.next())) > ENOUGH_BITS);
    }

    #[test]
    fn counters_times_and_short_values_are_not() {
        assert!(bits(|_, number| format!("state-{number:032}")) < 10.0);
        assert!(bits(|_, number| (1_764_000_000_000_u64 + 37 * number).to_string()) < ENOUGH_BITS);
        assert!(bits(|random, _| format!("{:08x}", random.next() >> 32)) < ENOUGH_BITS);
        assert!(bits(|_, _| "constant".to_owned()) == 0.0);
        assert!(varying_bits(&[]) == 0.0);
    }
}
