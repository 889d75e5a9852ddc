//! The scenarios of the program.

use super::Scenario;

const SCENARIOS: [(&str, &str); 3] = [
    (
        "approve-then-revoke",
        include_str!("built_in/approve-then-revoke.toml"),
    ),
    ("flaky-receiver", include_str!("built_in/flaky-receiver.toml")),
    ("night-of-retries", include_str!("built_in/night-of-retries.toml")),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

/// The TOML of a scenario.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    let (_, text) = SCENARIOS.iter().find(|(known, _)| *known == name)?;
    Some(text)
}

/// The names and descriptions.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, String)> {
    SCENARIOS.iter().map(|(name, text)| {
        let scenario = Scenario::parse(text, name, None);
        (
            *name,
            scenario
                .map(|scenario| scenario.description().to_owned())
                .unwrap_or_default(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_scenario_is_valid_and_described() {
        for (name, text) in SCENARIOS {
            let scenario = Scenario::parse(text, name, None).unwrap();
            assert!(!scenario.description().is_empty(), "{name}");
        }
    }
}
