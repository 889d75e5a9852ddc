//! The medians as a table and as JSON ratios.

use std::fmt;

use crate::contestants::OURS;

pub struct Report(pub Vec<Row>);

pub struct Row {
    pub size: &'static str,
    /// Nanoseconds per verification.
    pub medians: Vec<(&'static str, f64)>,
}

impl Row {
    fn ours(&self) -> f64 {
        let ours = self.medians.iter().find(|(name, _)| *name == OURS);
        ours.map_or(f64::NAN, |(_, nanoseconds)| *nanoseconds)
    }
}

impl Report {
    /// `{"verify.1KiB.floor": 1.1, …}`: our time divided by the peer's.
    pub fn json(&self) -> String {
        let ratios = self.0.iter().flat_map(|row| {
            row.medians
                .iter()
                .filter(|(name, _)| *name != OURS)
                .map(move |(name, peer)| {
                    let key = format!("verify.{}.{}", row.size, name.replace(' ', "-"));
                    (
                        key,
                        serde_json::json!((row.ours() / peer * 1000.0).round() / 1000.0),
                    )
                })
        });
        serde_json::Value::Object(ratios.collect()).to_string()
    }
}

/// Microseconds, and in parentheses our time divided by the other's.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| |")?;
        for row in &self.0 {
            write!(f, " {} |", row.size)?;
        }
        write!(f, "\n|---|")?;
        for _ in &self.0 {
            write!(f, "---|")?;
        }
        writeln!(f)?;
        let contestants = self.0.first().map_or(0, |row| row.medians.len());
        for index in 0..contestants {
            write!(f, "| {} |", self.0[0].medians[index].0)?;
            for row in &self.0 {
                let (_, peer) = row.medians[index];
                write!(f, " {:.2} µs ({:.2}) |", peer / 1000.0, row.ours() / peer)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
