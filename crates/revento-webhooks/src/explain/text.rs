//! Bodies that were converted as text.

use alloc::{string::String, vec::Vec};

/// The characters of Windows-1252 for the bytes 0x80 to 0x9f.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The body before a conversion from or to Latin-1, Windows-1252 or UTF-16.
pub(super) fn charsets(body: &[u8]) -> Vec<Vec<u8>> {
    if body.is_ascii() && !body.contains(&0) {
        return Vec::new();
    }
    let text = core::str::from_utf8(body).ok();
    let taken_for = |byte: fn(char) -> Option<u8>| text?.chars().map(byte).collect();
    let written_as = |character: fn(u8) -> char| {
        let text: String = body.iter().copied().map(character).collect();
        Some(text.into_bytes())
    };
    [
        taken_for(|c| u8::try_from(u32::from(c)).ok()),
        taken_for(windows_byte),
        written_as(char::from),
        written_as(windows_character),
        utf16(body, u16::from_le_bytes),
        utf16(body, u16::from_be_bytes),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn windows_byte(c: char) -> Option<u8> {
    match WINDOWS.iter().position(|other| *other == c) {
        Some(place) => u8::try_from(place + 0x80).ok(),
        None => u8::try_from(u32::from(c)).ok(),
    }
}

fn windows_character(byte: u8) -> char {
    let place = usize::from(byte).checked_sub(0x80);
    let special = place.and_then(|place| WINDOWS.get(place));
    special.copied().unwrap_or(char::from(byte))
}

fn utf16(body: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Vec<u8>> {
    let (pairs, []) = body.as_chunks::<2>() else {
        return None;
    };
    let units = pairs.iter().copied().map(unit);
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.ok()?;
    Some(text.strip_prefix('\u{feff}').unwrap_or(&text).as_bytes().to_vec())
}

/// The body before it became the value or the name of a form's only field, or before it was percent-encoded.
pub(super) fn form(body: &[u8]) -> Vec<Vec<u8>> {
    let mut places = body.iter().enumerate();
    let value = places
        .find(|(_, byte)| **byte == b'=')
        .and_then(|(at, _)| body.get(at + 1..));
    let name = body.strip_suffix(b"=");
    let whole = body.contains(&b'%').then_some(body);
    [value, name, whole]
        .into_iter()
        .flatten()
        .flat_map(|text| [text.to_vec(), unescape(text, b' '), unescape(text, b'+')])
        .collect()
}

/// Undoes percent-encoding. `plus` is the byte that a `+` stands for.
pub(super) fn unescape(text: &[u8], plus: u8) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'%', [high, low, behind @ ..]) if let (Some(high), Some(low)) = (digit(high), digit(low)) => {
                rest = behind;
                u8::try_from(high << 4 | low).unwrap_or(b'%')
            }
            (b'+', _) => plus,
            (other, _) => *other,
        });
    }
    bytes
}
