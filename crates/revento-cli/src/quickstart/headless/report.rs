//! Prints one line for each step.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::terminal;

pub(crate) struct Report {
    json: bool,
    began: Instant,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, began: now() }
    }

    /// Runs a step and prints its result. Returns the error of a failed step, which ends the walkthrough.
    pub(crate) async fn step(&self, name: &str, step: impl Future<Output = Result<()>>) -> Result<()> {
        let began = now();
        let result = step.await;
        self.print(name, began.elapsed(), result.as_ref().err());
        result.map_err(|error| error.context(format!("the step \"{name}\" failed")))
    }

    /// Prints the last line.
    pub(crate) fn finish(&self, ok: bool, stats: &Value) {
        let took = self.began.elapsed();
        if self.json {
            terminal::print_line(&json!({ "ok": ok, "ms": millis(took), "stats": stats }).to_string());
        } else if ok {
            terminal::print_line(&format!("All steps passed in {:.1} s.", took.as_secs_f64()));
        }
    }

    fn print(&self, name: &str, took: Duration, failure: Option<&anyhow::Error>) {
        if self.json {
            let reason = failure.map(|error| format!("{error:#}"));
            let line = json!({ "step": name, "ok": failure.is_none(), "ms": millis(took), "reason": reason });
            terminal::print_line(&line.to_string());
        } else {
            let mark = if failure.is_none() { "✓" } else { "✗" };
            terminal::print_line(&format!("{mark} {name}  ({} ms)", millis(took)));
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "the report shows durations")]
fn now() -> Instant {
    Instant::now()
}
