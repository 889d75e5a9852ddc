//! Looks for texts in bytes, in every form in which programs store them.

use std::fmt;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// Shorter texts occur by chance.
const SHORTEST: usize = 6;

/// The form of a text that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Plain,
    Base64,
    Hex,
    Utf16,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "in plain",
            Self::Base64 => "in base64",
            Self::Hex => "in hex",
            Self::Utf16 => "in UTF-16",
        })
    }
}

/// A text that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    /// The index of the text.
    pub(crate) text: usize,
    pub(crate) form: Form,
    /// The first byte.
    pub(crate) at: usize,
}

/// What a text looks like in a form.
type Pattern = (Form, Vec<u8>);

/// Looks for many texts at once.
#[derive(Debug)]
pub(crate) struct Search {
    automaton: AhoCorasick,
    needles: Vec<(usize, Form)>,
}

impl Search {
    /// Looks for texts in plain, in base64 (at each alignment, in both alphabets), in hex (of both cases) and in UTF-16 (of both
    /// byte orders). A text of fewer than six bytes is not looked for.
    pub(crate) fn new<T: AsRef<str>>(texts: &[T]) -> Result<Self, String> {
        Self::of(texts, forms)
    }

    /// Looks for texts in plain alone.
    pub(crate) fn plain<T: AsRef<str>>(texts: &[T]) -> Result<Self, String> {
        Self::of(texts, |text| vec![(Form::Plain, text.as_bytes().to_vec())])
    }

    fn of<T: AsRef<str>>(texts: &[T], forms: fn(&str) -> Vec<Pattern>) -> Result<Self, String> {
        let mut needles = Vec::new();
        let mut patterns = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let text = text.as_ref();
            if text.len() < SHORTEST {
                continue;
            }
            for (form, pattern) in forms(text) {
                needles.push((index, form));
                patterns.push(pattern);
            }
        }
        let automaton = AhoCorasick::new(patterns).map_err(|error| error.to_string())?;
        Ok(Self { automaton, needles })
    }

    /// The first text in these bytes.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<Found> {
        let found = self.automaton.find(bytes)?;
        let (text, form) = *self.needles.get(found.pattern().as_usize())?;
        Some(Found {
            text,
            form,
            at: found.start(),
        })
    }
}

fn forms(text: &str) -> Vec<Pattern> {
    let mut forms = vec![
        (Form::Plain, text.as_bytes().to_vec()),
        (Form::Hex, hex::encode(text).into_bytes()),
        (Form::Hex, hex::encode_upper(text).into_bytes()),
        (Form::Utf16, utf16(text)),
    ];
    for alignment in 0..3 {
        let (standard, url_safe) = base64(text, alignment);
        if standard != url_safe {
            forms.push((Form::Base64, url_safe));
        }
        forms.push((Form::Base64, standard));
    }
    forms
}

/// The text in UTF-16 without the first and the last zero, so that it matches both byte orders.
fn utf16(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.pop();
    bytes
}

/// The characters of base64 that depend on the text alone, if `alignment` bytes precede it in its group of three.
fn base64(text: &str, alignment: usize) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = vec![0; alignment];
    bytes.extend_from_slice(text.as_bytes());
    // The first characters depend on what precedes, and the last one on what follows unless it ends a group.
    let before = [0, 2, 3].get(alignment).copied().unwrap_or_default();
    let after = usize::from(!bytes.len().is_multiple_of(3));
    let cut = |encoded: String| {
        let end = encoded.len().saturating_sub(after);
        encoded.as_bytes().get(before..end).unwrap_or_default().to_vec()
    };
    (
        cut(BASE64_STANDARD_NO_PAD.encode(&bytes)),
        cut(BASE64_URL_SAFE_NO_PAD.encode(&bytes)),
    )
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

    use super::*;

    const TEXT: &str = "rev_install_k3~?>>Zq_secret";

    fn form(bytes: &[u8]) -> Option<Form> {
        let search = Search::new(&["something else", TEXT]).unwrap();
        let found = search.find(bytes)?;
        assert_eq!(found.text, 1);
        Some(found.form)
    }

    #[test]
    fn a_text_is_found_in_each_form_wherever_it_begins() {
        for before in ["", "a", "ab", "abc", "{\"token\":\""] {
            for after in ["", "x", "xy", "\"}"] {
                let all = format!("{before}{TEXT}{after}");
                assert_eq!(form(all.as_bytes()), Some(Form::Plain));
                let standard = BASE64_STANDARD.encode(&all);
                assert_eq!(form(standard.as_bytes()), Some(Form::Base64), "{all}");
                let url_safe = BASE64_URL_SAFE.encode(&all);
                assert_eq!(form(url_safe.as_bytes()), Some(Form::Base64), "{all}");
                assert_eq!(form(hex::encode(&all).as_bytes()), Some(Form::Hex));
                assert_eq!(form(hex::encode_upper(&all).as_bytes()), Some(Form::Hex));
                for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                    let wide: Vec<u8> = all.encode_utf16().flat_map(to_bytes).collect();
                    assert_eq!(form(&wide), Some(Form::Utf16));
                }
            }
        }
    }

    #[test]
    fn other_texts_and_short_ones_are_not_found() {
        assert_eq!(form(b"rev_install_k3~?>>Zq_secreT"), None);
        assert_eq!(form(b""), None);
        assert_eq!(Search::new(&["abc"]).unwrap().find(b"abc"), None);
    }
}
