//! Compares the workspace with the table of rules.

use std::fmt;

use super::facts::{Facts, Member};
use super::rules::{ALLOWED_BELOW, FORBIDDEN_BELOW, Kind, LIGHT, RULES, Rule};

/// One violation of the architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Violation {
    /// A crate without a row in the table.
    Unlisted { member: String },
    /// A dependency in a direction that the table does not have.
    Direction { member: String, uses: String },
    /// A dependency that has to be optional.
    Unasked { member: String, uses: String },
    /// I/O, a clock or randomness below the line.
    Impure {
        member: String,
        brings: String,
        why: &'static str,
    },
    /// A crate below the line that is not on the allow list.
    Unknown { member: String, brings: String },
    /// More crates than the limit.
    Heavy {
        member: String,
        count: usize,
        most: usize,
    },
    /// A line that breaks a rule.
    Code { place: String, why: String },
    /// Modules that use each other in a circle.
    Circle { place: String, edges: Vec<String> },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlisted { member } => write!(f, "{member} has no row in the table"),
            Self::Direction { member, uses } => write!(f, "{member} must not use {uses}"),
            Self::Unasked { member, uses } => {
                write!(f, "{member} may use {uses} only as an optional dependency")
            }
            Self::Impure { member, brings, why } => {
                write!(f, "{member} is below the line, but brings {brings}: {why}")
            }
            Self::Unknown { member, brings } => {
                write!(
                    f,
                    "{member} is below the line, and {brings} in its tree is not on the allow list"
                )
            }
            Self::Heavy { member, count, most } => {
                write!(
                    f,
                    "{member} without features has {count} crates; the limit is {most}"
                )
            }
            Self::Code { place, why } => write!(f, "{place}: {why}"),
            Self::Circle { place, edges } => {
                write!(
                    f,
                    "the modules of {place} form a circle:\n    {}",
                    edges.join("\n    ")
                )
            }
        }
    }
}

/// Every violation in the dependencies.
pub(super) fn dependencies(facts: &Facts) -> Vec<Violation> {
    facts.members.iter().flat_map(member).collect()
}

/// The result in one line.
pub(super) fn summary(facts: &Facts) -> String {
    let pure: Vec<String> = facts
        .members
        .iter()
        .filter(|member| rule(member).is_some_and(|rule| rule.kind == Kind::Pure))
        .map(|member| format!("{} ({} crates)", member.name, member.tree.len()))
        .collect();
    format!(
        "{} crates keep their directions; below the line: {}",
        facts.members.len(),
        pure.join(", ")
    )
}

/// The row of a member.
pub(super) fn rule(member: &Member) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == member.name)
}

fn member(member: &Member) -> Vec<Violation> {
    let Some(rule) = rule(member) else {
        return vec![Violation::Unlisted {
            member: member.name.clone(),
        }];
    };
    let mut violations = directions(member, rule);
    if rule.kind == Kind::Pure {
        violations.extend(below(member));
    }
    let (light, most) = LIGHT;
    let count = member.light_tree.len();
    if member.name == light && count > most {
        violations.push(Violation::Heavy {
            member: member.name.clone(),
            count,
            most,
        });
    }
    violations
}

fn directions(member: &Member, rule: &Rule) -> Vec<Violation> {
    let judge = |used: &super::facts::Use| {
        let (member, uses) = (member.name.clone(), used.name.clone());
        if rule.kind == Kind::Top {
            None
        } else if !rule.uses.contains(&used.name.as_str()) {
            Some(Violation::Direction { member, uses })
        } else if rule.only_by_feature.contains(&used.name.as_str()) && !used.optional {
            Some(Violation::Unasked { member, uses })
        } else {
            None
        }
    };
    member.uses.iter().filter_map(judge).collect()
}

