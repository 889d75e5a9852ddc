//! The members of a JSON object as far as they are legible.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::reader::Reader;

/// The members of the first object in a body.
///
/// Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD. A value that is not legible is left out. Of several
/// members with one name the last text counts, or the last value if none is a text.
pub struct TolerantObject<'b> {
    body: Cow<'b, str>,
    members: Vec<(String, Member)>,
    begins_body: bool,
    is_closed: bool,
    is_json: bool,
}

enum Member {
    Text(String),
    /// The JSON text of a number, a literal, a list or an object.
    Other(String),
}

impl<'b> TolerantObject<'b> {
    /// Reads a body; `None` if no object begins in it.
    pub fn read(body: &'b [u8]) -> Option<Self> {
        let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
        let body = String::from_utf8_lossy(body);
        let begin = body.find('{')?;
        let begins_body = body
            .get(..begin)
            .is_some_and(|before| before.trim_start_matches('\u{feff}').trim().is_empty());
        let mut reader = Reader {
            text: &body,
            at: begin + 1,
        };
        let mut members = Vec::new();
        let is_closed = reader.members(&mut members);
        Some(Self {
            body,
            members,
            begins_body,
            is_closed,
            is_json,
        })
    }

    /// Whether nothing but white space or a byte order mark precedes the object. An HTML page has more before it.
    pub fn begins_body(&self) -> bool {
        self.begins_body
    }

    /// Whether the object's closing brace was found.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether the whole body is valid JSON (RFC 8259), so that no member was missed.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Takes a text that is not empty out of the members, so that no copy of a secret stays behind.
    pub fn take_text(&mut self, name: &str) -> Option<String> {
        let text = self.members.iter().rposition(|(candidate, member)| {
            candidate == name && matches!(member, Member::Text(text) if !text.is_empty())
        })?;
        match self.members.remove(text).1 {
            Member::Text(text) => Some(text),
            Member::Other(_) => None,
        }
    }

    /// The JSON text of a member that is not a string.
    pub fn json(&self, name: &str) -> Option<&str> {
        self.members
            .iter()
            .rev()
            .find_map(|(candidate, member)| match member {
                Member::Other(json) if candidate == name => Some(json.as_str()),
                _ => None,
            })
    }

    /// The last text that follows `"name":` anywhere in the body, even if another member breaks the object's structure. A name
    /// within a text does not count, because its quotation marks are escaped.
    pub fn find_text(&self, name: &str) -> Option<String> {
        let quoted = format!("\"{name}\"");
        self.body.rmatch_indices(&quoted).find_map(|(at, _)| {
            let is_escaped = self.body.get(..at).is_some_and(|before| before.ends_with('\\'));
            let mut reader = Reader {
                text: &self.body,
                at: at + quoted.len(),
            };
            reader.blanks();
            if is_escaped || !reader.skip(':') {
                return None;
            }
            reader.blanks();
            reader.string().filter(|text| !text.is_empty())
        })
    }
}

