//! One line per step.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};

use crate::output;

pub(crate) struct Report {
    json: bool,
    began: Instant,
}

impl Report {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, began: now() }
    }

    /// Takes a step and tells how it went. The first failure ends the walk.
    pub(crate) async fn step(&self, name: &str, step: impl Future<Output = Result<()>>) -> Result<()> {
        let began = now();
        let outcome = step.await;
        self.tell(name, began.elapsed(), outcome.as_ref().err());
        outcome.map_err(|error| error.context(format!("the step \"{name}\" failed")))
    }

    /// The last line.
    pub(crate) fn finish(&self, ok: bool, stats: &Value) {
        let took = self.began.elapsed();
        if self.json {
            output::line(&json!({ "ok": ok, "ms": millis(took), "stats": stats }).to_string());
        } else if ok {
            output::line(&format!("everything works, in {:.1} s", took.as_secs_f64()));
        }
    }

    fn tell(&self, name: &str, took: Duration, failure: Option<&anyhow::Error>) {
        if self.json {
            let reason = failure.map(|error| format!("{error:#}"));
            let line = json!({ "step": name, "ok": failure.is_none(), "ms": millis(took), "reason": reason });
            output::line(&line.to_string());
        } else {
            let mark = if failure.is_none() { "✓" } else { "✗" };
            output::line(&format!("{mark} {name}  ({} ms)", millis(took)));
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "a duration for humans")]
fn now() -> Instant {
    Instant::now()
}
