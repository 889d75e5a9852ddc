//! Searches a dump for bytes.

use std::fmt::Write;

/// Whether a dump contains these bytes, raw or in hexadecimal.
pub(crate) fn at_rest(dump: &[u8], bytes: &[u8]) -> bool {
    let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    contains(dump, bytes) || contains(&dump.to_ascii_lowercase(), digits.as_bytes())
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
