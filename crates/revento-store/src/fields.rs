//! Fields as bytes: a number has 8 bytes, little endian; a text is its length, as a number, and its UTF-8; an
//! optional field has a 0 or a 1 before it.

use revento_core::Timestamp;

/// Appends fields.
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn flag(&mut self, there: bool) {
        self.0.push(u8::from(there));
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn time(&mut self, time: Timestamp) {
        self.number(time.unix_micros().cast_unsigned());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn optional(&mut self, bytes: Option<&[u8]>) {
        self.flag(bytes.is_some());
        self.bytes(bytes.unwrap_or_default());
    }

    pub(crate) fn optional_time(&mut self, time: Option<Timestamp>) {
        self.flag(time.is_some());
        self.time(time.unwrap_or_default());
    }
}

/// What is left to read. Every method gives `None` when that is not enough.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn flag(&mut self) -> Option<bool> {
        let (&flag, rest) = self.0.split_first()?;
        self.0 = rest;
        (flag <= 1).then_some(flag == 1)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(crate) fn time(&mut self) -> Option<Timestamp> {
        Some(Timestamp::from_unix_micros(self.number()?.cast_signed()))
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Outside: whether there was enough to read. Inside: whether the field is there.
    pub(crate) fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        let there = self.flag()?;
        Some(Some(self.bytes()?).filter(|_| there))
    }

    pub(crate) fn optional_text(&mut self) -> Option<Option<&'a str>> {
        match self.optional()? {
            Some(bytes) => Some(Some(std::str::from_utf8(bytes).ok()?)),
            None => Some(None),
        }
    }

    pub(crate) fn optional_time(&mut self) -> Option<Option<Timestamp>> {
        let there = self.flag()?;
        Some(Some(self.time()?).filter(|_| there))
    }
}
