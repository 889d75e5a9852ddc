//! The result of a trial.

use std::fmt;

use serde_json::json;

use crate::tally::Tally;

/// The final tally and the options of the trial.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) tally: Tally,
    pub(super) kills_wanted: u32,
}

impl Verdict {
    pub(super) fn is_good(&self) -> bool {
        let tally = &self.tally;
        !tally.is_spoilt() && tally.refreshes > 0 && tally.kills() >= self.kills_wanted
    }
}

impl Verdict {
    /// One line, for a program.
    pub(super) fn json(&self) -> String {
        json!({
            "kills": self.tally.kills(),
            "database_kills": self.tally.database_kills,
            "refreshes": self.tally.refreshes,
            "tried_again": self.tally.tried_again,
            "orphaned": self.tally.orphaned,
            "findings": self.tally.findings,
        })
        .to_string()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tally = &self.tally;
        for finding in &tally.findings {
            writeln!(f, "{finding}")?;
        }
        let points: Vec<_> = tally
            .kills
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        writeln!(
            f,
            "kills                                                {:>6}  ({})",
            tally.kills(),
            points.join(", ")
        )?;
        writeln!(
            f,
            "database killed and restarted                        {:>6}",
            tally.database_kills
        )?;
        writeln!(
            f,
            "refreshes                                            {:>6}",
            tally.refreshes
        )?;
        writeln!(
            f,
            "families revoked                                     {:>6}",
            tally.families_revoked
        )?;
        writeln!(
            f,
            "connections lost                                     {:>6}",
            tally.connections_lost
        )?;
        writeln!(
            f,
            "refresh tokens sent twice outside the in-doubt rule  {:>6}",
            tally.sent_twice
        )?;
        writeln!(
            f,
            "access tokens used before they were stored           {:>6}",
            tally.used_early
        )?;
        writeln!(
            f,
            "processes that gave up by themselves                 {:>6}",
            tally.gave_up
        )?;
        writeln!(
            f,
            "refresh tokens tried again by the in-doubt rule      {:>6}",
            tally.tried_again
        )?;
        write!(
            f,
            "connected again after the only copy of a pair was killed {:>3}  (between the platform's answer and the store)",
            tally.orphaned
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Verdict {
        let mut tally = Tally {
            refreshes: 1,
            ..Tally::default()
        };
        tally.kills.insert("at random".into(), 2);
        Verdict {
            tally,
            kills_wanted: 2,
        }
    }

    #[test]
    fn one_of_anything_bad_is_too_much() {
        assert!(good().is_good());
        let spoil: [fn(&mut Tally); 6] = [
            |tally| tally.families_revoked = 1,
            |tally| tally.connections_lost = 1,
            |tally| tally.sent_twice = 1,
            |tally| tally.used_early = 1,
            |tally| tally.gave_up = 1,
            |tally| tally.refreshes = 0,
        ];
        for spoil in spoil {
            let mut verdict = good();
            spoil(&mut verdict.tally);
            assert!(!verdict.is_good(), "{verdict}");
        }
    }

    #[test]
    fn fewer_kills_than_asked_for_show_nothing() {
        let mut verdict = good();
        verdict.kills_wanted = 3;
        assert!(!verdict.is_good());
    }
}
