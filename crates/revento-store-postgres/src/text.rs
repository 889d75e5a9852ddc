//! Text that PostgreSQL can keep: it has everything but NUL.

use std::borrow::Cow;

/// Escapes NUL, and the `%` that marks it. Different texts stay different.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '%']) {
        Cow::Owned(text.replace('%', "%25").replace('\0', "%00"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that was escaped.
pub(crate) fn unescape(text: String) -> String {
    if text.contains('%') {
        text.replace("%00", "\0").replace("%25", "%")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_every_text_comes_back_and_none_has_a_nul() {
        for text in [
            "", "plain", "%", "%%", "%0", "%00", "%2500", "\0", "%\0", "\0%00\0", "100%25",
        ] {
            let escaped = escape(text).into_owned();
            assert!(!escaped.contains('\0'));
            assert_eq!(unescape(escaped), text);
        }
        assert_ne!(escape("\0"), escape("%00"));
    }
}
