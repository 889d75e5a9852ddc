//! What each replica did, as a table.

use std::fmt;

/// One step of the story.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What each replica did.
    pub(super) replicas: [String; 2],
    /// What the platform saw.
    pub(super) platform: String,
    pub(super) held: bool,
}

/// All steps, in their order.
#[derive(Default)]
pub(super) struct Report(Vec<Step>);

impl Report {
    pub(super) fn add(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn holds(&self) -> bool {
        self.0.iter().all(|step| step.held)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["step", "replica A", "replica B", "the platform saw", "held"].map(str::to_owned);
        let mut rows = vec![head];
        rows.extend(self.0.iter().map(|step| {
            let [a, b] = step.replicas.clone();
            let held = if step.held { "yes" } else { "NO" };
            [step.name.to_owned(), a, b, step.platform.clone(), held.to_owned()]
        }));
        let widths: Vec<usize> = (0..5)
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        for row in &rows {
            let cells = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell:width$}"));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}