/// Shows the names only, because values can be secret.
impl std::fmt::Debug for TolerantObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set()
            .entries(self.members.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Reader<'_> {
    /// The members up to the closing brace; `false` if the text ends before.
    fn members(&mut self, members: &mut Vec<(String, Member)>) -> bool {
        loop {
            self.blanks();
            match self.peek() {
                None => return false,
                Some('}') => return true,
                Some('"') => {
                    let Some(name) = self.string() else {
                        return false;
                    };
                    self.blanks();
                    if self.skip(':') {
                        self.blanks();
                        members.extend(self.value().map(|value| (name, value)));
                    }
                }
                Some(_) => self.next(),
            }
        }
    }

    fn value(&mut self) -> Option<Member> {
        if self.peek() == Some('"') {
            return self.string().map(Member::Text);
        }
        let begin = self.at;
        self.skip_value();
        let json = self.text.get(begin..self.at)?.trim_end();
        (!json.is_empty()).then(|| Member::Other(json.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(body: &[u8], name: &str) -> Option<String> {
        TolerantObject::read(body)?.take_text(name)
    }

    #[test]
    fn a_neighbour_of_any_kind_hides_no_member() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for odd in [
            "1e999",
            "-1e999",
            "NaN",
            "Infinity",
            "\"\\ud83d\"",
            "\"\\ude00 \\ud83d x\"",
            "\"\\q\"",
            "\"\t\"",
            "{\"a\":{\"b\":\"}\"}}",
            "[1,]",
            "nul",
            "",
            "'x'",
            "{\"a\" 1}",
            "01",
            "+1",
            "\"\"",
            &deep,
        ] {
            for body in [
                format!(r#"{{"x":{odd},"a":"1","b":"2"}}"#),
                format!(r#"{{"a":"1","x":{odd},"b":"2"}}"#),
                format!(r#"{{"a":"1","b":"2","x":{odd}}}"#),
                format!("\u{feff} )]}}',\n {{\"x\":{odd},\"a\":\"1\",\"b\":\"2\"}} trailing"),
            ] {
                assert_eq!(text(body.as_bytes(), "a").as_deref(), Some("1"), "{body}");
                assert_eq!(text(body.as_bytes(), "b").as_deref(), Some("2"), "{body}");
            }
        }
    }

    #[test]
    fn what_is_not_unicode_loses_a_character() {
        assert_eq!(
            text(b"{\"a\":\"Z\xfcrich\"}", "a").as_deref(),
            Some("Z\u{fffd}rich")
        );
        assert_eq!(text(br#"{"a":"x\ud83dy"}"#, "a").as_deref(), Some("x\u{fffd}y"));
        assert_eq!(
            text(br#"{"a":"\ud83d\u0041"}"#, "a").as_deref(),
            Some("\u{fffd}A")
        );
        assert_eq!(
            text(br#"{"a":"\ud83d\ude00\u00e9\n\/"}"#, "a").as_deref(),
            Some("😀é\n/")
        );
        assert_eq!(text(br#"{"a":"\u12"}"#, "a").as_deref(), Some("\u{fffd}12"));
    }

    #[test]
    fn of_members_of_one_name_the_last_text_counts() {
        assert_eq!(text(br#"{"a":"1","a":"2","a":null}"#, "a").as_deref(), Some("2"));
        let object = TolerantObject::read(br#"{"n":1,"n": 2.5 ,"o":{"n":3}}"#).unwrap();
        assert_eq!(
            (object.json("n"), object.json("o")),
            (Some("2.5"), Some("{\"n\":3}"))
        );
    }

    #[test]
    fn a_member_is_found_where_its_neighbours_broke_the_object() {
        for body in [
            r#"{"x":"abc,"a":"1"}"#,
            r#"{"x":},"a":"1"}"#,
            r#"{"x":"abc\","a" : "1"}"#,
            r#"["a":"1", {}"#,
        ] {
            let object = TolerantObject::read(body.as_bytes()).unwrap();
            assert_eq!(object.find_text("a").as_deref(), Some("1"), "{body}");
        }
        let within = TolerantObject::read(br#"{"x":"\"a\":\"1\""}"#).unwrap();
        assert_eq!(within.find_text("a"), None);
    }

    #[test]
    fn a_body_without_an_object_has_none() {
        for body in [&b""[..], b"<html>", b"[]", b"\"text\"", b"\xff\xfe"] {
            assert!(TolerantObject::read(body).is_none());
        }
        assert!(!TolerantObject::read(br#"{"a":"1""#).unwrap().is_closed());
        assert!(TolerantObject::read(br#"{"a":"1"} x"#).unwrap().is_closed());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_without_a_panic(body: Vec<u8>, name: String) {
            if let Some(mut object) = TolerantObject::read(&body) {
                object.find_text(&name);
                object.json(&name);
                object.take_text(&name);
            }
        }

        #[test]
        fn what_a_strict_parser_reads_is_read_alike(name in "[a-z]{1,4}", value: String) {
            let body = serde_json::json!({ &name: &value, "other": [1, {"n": "}"}] }).to_string();
            prop_assert_eq!(text(body.as_bytes(), &name), Some(value).filter(|value| !value.is_empty()));
        }
    }
}
