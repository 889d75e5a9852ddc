//! Where two values differ. A message never has a whole long value.

use std::{collections::HashMap, fmt::Debug};

use similar::{DiffOp, TextDiff};

use crate::show::ascii;

/// How many characters a value has that is shown whole.
const WHOLE: usize = 200;
/// How many characters of a long text are shown before and after the first difference.
const BEFORE: usize = 30;
const AFTER: usize = 50;
/// How many differences between two values, and how many items of a list are shown.
const MAX_PLACES: usize = 8;
const MAX_ITEMS: usize = 5;

/// Why unequal values can show the same.
const HIDDEN: &str = "sealed bytes differ, and only their number is shown";

/// The lines of a message that follow `what differs:`.
pub(crate) fn difference<T: Debug>(came: &T, expected: &T) -> String {
    let (short_came, short_expected) = (ascii(&format!("{came:?}")), ascii(&format!("{expected:?}")));
    if short_came == short_expected {
        let shown = start(&short_came);
        return format!("\n  both show as {shown}: {HIDDEN}");
    }
    if is_short(&short_came) && is_short(&short_expected) {
        return pair(&short_expected, &short_came);
    }
    places(&ascii(&format!("{expected:#?}")), &ascii(&format!("{came:#?}")))
}

/// What a list lacks, what it has too much or repeats, or where its order is another.
pub(crate) fn list_difference<T: Debug>(came: &[T], expected: &[T]) -> String {
    let came: Vec<String> = came.iter().map(|item| ascii(&format!("{item:?}"))).collect();
    let expected: Vec<String> = expected.iter().map(|item| ascii(&format!("{item:?}"))).collect();
    let mut text = format!("\n  expected {} items, actual {}", expected.len(), came.len());
    let (missing, surplus) = (without(&expected, &came), without(&came, &expected));
    let (repeated, foreign): (Vec<_>, Vec<_>) = surplus
        .into_iter()
        .partition(|(_, item)| expected.iter().any(|other| other == item));
    list_some(&mut text, "missing", &missing);
    list_some(&mut text, "not expected", &foreign);
    list_some(&mut text, "listed too often", &repeated);
    if came.len() == expected.len() && missing.is_empty() {
        match (0..came.len()).find(|place| came[*place] != expected[*place]) {
            Some(place) => {
                text.push_str(&format!(
                    "\n  the same items, in another order from item {place} on:"
                ));
                text.push_str(&pair(&expected[place], &came[place]));
            }
            None => text.push_str(&format!("\n  all items show the same: {HIDDEN}")),
        }
    }
    text
}

/// The items with their places that the other list does not have, or has less often.
fn without<'a>(items: &'a [String], other: &[String]) -> Vec<(usize, &'a str)> {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for item in other {
        *left.entry(item).or_default() += 1;
    }
    let mut more = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match left.get_mut(item.as_str()) {
            Some(count) if *count > 0 => *count -= 1,
            _ => more.push((place, item.as_str())),
        }
    }
    more
}

fn list_some(text: &mut String, what: &str, items: &[(usize, &str)]) {
    for (place, item) in items.iter().take(MAX_ITEMS) {
        text.push_str(&format!("\n  {what}, item {place}: {}", start(item)));
    }
    if items.len() > MAX_ITEMS {
        text.push_str(&format!("\n  … and {} more {what}", items.len() - MAX_ITEMS));
    }
}

/// The differences between two values in the form of `{:#?}`.
fn places(expected: &str, came: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), came.lines().collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut found = Vec::new();
    for op in diff.ops() {
        let (was, is) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {}
            // Several fields in a row.
            DiffOp::Replace { .. } if was.len() == is.len() => {
                for (was, is) in was.zip(is) {
                    found.push(place(&old, was) + &pair(&joined(&old[was..=was]), &joined(&new[is..=is])));
                }
            }
            _ => found.push(place(&old, was.start) + &pair(&joined(&old[was]), &joined(&new[is]))),
        }
    }
    let more = found.len().saturating_sub(MAX_PLACES);
    found.truncate(MAX_PLACES);
    if more > 0 {
        found.push(format!("\n  … and {more} more differences"));
    }
    found.concat()
}

