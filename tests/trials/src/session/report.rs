//! The medians as a table, and as ratios for a machine.

use std::{fmt, time::Duration};

/// One line for each case: ours, then a peer.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Line>);

#[derive(Debug)]
struct Line {
    case: String,
    ours: Duration,
    peer: &'static str,
    theirs: Duration,
}

impl Report {
    pub(super) fn add(
        &mut self,
        case: impl Into<String>,
        ours: Duration,
        peer: &'static str,
        theirs: Duration,
    ) {
        self.0.push(Line {
            case: case.into(),
            ours,
            peer,
            theirs,
        });
    }

    /// `{"session.cached.mutex": 0.7, …}`: our time divided by the peer's.
    pub(super) fn json(&self) -> String {
        let ratios = self.0.iter().map(|line| {
            let key = format!(
                "session.{}.{}",
                line.case.replace(' ', "-"),
                line.peer.replace(' ', "-")
            );
            (key, serde_json::json!((line.ratio() * 1e5).round() / 1e5))
        });
        serde_json::Value::Object(ratios.collect()).to_string()
    }
}

impl Line {
    fn ratio(&self) -> f64 {
        self.ours.as_secs_f64() / self.theirs.as_secs_f64()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| case | ours | peer | theirs | ratio |\n|---|---|---|---|---|"
        )?;
        for line in &self.0 {
            let (ours, theirs) = (human(line.ours), human(line.theirs));
            let (case, peer, ratio) = (&line.case, line.peer, line.ratio());
            let ratio = if ratio < 0.01 {
                format!("{ratio:.5}")
            } else {
                format!("{ratio:.2}")
            };
            writeln!(f, "| {case} | {ours} | {peer} | {theirs} | {ratio} |")?;
        }
        Ok(())
    }
}

fn human(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    match nanoseconds {
        0..10_000 => format!("{nanoseconds} ns"),
        10_000..10_000_000 => format!("{:.1} µs", duration.as_secs_f64() * 1e6),
        _ => format!("{:.1} ms", duration.as_secs_f64() * 1e3),
    }
}

/// The median.
pub(super) fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort();
    samples.get(samples.len() / 2).copied().unwrap_or_default()
}
