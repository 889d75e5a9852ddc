//! Whole numbers in JSON that a program may have written as floating point numbers: `60.0` is 60.

use serde::de::{Deserialize as _, Deserializer, Error as _, Unexpected};
use serde_json::Number;

/// The largest whole number up to which a floating point number is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a whole number, or null.
pub(crate) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let whole = number
        .as_i128()
        .or_else(|| number.as_f64().and_then(from_float))
        .and_then(|whole| T::try_from(whole).ok());
    let wrong = || D::Error::invalid_value(unexpected(&number), &"a whole number in its range");
    whole.map(Some).ok_or_else(wrong)
}

/// Reads a whole number.
pub(crate) fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i128>,
{
    optional(deserializer)?.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a whole number"))
}

fn unexpected(number: &Number) -> Unexpected<'_> {
    match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(signed), _, _) => Unexpected::Signed(signed),
        (None, Some(unsigned), _) => Unexpected::Unsigned(unsigned),
        (None, None, float) => Unexpected::Float(float.unwrap_or(f64::NAN)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the number is whole and in the exact range"
)]
fn from_float(float: f64) -> Option<i128> {
    (float.fract() == 0.0 && float.abs() <= EXACT).then_some(float as i128)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Sent {
        #[serde(default, deserialize_with = "super::optional")]
        small: Option<u32>,
        #[serde(default, deserialize_with = "super::required")]
        large: u64,
    }

    fn read(json: &str) -> Result<(Option<u32>, u64), String> {
        let sent: Result<Sent, _> = serde_json::from_str(json);
        sent.map(|sent| (sent.small, sent.large))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn h32_a_float_without_a_fraction_is_a_whole_number() {
        let most = u64::MAX;
        assert_eq!(
            read(&format!("{{\"small\": 60.0, \"large\": {most}}}")),
            Ok((Some(60), most))
        );
        assert_eq!(read("{\"small\": null, \"large\": 1e3}"), Ok((None, 1_000)));
        assert_eq!(read("{}"), Ok((None, 0)));
        for wrong in [
            "{\"small\": 0.5}",
            "{\"small\": -1.0}",
            "{\"small\": 1e10}",
            "{\"large\": 1e300}",
            "{\"large\": null}",
            "{\"small\": \"60\"}",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("{\"small\": 0.5}").unwrap_err().contains("a whole number"));
    }
}