/// The fields that enclose a line: `connection.key`.
fn place(lines: &[&str], line: usize) -> String {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut inside = lines.get(line).map_or(0, |line| depth(line));
    let mut fields = Vec::new();
    for outer in lines.iter().take(line).rev() {
        if depth(outer) < inside {
            inside = depth(outer);
            if let Some((field, _)) = outer.trim_start().split_once(": ") {
                fields.push(field);
            }
        }
    }
    fields.reverse();
    match fields.join(".") {
        fields if fields.is_empty() => fields,
        fields => format!("\n  in {fields}"),
    }
}

fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ").trim_end_matches(',').to_owned()
}

fn pair(expected: &str, came: &str) -> String {
    let nothing = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            start(text)
        }
    };
    if (is_short(expected) && is_short(came)) || expected.is_empty() || came.is_empty() {
        return format!("\n  expected {}\n  actual   {}", nothing(expected), nothing(came));
    }
    let equal = expected
        .chars()
        .zip(came.chars())
        .take_while(|(one, other)| one == other)
        .count();
    format!(
        "\n  expected {}\n  actual   {}\n  the first difference is at character {equal}",
        around(expected, equal),
        around(came, equal)
    )
}

fn is_short(text: &str) -> bool {
    text.len() <= WHOLE
}

/// A text, or its beginning and its length.
fn start(text: &str) -> String {
    if is_short(text) {
        text.to_owned()
    } else {
        around(text, 0)
    }
}

/// The part of a long text around one of its characters.
fn around(text: &str, place: usize) -> String {
    let length = text.chars().count();
    if length <= WHOLE {
        return text.to_owned();
    }
    let skipped = place.saturating_sub(BEFORE);
    let part: String = text.chars().skip(skipped).take(BEFORE + AFTER).collect();
    let before = if skipped > 0 { "…" } else { "" };
    let after = if skipped + BEFORE + AFTER < length {
        "…"
    } else {
        ""
    };
    format!("{before}{part}{after} ({length} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "for its Debug")]
    struct Outer {
        inner: Inner,
        last: u8,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "for its Debug")]
    struct Inner {
        text: String,
        other: Option<String>,
    }

    fn outer(text: &str, other: Option<&str>) -> Outer {
        Outer {
            inner: Inner {
                text: text.to_owned(),
                other: other.map(str::to_owned),
            },
            last: 7,
        }
    }

    #[test]
    fn a_short_value_is_shown_whole() {
        assert_eq!(difference(&"a", &"a "), "\n  expected \"a \"\n  actual   \"a\"");
    }

    #[test]
    fn of_a_long_value_the_differing_fields_are_shown() {
        let long = "k".repeat(300);
        let text = difference(&outer(&long, None), &outer(&long, Some("naïve")));
        assert_eq!(
            text,
            "\n  in inner\n  expected other: Some( \"na\\u{ef}ve\", )\n  actual   other: None"
        );
    }

    #[test]
    fn of_a_long_text_the_place_of_the_difference_is_shown() {
        let (short, long) = ("k".repeat(64 * 1024), "k".repeat(64 * 1024 + 1));
        let text = difference(&short, &long);
        assert!(text.len() < 500, "{text}");
        assert!(
            text.contains("the first difference is at character 65537"),
            "{text}"
        );
    }

    #[test]
    fn a_list_shows_what_it_lacks_and_how_much() {
        let all: Vec<u32> = (0..1001).collect();
        let text = list_difference(&all[..1000], &all);
        assert_eq!(
            text,
            "\n  expected 1001 items, actual 1000\n  missing, item 1000: 1000"
        );
        let text = list_difference(&[0, 2, 1], &[0, 1, 2]);
        assert!(text.contains("in another order from item 1 on"), "{text}");
    }

    #[test]
    fn an_item_that_is_listed_twice_is_named_with_its_place() {
        assert_eq!(
            list_difference(&["a", "a", "b"], &["a", "b"]),
            "\n  expected 2 items, actual 3\n  listed too often, item 1: \"a\""
        );
        assert_eq!(
            list_difference(&["a", "a"], &["a", "b"]),
            "\n  expected 2 items, actual 2\n  missing, item 1: \"b\"\n  listed too often, item 1: \"a\""
        );
    }

    #[test]
    fn equal_texts_of_unequal_values_are_explained() {
        assert!(difference(&"x", &"x").contains("sealed bytes differ"));
    }
}