fn below(member: &Member) -> Vec<Violation> {
    let ours = |name: &str| {
        RULES
            .iter()
            .any(|rule| rule.name == name && rule.kind == Kind::Pure)
    };
    let judge = |name: &String| {
        let (member, brings) = (member.name.clone(), name.clone());
        if let Some((_, why)) = FORBIDDEN_BELOW.iter().find(|(forbidden, _)| forbidden == name) {
            Some(Violation::Impure { member, brings, why })
        } else if ours(name) || ALLOWED_BELOW.contains(&name.as_str()) {
            None
        } else {
            Some(Violation::Unknown { member, brings })
        }
    };
    member.tree.iter().filter_map(judge).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::facts::Use;
    use super::*;

    fn member(name: &str, uses: &[&str], tree: &[&str]) -> Facts {
        let uses = uses
            .iter()
            .map(|name| Use {
                name: (*name).to_owned(),
                optional: false,
            })
            .collect();
        let tree = tree.iter().map(|name| (*name).to_owned()).collect();
        let member = Member {
            name: name.to_owned(),
            folder: PathBuf::new(),
            uses,
            tree,
            light_tree: [].into(),
        };
        Facts {
            members: vec![member],
        }
    }

    fn said(facts: &Facts) -> Vec<String> {
        dependencies(facts).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_dependency_that_points_down_is_allowed() {
        assert!(said(&member("revento-api", &["revento-core", "revento-store"], &[])).is_empty());
    }

    #[test]
    fn a_dependency_that_points_up_is_named() {
        let said = said(&member("revento-store", &["revento-api"], &[]));
        assert_eq!(said, ["revento-store must not use revento-api"]);
    }

    #[test]
    fn the_tests_may_use_everything() {
        assert!(
            said(&member(
                "revento-tests",
                &["revento-webhooks", "revento-sandbox"],
                &[]
            ))
            .is_empty()
        );
    }

    #[test]
    fn the_sandbox_shares_nothing_with_what_it_judges() {
        let said = said(&member("revento-sandbox", &["revento-core"], &[]));
        assert_eq!(said, ["revento-sandbox must not use revento-core"]);
    }

    #[test]
    fn the_verifier_uses_the_vocabulary_only_when_asked() {
        let mut facts = member("revento-webhooks", &["revento-core"], &[]);
        assert_eq!(
            said(&facts),
            ["revento-webhooks may use revento-core only as an optional dependency"]
        );
        facts.members[0].uses[0].optional = true;
        assert!(said(&facts).is_empty());
    }

    #[test]
    fn a_runtime_below_the_line_is_named() {
        let said = said(&member("revento-oauth", &[], &["revento-oauth", "url", "tokio"]));
        assert_eq!(
            said,
            ["revento-oauth is below the line, but brings tokio: a runtime"]
        );
    }

    #[test]
    fn a_crate_that_is_not_on_the_allow_list_is_named() {
        let said = said(&member("revento-core", &[], &["harmless-they-say"]));
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("harmless-they-say"), "{said:?}");
    }

    #[test]
    fn a_crate_without_a_row_is_named() {
        assert_eq!(
            said(&member("revento-new", &[], &[])),
            ["revento-new has no row in the table"]
        );
    }

    #[test]
    fn the_verifier_stays_light() {
        let mut facts = member("revento-webhooks", &[], &[]);
        facts.members[0].light_tree = (0..16).map(|number| number.to_string()).collect();
        assert_eq!(
            said(&facts),
            ["revento-webhooks without features has 16 crates; the limit is 15"]
        );
    }

    #[test]
    fn nothing_is_both_allowed_and_forbidden() {
        let both: Vec<_> = FORBIDDEN_BELOW
            .iter()
            .filter(|(name, _)| ALLOWED_BELOW.contains(name))
            .collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn the_table_has_no_cycle() {
        // Removes the crates whose dependencies are all removed, until none is left.
        let mut left: Vec<&Rule> = RULES.iter().collect();
        loop {
            let before = left.len();
            let names: Vec<&str> = left.iter().map(|rule| rule.name).collect();
            left.retain(|rule| rule.uses.iter().any(|used| names.contains(used)));
            if left.is_empty() {
                return;
            }
            assert!(left.len() < before, "a cycle among {names:?}");
        }
    }
}
