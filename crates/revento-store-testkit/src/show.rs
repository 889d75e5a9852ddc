//! Values in messages: quoted, escaped and short, so that a blank, a NUL and a look-alike show.

use revento_core::ConnectionKey;

/// How many characters of a text are shown.
const SHOWN: usize = 80;

/// A text in quotes and in ASCII. Of a long one it shows the beginning, the end and the length.
pub(crate) fn quoted(text: &str) -> String {
    let characters = text.chars().count();
    if characters <= SHOWN {
        return ascii(&format!("{text:?}"));
    }
    let start: String = text.chars().take(SHOWN / 2).collect();
    let end: String = text.chars().skip(characters - SHOWN / 4).collect();
    ascii(&format!("{start:?}…{end:?} ({} bytes)", text.len()))
}

/// The three parts of a key.
pub(crate) fn key(key: &ConnectionKey) -> String {
    let user = match &key.user_id {
        Some(user) => format!("user {}", quoted(user.as_str())),
        None => "no user".to_owned(),
    };
    format!(
        "client {}, event {}, {user}",
        quoted(key.client_id.as_str()),
        quoted(key.event_id.as_str())
    )
}

/// Bytes as text, with escapes for what is not text.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// Escapes what is not ASCII. `…` stays, because this crate puts it where it leaves something out, and the `µ` of times.
pub(crate) fn ascii(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii() || matches!(character, '…' | 'µ') {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_nul_and_look_alikes_show() {
        assert_eq!(quoted("a "), r#""a ""#);
        assert_eq!(quoted("a\0"), r#""a\0""#);
        assert_eq!(quoted("é"), r#""\u{e9}""#);
        assert_eq!(quoted("e\u{301}"), r#""e\u{301}""#);
    }

    #[test]
    fn a_key_shows_its_three_parts() {
        let installation = ConnectionKey::installation("a/b".into(), "c".into());
        assert_eq!(key(&installation), r#"client "a/b", event "c", no user"#);
        let user = ConnectionKey::user("a".into(), "b".into(), "".into());
        assert_eq!(key(&user), r#"client "a", event "b", user """#);
    }

    #[test]
    fn a_long_text_shows_its_two_ends_and_its_length() {
        let shown = quoted(&format!("{}~", "k".repeat(8191)));
        assert!(shown.len() < 120, "{shown}");
        assert!(shown.ends_with("k~\" (8192 bytes)"), "{shown}");
    }
}
