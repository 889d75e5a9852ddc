//! What has come so far, so that a stopped or killed export goes on without losing or doubling a line.
//!
//! Lines go to `FILE.part`. After each page they are made durable, and then `FILE.state` says how many bytes of it count
//! and which page is next. What a crash has left beyond that is cut off.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::format::Format;
use crate::files;

/// What is exported; an export goes on only as the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) what: String,
    pub(crate) event: String,
    pub(crate) format: Format,
}

/// The content of `FILE.state`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(flatten)]
    job: Job,
    /// The mark of the next page; none before the first.
    pub(crate) cursor: Option<String>,
    /// How many bytes of `FILE.part` count.
    bytes: u64,
    pub(crate) items: u64,
    pub(crate) pages: u64,
    /// What is known to be spent of the token's budgets, for an honest estimate after going on.
    pub(crate) budget: Vec<u8>,
}

/// The file that is being written.
pub(crate) struct Output {
    path: PathBuf,
    part: File,
    state: State,
}

impl Output {
    /// Opens a new one, or the one that was left behind.
    pub(crate) fn open(path: &Path, job: Job, restart: bool) -> Result<Self> {
        ensure!(
            fs::symlink_metadata(path).is_err(),
            "{} exists already: move it away, or name another file",
            path.display()
        );
        let file = locked(&part(path))?;
        if restart {
            remove(&state(path))?;
        }
        match left_behind(path)? {
            Some(state) => Self::go_on(path, file, state, &job),
            None => Self::begin(path, file, job),
        }
    }

    fn begin(path: &Path, part: File, job: Job) -> Result<Self> {
        // Without a state nothing of it counts.
        part.set_len(0)?;
        let mut output = Self {
            path: path.into(),
            part,
            state: State {
                job,
                cursor: None,
                bytes: 0,
                items: 0,
                pages: 0,
                budget: Vec::new(),
            },
        };
        let head = output.state.job.format.head()?;
        output.write(&head)?;
        Ok(output)
    }

    fn go_on(path: &Path, mut part: File, state: State, job: &Job) -> Result<Self> {
        ensure!(
            state.job == *job,
            "{} was begun as another export ({} of {}, {:?}): name another file, or throw it away with --restart",
            path.display(),
            state.job.what,
            state.job.event,
            state.job.format
        );
        ensure!(
            part.metadata()?.len() >= state.bytes,
            "{} has less than its state says: begin anew with --restart",
            self::part(path).display()
        );
        part.set_len(state.bytes)?;
        part.seek(SeekFrom::End(0))?;
        Ok(Self {
            path: path.into(),
            part,
            state,
        })
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn format(&self) -> Format {
        self.state.job.format
    }

    pub(crate) fn event(&self) -> &str {
        &self.state.job.event
    }

    /// Adds the lines of a page, and notes where it goes on. There is no point at which one is true without the other.
    pub(crate) fn add(
        &mut self,
        lines: &[u8],
        items: u64,
        cursor: Option<&str>,
        budget: Vec<u8>,
    ) -> Result<()> {
        self.write(lines)?;
        self.part.sync_data()?;
        self.state.cursor = cursor.map(ToOwned::to_owned);
        self.state.items += items;
        self.state.pages += 1;
        self.state.budget = budget;
        // After the last page there is no place to go on from: a state would begin anew.
        if cursor.is_some() {
            let text = serde_json::to_vec(&self.state)?;
            let path = state(&self.path);
            files::replace(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let full = || {
            format!(
                "{} cannot be written: is the disk full?",
                part(&self.path).display()
            )
        };
        self.part.write_all(bytes).with_context(full)?;
        self.state.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        self.part.sync_all()?;
        // A link fails where a rename would overwrite.
        fs::hard_link(part(&self.path), &self.path)
            .or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has links.
                _ => fs::rename(part(&self.path), &self.path),
            })
            .with_context(|| format!("{} cannot be completed", self.path.display()))?;
        remove(&part(&self.path))?;
        remove(&state(&self.path))
    }
}

/// Opens the file, or makes it, for this process alone.
fn locked(path: &Path) -> Result<File> {
    let opened = match files::create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => files::reopen(path),
        outcome => outcome,
    };
    let cannot = || {
        format!(
            "{} cannot be written: name a file in a directory of yours",
            path.display()
        )
    };
    let file = opened.with_context(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another export is writing {}: wait for it, or name another file",
                path.display()
            )
        }
        // Not every file system has locks.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn left_behind(path: &Path) -> Result<Option<State>> {
    let path = state(path);
    match fs::read(&path) {
        Ok(text) => match serde_json::from_slice(&text) {
            Ok(state) => Ok(Some(state)),
            Err(_) => bail!(
                "{} is no state of an export: throw it away with --restart",
                path.display()
            ),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

fn part(path: &Path) -> PathBuf {
    files::beside(path, ".part")
}

fn state(path: &Path) -> PathBuf {
    files::beside(path, ".state")
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}
