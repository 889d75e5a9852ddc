//! Wrong conversions of a value: what a column of another type or another character set makes of it.

use revento_store::columns::Value;

fn with_text(value: Value, change: impl Fn(&str) -> String) -> Value {
    match value {
        Value::Key(text) => Value::Key(change(&text)),
        Value::Indexed(text) => Value::Indexed(change(&text)),
        Value::Text(Some(text)) => Value::Text(Some(change(&text))),
        other => other,
    }
}

fn with_number(value: Value, change: impl Fn(i64) -> i64) -> Value {
    match value {
        Value::Integer(Some(number)) => Value::Integer(Some(change(number))),
        other => other,
    }
}

fn with_bytes(value: Value, change: impl Fn(&[u8]) -> Vec<u8>) -> Value {
    match value {
        Value::Bytes(Some(bytes)) => Value::Bytes(Some(change(&bytes))),
        other => other,
    }
}

/// Characters behind the last one of a character set become question marks.
fn up_to(last: char, text: &str) -> String {
    let known = |character: char| if character <= last { character } else { '?' };
    text.chars().map(known).collect()
}

pub(super) fn ascii(value: Value) -> Value {
    with_text(value, |text| up_to('\u{7f}', text))
}

pub(super) fn latin_1(value: Value) -> Value {
    with_text(value, |text| up_to('\u{ff}', text))
}

/// MySQL's `utf8mb3`.
pub(super) fn three_byte_utf8(value: Value) -> Value {
    with_text(value, |text| up_to('\u{ffff}', text))
}

pub(super) fn in_lower_case(value: Value) -> Value {
    with_text(value, str::to_lowercase)
}

/// `CHAR(n)`.
pub(super) fn without_trailing_blanks(value: Value) -> Value {
    with_text(value, |text| text.trim_end_matches(' ').to_owned())
}

pub(super) fn up_to_nul(value: Value) -> Value {
    with_text(value, |text| {
        text.split('\0').next().unwrap_or_default().to_owned()
    })
}

pub(super) fn with_unix_line_ends(value: Value) -> Value {
    with_text(value, |text| text.replace("\r\n", "\n"))
}

/// Unicode's normal form C, for the character that the checks use.
pub(super) fn composed(value: Value) -> Value {
    with_text(value, |text| text.replace("e\u{301}", "é"))
}

fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// `VARCHAR(20)` in a lenient mode.
pub(super) fn cut_at_20(value: Value) -> Value {
    with_text(value, |text| cut(text, 20))
}

pub(super) fn cut_at_255(value: Value) -> Value {
    with_text(value, |text| cut(text, 255))
}

/// `TEXT` of MySQL.
pub(super) fn cut_at_64_kib(value: Value) -> Value {
    let bytes = |bytes: &[u8]| bytes[..bytes.len().min(65_535)].to_vec();
    with_bytes(with_text(value, |text| cut(text, 65_535)), bytes)
}

/// Oracle.
pub(super) fn empty_is_null(value: Value) -> Value {
    match value {
        Value::Text(Some(text)) if text.is_empty() => Value::Text(None),
        Value::Bytes(Some(bytes)) if bytes.is_empty() => Value::Bytes(None),
        other => other,
    }
}

/// A driver without `NULL`.
pub(super) fn null_is_empty(value: Value) -> Value {
    match value {
        Value::Text(None) => Value::Text(Some(String::new())),
        other => other,
    }
}

pub(super) fn null_is_no_bytes(value: Value) -> Value {
    match value {
        Value::Text(None) => Value::Bytes(Some(Vec::new())),
        other => other,
    }
}

pub(super) fn null_is_zero(value: Value) -> Value {
    match value {
        Value::Text(None) => Value::Integer(Some(0)),
        other => other,
    }
}

pub(super) fn as_milliseconds(value: Value) -> Value {
    with_number(value, |micros| micros.div_euclid(1000).saturating_mul(1000))
}

pub(super) fn as_seconds(value: Value) -> Value {
    with_number(value, |micros| {
        micros.div_euclid(1_000_000).saturating_mul(1_000_000)
    })
}

/// `REAL`, and the numbers of JSON.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "that is the mistake"
)]
pub(super) fn as_float(value: Value) -> Value {
    with_number(value, |number| number as f64 as i64)
}

/// `TIMESTAMP` of MySQL.
pub(super) fn between_1970_and_2038(value: Value) -> Value {
    with_number(value, |micros| {
        micros.clamp(0, i64::from(i32::MAX) * 1_000_000 + 999_999)
    })
}

/// `i64::try_from(number).unwrap_or(i64::MAX)` for a `u64`, which has the same bits.
pub(super) fn as_signed(value: Value) -> Value {
    with_number(value, |number| if number < 0 { i64::MAX } else { number })
}

pub(super) fn as_32_bits(value: Value) -> Value {
    with_number(value, |number| number & i64::from(u32::MAX))
}

pub(super) fn as_byte(value: Value) -> Value {
    with_number(value, |number| number & i64::from(u8::MAX))
}

/// A unit too small: milliseconds where microseconds are compared.
pub(super) fn in_milliseconds(value: Value) -> Value {
    with_number(value, |micros| micros / 1000)
}

/// `String::from_utf8_lossy`.
pub(super) fn as_lossy_text(value: Value) -> Value {
    with_bytes(value, |bytes| {
        String::from_utf8_lossy(bytes).into_owned().into_bytes()
    })
}

/// `BINARY(n)`.
pub(super) fn without_trailing_zeros(value: Value) -> Value {
    with_bytes(value, |bytes| {
        let end = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        bytes[..end].to_vec()
    })
}
