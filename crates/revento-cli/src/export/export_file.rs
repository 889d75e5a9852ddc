//! The file that an export writes, with checkpoints: a stopped or killed export continues without losing or repeating a
//! line.
//!
//! Lines go to `FILE.part`. After each page the lines are made durable, and then `FILE.state` records how many bytes of
//! `FILE.part` are valid and which page is next. The next run cuts off bytes beyond that, which a crash has left.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use revento::types::resource::Participant;
use revento_example_service::private_file;
use serde::{Deserialize, Serialize};

use super::{csv::CsvLayout, format::Format};

/// What is exported. An interrupted export continues only if its job is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) what: String,
    pub(crate) event: String,
    pub(crate) format: Format,
    #[serde(default)]
    pub(crate) csv: CsvLayout,
}

/// The content of `FILE.state`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    #[serde(flatten)]
    job: Job,
    /// The cursor of the next page; `None` before the first.
    pub(crate) cursor: Option<String>,
    /// How many bytes of `FILE.part` are valid.
    bytes: u64,
    pub(crate) items: u64,
    /// How many participants could not be read.
    #[serde(default)]
    pub(crate) left_out: u64,
    pub(crate) pages: u64,
    /// The used part of the token's rate limits, so that the estimate is right after a restart.
    pub(crate) budget: Vec<u8>,
}

/// An open export.
pub(crate) struct ExportFile {
    path: PathBuf,
    part: File,
    checkpoint: Checkpoint,
}

impl ExportFile {
    /// Starts a new export, or continues an interrupted one.
    pub(crate) fn open(path: &Path, job: Job, restart: bool) -> Result<Self> {
        is_free(path)?;
        let file = open_locked(&part_path(path))?;
        // Another export may have ended before this one got the lock.
        is_free(path)?;
        if restart {
            remove(&checkpoint_path(path))?;
        }
        match read_checkpoint(path)? {
            Some(checkpoint) => Self::resume(path, file, checkpoint, &job),
            None => Self::start(path, file, job),
        }
    }

    fn start(path: &Path, part: File, job: Job) -> Result<Self> {
        // Without a checkpoint none of its bytes are valid.
        part.set_len(0)?;
        let mut file = Self {
            path: path.into(),
            part,
            checkpoint: Checkpoint {
                job,
                cursor: None,
                bytes: 0,
                items: 0,
                left_out: 0,
                pages: 0,
                budget: Vec::new(),
            },
        };
        let header = file.checkpoint.job.format.header(file.checkpoint.job.csv)?;
        file.write(&header)?;
        Ok(file)
    }

    fn resume(path: &Path, mut part: File, checkpoint: Checkpoint, job: &Job) -> Result<Self> {
        ensure!(
            checkpoint.job == *job,
            "{} belongs to another export ({} of {}, {:?}); choose another file, or discard that export with --restart",
            path.display(),
            checkpoint.job.what,
            checkpoint.job.event,
            checkpoint.job.format
        );
        ensure!(
            part.metadata()?.len() >= checkpoint.bytes,
            "{} is shorter than its checkpoint says; start again with --restart",
            part_path(path).display()
        );
        part.set_len(checkpoint.bytes)?;
        part.seek(SeekFrom::End(0))?;
        Ok(Self {
            path: path.into(),
            part,
            checkpoint,
        })
    }

    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The lines for these participants.
    pub(crate) fn lines(&self, people: &[Participant]) -> Result<Vec<u8>> {
        let Job { format, csv, .. } = self.checkpoint.job;
        format.lines(csv, people)
    }

    pub(crate) fn event(&self) -> &str {
        &self.checkpoint.job.event
    }

    /// Adds the lines of a page and moves the checkpoint, as one step: a crash keeps both or neither.
    pub(crate) fn add_page(
        &mut self,
        lines: &[u8],
        items: u64,
        left_out: u64,
        cursor: Option<&str>,
        budget: Vec<u8>,
    ) -> Result<()> {
        self.write(lines)?;
        self.part.sync_data()?;
        self.checkpoint.cursor = cursor.map(ToOwned::to_owned);
        self.checkpoint.items += items;
        self.checkpoint.left_out += left_out;
        self.checkpoint.pages += 1;
        self.checkpoint.budget = budget;
        // After the last page there is no cursor, and a checkpoint without one would start from the first page.
        if cursor.is_some() {
            let text = serde_json::to_vec(&self.checkpoint)?;
            let path = checkpoint_path(&self.path);
            private_file::replace(&path, &text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let not_written = || {
            format!(
                "{} cannot be written; check the free space of the disk",
                part_path(&self.path).display()
            )
        };
        self.part.write_all(bytes).with_context(not_written)?;
        self.checkpoint.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Gives the complete file its name and removes the checkpoint.
    pub(crate) fn complete(self) -> Result<()> {
        self.part.sync_all()?;
        // A hard link fails if the file exists; a rename would overwrite it.
        fs::hard_link(part_path(&self.path), &self.path)
            .or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system supports hard links.
                _ => fs::rename(part_path(&self.path), &self.path),
            })
            .with_context(|| format!("{} cannot be completed", self.path.display()))?;
        remove(&part_path(&self.path))?;
        remove(&checkpoint_path(&self.path))
    }
}

fn is_free(path: &Path) -> Result<()> {
    ensure!(
        fs::symlink_metadata(path).is_err(),
        "{} exists already; move it away, or choose another file",
        path.display()
    );
    Ok(())
}

/// Opens or creates the file and locks it for this process.
fn open_locked(path: &Path) -> Result<File> {
    let opened = match private_file::create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            private_file::open(path, private_file::Access::Write)
        }
        result => result,
    };
    let file = opened.with_context(|| {
        format!(
            "{} cannot be written; choose a file in a directory that you can write to, and remove what is in the way",
            path.display()
        )
    })?;
    match file.try_lock() {
        Ok(()) => {
            // Whoever held the lock may have renamed or removed the file since it was opened.
            let named = fs::symlink_metadata(path).map(|named| named.ino()).ok();
            ensure!(
                named == Some(file.metadata()?.ino()),
                "another export has just written {}; run the same command again",
                path.display()
            );
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another export is writing {}; wait until it ends, or choose another file",
                path.display()
            )
        }
        // Not every file system supports locks.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

fn read_checkpoint(path: &Path) -> Result<Option<Checkpoint>> {
    let path = checkpoint_path(path);
    let content = private_file::read(&path).with_context(|| {
        format!(
            "{} cannot be read; discard the interrupted export with --restart",
            path.display()
        )
    })?;
    let Some(content) = content else {
        return Ok(None);
    };
    serde_json::from_slice(&content).map(Some).map_err(|_| {
        anyhow!(
            "{} is damaged; discard the interrupted export with --restart",
            path.display()
        )
    })
}

fn part_path(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

fn checkpoint_path(path: &Path) -> PathBuf {
    with_suffix(path, ".state")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}
