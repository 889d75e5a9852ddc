//! JSON as tokens, to undo the differences between serializers. Nothing interprets the values.

use alloc::{format, string::String, vec::Vec};

/// Writes the tokens of a body again in every common style.
pub(super) fn rewritings(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let tokens = core::str::from_utf8(body).ok().and_then(tokens);
    // Indentation multiplies the length of hostile text. No serializer needs this much for real text.
    let max_bytes = 4096 + 6 * body.len();
    let styles = SPACINGS
        .into_iter()
        .flat_map(|spacing| ESCAPINGS.into_iter().map(move |escaping| (spacing, escaping)));
    tokens.into_iter().flat_map(move |tokens| {
        // A parser may have sorted the fields of the envelope.
        let ordered = in_contract_order(&tokens);
        styles.clone().flat_map(move |(spacing, escaping)| {
            core::iter::once(&tokens)
                .chain(&ordered)
                .filter_map(|tokens| write(tokens, spacing, escaping, max_bytes))
                .collect::<Vec<_>>()
        })
    })
}

#[derive(Clone, Copy)]
enum Spacing {
    Compact,
    Spaced,
    Pretty(&'static str),
}

const SPACINGS: [Spacing; 5] = [
    Spacing::Compact,
    Spacing::Spaced,
    Spacing::Pretty("  "),
    Spacing::Pretty("    "),
    Spacing::Pretty("\t"),
];

#[derive(Clone, Copy)]
struct Escaping {
    slash: bool,
    html: bool,
    ascii: bool,
    upper: bool,
}

const ESCAPINGS: [Escaping; 8] = {
    const fn escaping(slash: bool, html: bool, ascii: bool) -> Escaping {
        Escaping {
            slash,
            html,
            ascii,
            upper: false,
        }
    }
    const fn upper(html: bool) -> Escaping {
        Escaping {
            slash: false,
            html,
            ascii: true,
            upper: true,
        }
    }
    [
        escaping(false, false, false),
        escaping(true, false, false),
        escaping(false, true, false),
        escaping(false, false, true),
        escaping(true, false, true),
        escaping(false, true, true),
        upper(false),
        upper(true),
    ]
};

impl Escaping {
    fn escapes(self, c: char) -> bool {
        match c {
            // Serializers that escape for HTML also escape two line breaks of JavaScript.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if self.html => true,
            // .NET escapes these too.
            '\'' | '+' | '`' | '\u{7f}' => self.html && self.upper,
            c => u32::from(c) < 0x20 || (self.ascii && !c.is_ascii()),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// One of `{ } [ ] , :`.
    Mark(char),
    Text(String),
    /// A number or a word, unchanged.
    Word(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '{' | '}' | '[' | ']' | ',' | ':' => (Token::Mark(first), rest.split_at(first.len_utf8()).1),
            '"' => {
                let (text, after) = string(rest)?;
                (Token::Text(text), after)
            }
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || "{}[],:\"".contains(c))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (Token::Word(word.into()), after)
            }
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    (!tokens.is_empty()).then_some(tokens)
}

/// The value of the string at the beginning of the text, and what comes after it.
fn string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                'b' => value.push('\u{8}'),
                'f' => value.push('\u{c}'),
                'u' => value.push(unicode(&mut chars)?),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

fn unicode(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let mut four = || (0..4).try_fold(0, |value, _| Some(value << 4 | chars.next()?.1.to_digit(16)?));
    let first: u32 = four()?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    let marked = (chars.next()?.1, chars.next()?.1) == ('\\', 'u');
    let mut four = || (0..4).try_fold(0, |value, _| Some(value << 4 | chars.next()?.1.to_digit(16)?));
    let second = four()?
        .checked_sub(0xdc00)
        .filter(|low: &u32| marked && *low < 0x400)?;
    char::from_u32(0x10000 + ((first - 0xd800) << 10) + second)
}

/// The tokens with the six fields of an envelope in the contract's order, if they are in another.
fn in_contract_order(tokens: &[Token]) -> Option<Vec<Token>> {
    const ORDER: [&str; 6] = ["id", "type", "occurred_at", "event_id", "organization_id", "data"];
    let [Token::Mark('{'), inside @ .., Token::Mark('}')] = tokens else {
        return None;
    };
    let mut members = members(inside);
    let place = |member: &[Token]| match member.first() {
        Some(Token::Text(name)) => ORDER.iter().position(|field| field == name),
        _ => None,
    };
    members.sort_by_key(|member| place(member).unwrap_or(ORDER.len()));
    let ordered = members.join(&Token::Mark(','));
    (ordered != inside).then(|| [&[Token::Mark('{')], &*ordered, &[Token::Mark('}')]].concat())
}

/// The members of an object, cut at the commas between them.
fn members(inside: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    inside
        .split(|token| {
            match token {
                Token::Mark('{' | '[') => depth += 1,
                Token::Mark('}' | ']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *token == Token::Mark(',')
        })
        .collect()
}

/// Nothing if it would have more bytes than that.
fn write(tokens: &[Token], spacing: Spacing, escaping: Escaping, most: usize) -> Option<Vec<u8>> {
    let mut text = String::new();
    let mut depth = 0_usize;
    let mut opened = false;
    for token in tokens {
        if text.len() > most {
            return None;
        }
        let closes = matches!(token, Token::Mark('}' | ']'));
        if closes {
            depth = depth.saturating_sub(1);
        }
        if let Spacing::Pretty(indent) = spacing
            && opened != closes
        {
            line(&mut text, indent, depth);
        }
        opened = false;
        match token {
            Token::Mark(mark) => text.push(*mark),
            Token::Word(word) => text.push_str(word),
            Token::Text(value) => write_string(&mut text, value, escaping),
        }
        match (token, spacing) {
            (Token::Mark('{' | '['), _) => {
                depth += 1;
                opened = true;
            }
            (Token::Mark(':'), Spacing::Spaced | Spacing::Pretty(_))
            | (Token::Mark(','), Spacing::Spaced) => {
                text.push(' ');
            }
            (Token::Mark(','), Spacing::Pretty(indent)) => line(&mut text, indent, depth),
            _ => {}
        }
    }
    Some(text.into_bytes())
}

fn line(text: &mut String, indent: &str, depth: usize) {
    text.push('\n');
    (0..depth.min(64)).for_each(|_| text.push_str(indent));
}

fn write_string(text: &mut String, value: &str, escaping: Escaping) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' if escaping.html && escaping.upper => text.push_str("\\u0022"),
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '/' if escaping.slash => text.push_str("\\/"),
            c if escaping.escapes(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text.push_str(&if escaping.upper {
                        format!("\\u{unit:04X}")
                    } else {
                        format!("\\u{unit:04x}")
                    });
                }
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

/// The first strings of a JSON body. One of them may be the whole body.
pub(super) fn strings(body: &[u8]) -> Vec<Vec<u8>> {
    const MAX_STRINGS: usize = 128;
    let tokens = core::str::from_utf8(body).ok().and_then(tokens);
    let texts = tokens.into_iter().flatten().filter_map(|token| match token {
        Token::Text(text) if text.len() > 1 => Some(text.into_bytes()),
        _ => None,
    });
    texts.take(MAX_STRINGS).collect()
}

/// Whether the fields of an envelope are in alphabetical order. The contract has another order.
pub(super) fn is_sorted(body: &[u8]) -> bool {
    let Some(tokens) = core::str::from_utf8(body).ok().and_then(tokens) else {
        return false;
    };
    let [Token::Mark('{'), inside @ .., Token::Mark('}')] = &*tokens else {
        return false;
    };
    let members = members(inside);
    let names = members.iter().filter_map(|member| match member.first() {
        Some(Token::Text(name)) => Some(name),
        _ => None,
    });
    members.len() > 2 && names.is_sorted()
}

/// Whether every bracket that opens also closes.
pub(super) fn is_balanced(body: &[u8]) -> bool {
    let Some(tokens) = core::str::from_utf8(body).ok().and_then(tokens) else {
        return false;
    };
    let depth = tokens.iter().fold(0_i64, |depth, token| match token {
        Token::Mark('{' | '[') => depth + 1,
        Token::Mark('}' | ']') => depth - 1,
        _ => depth,
    });
    depth == 0
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use std::{format, vec};

    use super::*;

    fn written(text: &str, spacing: Spacing, escaping: Escaping) -> String {
        let tokens = tokens(text).unwrap();
        String::from_utf8(write(&tokens, spacing, escaping, 1000).unwrap()).unwrap()
    }

    fn spaced(spacing: Spacing) -> String {
        written(" {\"a\" :[1 , {}],\t\"b\":\"x\"\n} ", spacing, ESCAPINGS[0])
    }

    #[test]
    fn each_spacing_is_that_of_a_serializer() {
        assert_eq!(spaced(Spacing::Compact), r#"{"a":[1,{}],"b":"x"}"#);
        assert_eq!(spaced(Spacing::Spaced), r#"{"a": [1, {}], "b": "x"}"#);
        assert_eq!(
            spaced(Spacing::Pretty("  ")),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x\"\n}"
        );
    }

    #[test]
    fn each_escaping_is_that_of_a_serializer() {
        let text = r#""\"\n/<\u00e9\ud83d\udd11'+\r\t\b\f\u0001\\""#;
        let expected = [
            r#""\"\n/<é🔑'+\r\t\b\f\u0001\\""#,
            r#""\"\n\/<é🔑'+\r\t\b\f\u0001\\""#,
            r#""\"\n/\u003cé🔑'+\r\t\b\f\u0001\\""#,
            r#""\"\n/<\u00e9\ud83d\udd11'+\r\t\b\f\u0001\\""#,
            r#""\"\n\/<\u00e9\ud83d\udd11'+\r\t\b\f\u0001\\""#,
            r#""\"\n/\u003c\u00e9\ud83d\udd11'+\r\t\b\f\u0001\\""#,
            r#""\"\n/<\u00E9\uD83D\uDD11'+\r\t\b\f\u0001\\""#,
            r#""\u0022\n/\u003C\u00E9\uD83D\uDD11\u0027\u002B\r\t\b\f\u0001\\""#,
        ];
        for (escaping, expected) in ESCAPINGS.into_iter().zip(expected) {
            assert_eq!(written(text, Spacing::Compact, escaping), expected);
        }
    }

    #[test]
    fn every_escape_of_a_string_is_read() {
        let (value, rest) = string(r#""\n\r\t\b\f\/\\\"\u00e9\u00E9\ud83d\udd11"x"#).unwrap();
        assert_eq!(
            (value.as_str(), rest),
            ("\n\r\t\u{8}\u{c}/\\\"\u{e9}\u{e9}\u{1f511}", "x")
        );
        for (escaped, c) in [
            (r"\ud800\udc00", '\u{10000}'),
            (r"\ud801\udc01", '\u{10401}'),
            (r"\udbff\udfff", '\u{10ffff}'),
            (r"\ud7ff", '\u{d7ff}'),
            (r"\ue000", '\u{e000}'),
        ] {
            let (value, _) = string(&format!("\"{escaped}\"")).unwrap();
            assert_eq!(value, c.to_string(), "{escaped}");
        }
        for broken in [
            r#""abc"#,
            r#""\"#,
            r#""\u00e"#,
            r#""\u00eg""#,
            r#""\ud83d""#,
            r#""\ud83d\u0041""#,
            r#""\ud83d\udbff""#,
            r#""\ud83d\ue000""#,
            r#""\ud83d/udd11""#,
            r#""\ud83d\xdd11""#,
            r#""\udd11""#,
        ] {
            assert_eq!(string(broken), None, "{broken}");
        }
    }

    #[test]
    fn the_fields_of_an_envelope_get_the_contracts_order() {
        let ordered = |text| {
            let ordered = in_contract_order(&tokens(text).unwrap())?;
            String::from_utf8(write(&ordered, Spacing::Compact, ESCAPINGS[0], 1000)?).ok()
        };
        assert_eq!(
            ordered(r#"{"data":{"type":[2,3],"id":1},"x":0,"type":"t","id":"i"}"#).unwrap(),
            r#"{"id":"i","type":"t","data":{"type":[2,3],"id":1},"x":0}"#
        );
        for same in [r#"{"id":1,"type":2,"x":3}"#, r#"["type","id"]"#, "1", "{"] {
            assert_eq!(ordered(same), None, "{same}");
        }
    }

    #[test]
    fn a_parser_that_sorts_is_suspected_from_three_fields_on() {
        for (text, expected) in [
            (r#"{"a":1,"b":{"z":1,"a":2,"b":3},"c":3}"#, true),
            (r#"{"a":1,"c":2,"b":3}"#, false),
            (r#"{"a":1,"b":2}"#, false),
            (r#"["a","b","c"]"#, false),
            ("", false),
        ] {
            assert_eq!(is_sorted(text.as_bytes()), expected, "{text}");
        }
        assert!(!is_sorted(b"{\"a\":1,\"b\":2,\"c\":\"\xff\"}"));
    }

    #[test]
    fn a_body_that_was_cut_is_not_balanced() {
        for (text, expected) in [
            (r#"{"a":[1,{}]}"#, true),
            (r#"{"a":"}"}"#, true),
            (r#"{"a":[1,{}]"#, false),
            ("[", false),
            ("]", false),
            ("", false),
        ] {
            assert_eq!(is_balanced(text.as_bytes()), expected, "{text}");
        }
        assert!(!is_balanced(b"\xff"));
    }

    #[test]
    fn strings_of_two_bytes_and_more_are_taken_up_to_a_limit() {
        assert_eq!(
            strings(br#"["a",{"bc":"de"},12]"#),
            [b"bc".to_vec(), b"de".to_vec()]
        );
        let many = format!("[{}]", vec!["\"xy\""; 129].join(","));
        assert_eq!(strings(many.as_bytes()).len(), 128);
    }

    #[test]
    fn a_text_longer_than_its_limit_is_given_up() {
        let tokens = tokens("[1]").unwrap();
        let short = |most| write(&tokens, Spacing::Compact, ESCAPINGS[0], most);
        assert_eq!(short(2).unwrap(), b"[1]");
        assert_eq!(short(1), None);
        // Escaping makes six bytes of two.
        let body = format!("[\"{}\",1]", "\u{e9}".repeat(1500));
        let escaped = format!("[\"{}\",1]", "\\u00e9".repeat(1500));
        assert!(rewritings(body.as_bytes()).any(|text| text == escaped.as_bytes()));
    }
}
