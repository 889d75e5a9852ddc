//! The four headers of a request, each present exactly once.

use crate::{
    error::HeaderError,
    header::{Header, MissingHeaders},
};

/// The four headers of a delivery, each present exactly once and not empty.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    /// Visible ASCII, as is the delivery id.
    pub(crate) event: &'a [u8],
    pub(crate) delivery_id: &'a [u8],
    /// Unchecked, as is the signature: their parsers accept digits only.
    pub(crate) timestamp: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Headers<'a> {
    /// Collects the four headers from the headers of a request. Names match in any case; other headers are ignored.
    ///
    /// # Errors
    /// When a header is missing, empty or repeated, or when the event or the delivery id is not visible ASCII. The
    /// verifier checks the format of the timestamp and of the signature.
    #[inline]
    pub fn collect<N, V, I>(headers: I) -> Result<Self, HeaderError>
    where
        I: IntoIterator<Item = (N, &'a V)>,
        N: AsRef<str>,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut found = Found::default();
        for (name, value) in headers {
            if let Some(header) = Header::from_name(name.as_ref()) {
                found.put(header, value.as_ref())?;
            }
        }
        found.complete()
    }

    #[inline]
    pub(crate) fn event(&self) -> &'a str {
        text(self.event)
    }

    #[inline]
    pub(crate) fn delivery_id(&self) -> &'a str {
        text(self.delivery_id)
    }

    /// The same headers with another signature.
    #[cfg(feature = "signature-list")]
    #[inline]
    pub(crate) fn with_signature(self, signature: &'a [u8]) -> Self {
        Self { signature, ..self }
    }
}

#[derive(Default)]
struct Found<'a> {
    event: Option<&'a [u8]>,
    delivery_id: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    #[inline]
    fn put(&mut self, header: Header, value: &'a [u8]) -> Result<(), HeaderError> {
        let place = match header {
            Header::Event => &mut self.event,
            Header::DeliveryId => &mut self.delivery_id,
            Header::Timestamp => &mut self.timestamp,
            Header::Signature => &mut self.signature,
        };
        match place.replace(value) {
            Some(_) => Err(HeaderError::Duplicate(header)),
            None => Ok(()),
        }
    }

    #[inline]
    fn complete(self) -> Result<Headers<'a>, HeaderError> {
        let present = |value: Option<&'a [u8]>| value.filter(|text| text.iter().any(|byte| *byte != b' '));
        match (
            present(self.event),
            present(self.delivery_id),
            present(self.timestamp),
            present(self.signature),
        ) {
            (Some(event), Some(delivery_id), Some(timestamp), Some(signature)) => Ok(Headers {
                event: visible(Header::Event, event)?,
                delivery_id: visible(Header::DeliveryId, delivery_id)?,
                timestamp,
                signature,
            }),
            (event, delivery_id, timestamp, signature) => Err(HeaderError::Missing(MissingHeaders::new([
                event.is_none(),
                delivery_id.is_none(),
                timestamp.is_none(),
                signature.is_none(),
            ]))),
        }
    }
}

/// Checks that a value is visible ASCII, eight bytes at a time and without an early exit. The last word overlaps the
/// word before it.
///
/// The highest bit of a byte in the result is set if the byte is below `' '`, above `'~'` or not ASCII. Only a byte whose
/// own highest bit is set can borrow from or carry into its neighbor.
#[inline]
fn visible(header: Header, value: &[u8]) -> Result<&[u8], HeaderError> {
    const EACH: u64 = u64::MAX / 0xff;
    let strange = |bytes: [u8; 8]| {
        let word = u64::from_le_bytes(bytes);
        word | word.wrapping_sub(EACH * 0x20) | word.wrapping_add(EACH)
    };
    let last = value.last_chunk().copied().unwrap_or_else(|| {
        let mut padded = [b' '; 8];
        padded.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        padded
    });
    let words = value.as_chunks().0.iter();
    if words.fold(strange(last), |seen, word| seen | strange(*word)) & (EACH * 0x80) == 0 {
        Ok(value)
    } else {
        Err(HeaderError::NotText(header))
    }
}

/// Visible ASCII as text.
#[inline]
fn text(visible: &[u8]) -> &str {
    core::str::from_utf8(visible).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    const GOOD: [(&str, &str); 4] = [
        ("X-Revento-Event", "application.approved"),
        ("x-revento-delivery-id", "d-1"),
        ("X-REVENTO-TIMESTAMP", "1"),
        ("x-revento-signature", "sha256=00"),
    ];

    #[test]
    fn w6_names_match_in_any_case() {
        assert_eq!(Headers::collect(GOOD).unwrap().delivery_id(), "d-1");
    }

    #[test]
    fn w5_every_missing_or_empty_header_is_listed() {
        let error = Headers::collect([("x-revento-event", "a"), ("x-revento-timestamp", " ")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "missing or empty: x-revento-delivery-id, x-revento-timestamp, x-revento-signature"
        );
    }

    #[test]
    fn w7_a_repeated_header_is_refused() {
        for (name, value) in GOOD {
            let headers = GOOD.into_iter().chain([(name, value)]);
            assert!(
                matches!(Headers::collect(headers), Err(HeaderError::Duplicate(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn w27_values_that_are_not_text_are_refused() {
        for value in [&b"\xff"[..], b"a\0", b"a\n", b"\t", "ä".as_bytes()] {
            let headers =
                GOOD.map(|(name, good)| (name, if name == GOOD[0].0 { value } else { good.as_bytes() }));
            assert_eq!(
                Headers::collect(headers).unwrap_err(),
                HeaderError::NotText(Header::Event)
            );
        }
    }

    #[test]
    fn w27_every_byte_is_judged_at_every_place() {
        for length in 1..=20 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut value = [b'a'; 20];
                    value[place] = byte;
                    let judged = visible(Header::Event, &value[..length]);
                    assert_eq!(
                        judged.is_ok(),
                        matches!(byte, b' '..=b'~'),
                        "{byte} at {place} of {length}"
                    );
                }
            }
        }
    }
}
