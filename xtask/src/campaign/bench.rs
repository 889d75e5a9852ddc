//! The benchmarks whose results are ratios that a busy machine changes little.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Home, Part, Step};
use crate::process;
use crate::workspace::cargo;

const WHAT: [&str; 3] = ["verify", "sandbox", "session"];

#[derive(Debug)]
pub(super) struct Bench;

impl Part for Bench {
    fn name(&self) -> String {
        "bench".to_owned()
    }

    fn title(&self) -> String {
        format!(
            "`bench {}`: docs/performance.md has the tables and what they mean",
            WHAT.join("`, `bench ")
        )
    }

    fn unit(&self) -> &'static str {
        "benchmarks"
    }

    fn goal(&self) -> u64 {
        WHAT.len() as u64
    }

    fn goes_on(&self) -> bool {
        false
    }

    /// Keeps the ratios as a file beside the counts.
    fn step(&self, home: &Home, number: u64) -> Result<Step> {
        let what = WHAT.get(usize::try_from(number)?).context("no such benchmark")?;
        let text = process::stdout(&mut cargo(&["xtask", "bench", what, "--json"])?)?;
        let start = text.find('{').context("the benchmark printed no ratios")?;
        let ratios: serde_json::Map<String, Value> =
            serde_json::from_str(text.get(start..).unwrap_or_default())?;
        home.keep(&format!("ratios-{what}"), &ratios)?;
        Ok(Step {
            done: 1,
            counts: vec![("ratios".to_owned(), ratios.len() as u64)],
            findings: Vec::new(),
        })
    }
}
