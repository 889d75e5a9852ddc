//! JSON errors as text without the values that caused them, because these can be personal data.

/// What is wrong, and where: a missing field, or the expected type, with line and column.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    const SHOWN: [&str; 2] = ["missing field `", "duplicate field `"];
    const CUT: [&str; 5] = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
        "unknown field `",
    ];
    let text = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    let what = text
        .strip_suffix(&place)
        .and_then(|text| text.strip_suffix(" at "))
        .unwrap_or(&text);
    let expected = what.rsplit_once(", expected ").map(|(_, expected)| expected);
    match expected {
        _ if SHOWN.iter().any(|start| what.starts_with(start)) => format!("{what} ({place})"),
        Some(expected) if CUT.iter().any(|start| what.starts_with(start)) => {
            format!("expected {expected} ({place})")
        }
        _ if error.is_data() => format!("a value is malformed ({place})"),
        _ => format!("it is not valid JSON ({place})"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are of interest")]
    struct Answers {
        age: u8,
        at: Option<crate::Timestamp>,
        size: Option<Size>,
    }

    #[derive(Debug, Deserialize)]
    enum Size {
        Small,
    }

    #[test]
    fn no_value_is_shown() {
        for (json, text) in [
            ("{}", "missing field `age` (line 1 column 2)"),
            (r#"{"age":1,"age":2}"#, "duplicate field `age` (line 1 column 14)"),
            (r#"{"age":"planted"}"#, "expected u8 (line 1 column 16)"),
            (
                r#"{"age":"planted, expected planted"}"#,
                "expected u8 (line 1 column 34)",
            ),
            (
                r#"{"age":1,"size":"planted"}"#,
                "expected `Small` (line 1 column 25)",
            ),
            (
                r#"{"age":1,"at":"x, expected planted"}"#,
                "expected a time by RFC 3339 (line 1 column 35)",
            ),
            (r#"{"age":1,planted"#, "it is not valid JSON (line 1 column 10)"),
        ] {
            let error = serde_json::from_str::<Answers>(json).unwrap_err();
            assert_eq!(describe(&error), text, "{json}");
        }
    }
}
