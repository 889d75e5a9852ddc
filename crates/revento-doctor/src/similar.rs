//! "Did you mean": names that are close to a mistyped one.

/// At most this many names are suggested.
const MOST: usize = 3;
/// Jaro-Winkler similarity from which a name counts as close.
const CLOSE: f64 = 0.84;

/// The known names that are closest to a mistyped one, the closest first. A name with a word in common comes after those that are
/// spelled alike.
pub(crate) fn similar<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let words: Vec<&str> = given.split(['-', '_']).filter(|word| word.len() > 3).collect();
    let mut close: Vec<(f64, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let alike = strsim::jaro_winkler(given, name);
            let shared = words.iter().any(|word| name.contains(word));
            let score = if shared { alike + 1.0 } else { alike };
            (alike >= CLOSE || shared).then_some((score, name))
        })
        .collect();
    close.sort_by(|one, other| other.0.total_cmp(&one.0));
    close.dedup_by_key(|(_, name)| *name);
    close.into_iter().take(MOST).map(|(_, name)| name).collect()
}

/// `; did you mean …?`, or nothing.
pub(crate) fn question<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = similar(given, known)
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_alike_or_has_a_word_in_common_is_suggested() {
        let known = [
            "connect-url",
            "webhook-url",
            "signature-wrong-secret",
            "log",
            "scan",
        ];
        assert_eq!(similar("conect-url", known), ["connect-url"]);
        assert_eq!(similar("wrong-secret", known), ["signature-wrong-secret"]);
        assert_eq!(similar("scann", known), ["scan"]);
        assert!(similar("zzz", known).is_empty());
        assert_eq!(question("scann", known), "; did you mean `scan`?");
        assert_eq!(question("zzz", known), "");
    }
}
