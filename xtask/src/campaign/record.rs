//! The counts of a part at a commit, as a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::Step;
use crate::process;
use crate::workspace::{root, target_directory};

/// The counts of all campaigns, which belong to the repository: another machine goes on with them.
const COUNTS: &str = "docs/evidence";

/// More findings than this show nothing new.
const FINDINGS: usize = 50;

/// The files of all campaigns, and the commit of this one.
#[derive(Debug)]
pub(super) struct Home {
    counts: PathBuf,
    output: PathBuf,
    commit: String,
}

impl Home {
    /// A tree with changes is another commit than the one that it comes from, except for what the campaign itself writes: the counts, the
    /// tables, and cargo-fuzz's lock file.
    pub(super) fn here() -> Result<Self> {
        let root = root()?;
        let git =
            |arguments: &[&str]| process::stdout(Command::new("git").current_dir(&root).args(arguments));
        let mut commit = git(&["rev-parse", "--short=12", "HEAD"])?.trim().to_owned();
        let changes = git(&[
            "status",
            "--porcelain",
            "--",
            ".",
            ":!docs/evidence",
            ":!docs/evidence.md",
            ":!fuzz/libfuzzer",
        ])?;
        if !changes.trim().is_empty() {
            commit.push_str("-changed");
        }
        Ok(Self {
            counts: root.join(COUNTS),
            output: target_directory()?.join("campaign"),
            commit,
        })
    }

    #[cfg(test)]
    pub(super) fn at(folder: &Path, commit: &str) -> Self {
        Self {
            counts: folder.join("counts"),
            output: folder.join("output"),
            commit: commit.to_owned(),
        }
    }

    /// Where the parts may put what they read their counts from, at this commit. It exists.
    pub(super) fn output(&self) -> Result<PathBuf> {
        let folder = self.output.join(&self.commit);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder)
    }

    /// The counts of a part at this commit. Empty if it has not run.
    pub(super) fn read(&self, part: &str) -> Result<Record> {
        read(&self.file(part))
    }

    pub(super) fn write(&self, part: &str, record: &Record) -> Result<()> {
        self.keep(part, record)
    }

    /// Writes a file beside the counts.
    pub(super) fn keep(&self, name: &str, content: &impl Serialize) -> Result<()> {
        let file = self.file(name);
        fs::create_dir_all(self.counts.join(&self.commit))?;
        // A campaign may be killed at any time, so the file is replaced as a whole.
        let new = file.with_extension("new");
        fs::write(&new, serde_json::to_string_pretty(content)? + "\n")?;
        Ok(fs::rename(new, file)?)
    }

    /// The counts of a part at each commit at which it has run, the newest first.
    pub(super) fn all(&self, part: &str) -> Result<Vec<(String, Record)>> {
        let mut records = Vec::new();
        let Ok(folders) = fs::read_dir(&self.counts) else {
            return Ok(records);
        };
        for folder in folders {
            let folder = folder?.path();
            let record = read(&folder.join(part).with_extension("json"))?;
            if let (Some(name), true) = (folder.file_name(), record.steps > 0) {
                records.push((name.to_string_lossy().into_owned(), record));
            }
        }
        records.sort_by(|(_, one), (_, other)| other.last.cmp(&one.last));
        Ok(records)
    }

    pub(super) fn today(&self) -> Result<String> {
        let date = process::stdout(Command::new("date").args(["-u", "+%F"]))?;
        Ok(date.trim().to_owned())
    }

    fn file(&self, part: &str) -> PathBuf {
        self.counts.join(&self.commit).join(part).with_extension("json")
    }
}

fn read(file: &Path) -> Result<Record> {
    match fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Record::default()),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// What a part has done at a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) done: u64,
    pub(super) steps: u64,
    pub(super) seconds: u64,
    /// The dates of the first and of the last step.
    pub(super) first: String,
    pub(super) last: String,
    pub(super) counts: BTreeMap<String, u64>,
    pub(super) findings: Vec<String>,
}

impl Record {
    pub(super) fn add(&mut self, step: Step, duration: Duration, today: &str) {
        self.done += step.done;
        self.steps += 1;
        self.seconds += duration.as_secs();
        if self.first.is_empty() {
            today.clone_into(&mut self.first);
        }
        today.clone_into(&mut self.last);
        for (name, count) in step.counts {
            *self.counts.entry(name).or_default() += count;
        }
        self.findings.extend(step.findings);
        self.findings.truncate(FINDINGS);
    }
}
