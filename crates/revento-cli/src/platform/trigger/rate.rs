//! A rate such as `10/s`.

use std::{str::FromStr, time::Duration};

/// At most so many times in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) interval: Duration,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(number, unit)| {
            let period = match unit {
                "s" => Duration::from_secs(1),
                "min" => Duration::from_secs(60),
                "h" => Duration::from_secs(3_600),
                _ => return None,
            };
            let number: u32 = number
                .parse()
                .ok()
                .filter(|number| (1..=1_000).contains(number))?;
            Some(period / number)
        });
        parsed
            .map(|interval| Self { interval })
            .ok_or_else(|| "give a number from 1 to 1000 and a unit, such as 10/s, 30/min or 5/h".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_for_a_period() {
        for (text, millis) in [
            ("10/s", 100),
            ("30/min", 2_000),
            ("2/h", 1_800_000),
            ("1000/s", 1),
        ] {
            assert_eq!(
                text.parse(),
                Ok(Rate {
                    interval: Duration::from_millis(millis)
                }),
                "{text}"
            );
        }
        for wrong in [
            "", "10", "10/", "/s", "0/s", "1001/s", "10/d", "-1/s", "1.5/s", "10 / s",
        ] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
