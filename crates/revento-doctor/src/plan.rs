//! What an examination is going to do.

use crate::check::{Check, Need};

/// What an examination is going to do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The chosen checks, in their order.
    pub checks: Vec<PlannedCheck>,
}

/// A check of a plan.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedCheck {
    /// The check.
    pub check: &'static Check,
    /// Why it is skipped, if the settings say so.
    pub skipped: Option<String>,
    /// What the doctor is not told and would need to do it.
    pub missing: Vec<Need>,
}

impl PlannedCheck {
    /// Whether the check is going to be done.
    pub fn is_done(&self) -> bool {
        self.skipped.is_none() && self.missing.is_empty()
    }
}

/// How many checks are not done because the doctor is not told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// What the doctor is not told.
    pub need: Need,
    /// The number of checks that need it. A check that needs two things counts for both.
    pub checks: usize,
}

impl Plan {
    /// How many checks are going to be done.
    pub fn done(&self) -> usize {
        self.checks.iter().filter(|planned| planned.is_done()).count()
    }

    /// What the doctor is not told: what allows the most checks comes first.
    pub fn missing(&self) -> Vec<Missing> {
        let not_skipped = self.checks.iter().filter(|planned| planned.skipped.is_none());
        missing(not_skipped.map(|planned| planned.missing.as_slice()))
    }
}

/// `32 checks were not done: give --scan (4), --log (3)`.
pub(crate) fn not_done(checks: usize, missing: &[Missing]) -> Option<String> {
    if checks == 0 || missing.is_empty() {
        return None;
    }
    let options: Vec<String> = missing
        .iter()
        .map(|row| format!("{} ({})", row.need.option(), row.checks))
        .collect();
    let subject = if checks == 1 {
        "1 check was".to_owned()
    } else {
        format!("{checks} checks were")
    };
    Some(format!("{subject} not done: give {}", options.join(", ")))
}

/// Counts what checks lack.
pub(crate) fn missing<'a>(checks: impl Iterator<Item = &'a [Need]>) -> Vec<Missing> {
    let mut counted: Vec<Missing> = Vec::new();
    for need in checks.flatten().copied() {
        match counted.iter_mut().find(|row| row.need == need) {
            Some(row) => row.checks += 1,
            None => counted.push(Missing { need, checks: 1 }),
        }
    }
    counted.sort_by_key(|row| std::cmp::Reverse(row.checks));
    counted
}

/// The needs whose options a text names.
pub(crate) fn named(text: &str) -> Vec<Need> {
    let words: Vec<&str> = text
        .split(|character: char| character != '-' && !character.is_ascii_alphanumeric())
        .collect();
    let named = |need: &Need| words.contains(&need.option());
    ALL.into_iter().filter(named).collect()
}

const ALL: [Need; 12] = [
    Need::ConnectUrl,
    Need::WebhookUrl,
    Need::ReadUrl,
    Need::HandledUrl,
    Need::LoginUrl,
    Need::MeUrl,
    Need::WebviewUrl,
    Need::HealthUrl,
    Need::Start,
    Need::Replicas,
    Need::Scan,
    Need::Log,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_allows_the_most_checks_comes_first() {
        let checks: [&[Need]; 3] = [&[Need::Log], &[Need::Scan, Need::Start], &[Need::Scan]];
        let counted = missing(checks.into_iter());
        let counted: Vec<_> = counted.iter().map(|row| (row.need, row.checks)).collect();
        assert_eq!(counted, [(Need::Scan, 2), (Need::Log, 1), (Need::Start, 1)]);
    }

    #[test]
    fn an_option_is_a_whole_word() {
        assert_eq!(
            named("give --login-url, or --start."),
            [Need::LoginUrl, Need::Start]
        );
        assert_eq!(named("the integration has one event only"), []);
    }
}
