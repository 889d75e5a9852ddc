//! One clock for all processes: the machine's, plus an offset in a file that the supervisor changes.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use anyhow::Result;
use revento_core::Timestamp;
use revento_store::{Clock, SystemClock};

#[derive(Debug)]
pub(super) struct WallClock {
    file: File,
    /// What was read last, should the file not be readable for once.
    last: AtomicI64,
}

impl WallClock {
    pub(super) fn create(path: &Path) -> Result<Self> {
        std::fs::write(path, 0_i64.to_le_bytes())?;
        Self::open(path)
    }

    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self {
            file,
            last: AtomicI64::new(0),
        })
    }

    /// Only the supervisor moves it.
    pub(super) fn advance(&self, by: Duration) -> Result<()> {
        let offset = self.offset().saturating_add(i64::try_from(by.as_micros())?);
        Ok(self.file.write_all_at(&offset.to_le_bytes(), 0)?)
    }

    fn offset(&self) -> i64 {
        let mut bytes = [0; 8];
        if self.file.read_exact_at(&mut bytes, 0).is_ok() {
            self.last.store(i64::from_le_bytes(bytes), Ordering::Relaxed);
        }
        self.last.load(Ordering::Relaxed)
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let micros = SystemClock.now().unix_micros();
        Timestamp::from_unix_micros(micros.saturating_add(self.offset()))
    }
}
