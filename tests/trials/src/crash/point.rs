//! The crash points of a refresh, by name.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// A point at which a process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub(super) enum Point {
    BeforeClaim,
    AfterClaim,
    BeforeSend,
    WhileSending,
    AfterSend,
    BeforePersist,
    AfterPersist,
    BeforeRelease,
}

impl Point {
    pub(super) const ALL: [Self; 8] = [
        Self::BeforeClaim,
        Self::AfterClaim,
        Self::BeforeSend,
        Self::WhileSending,
        Self::AfterSend,
        Self::BeforePersist,
        Self::AfterPersist,
        Self::BeforeRelease,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::BeforeClaim => "before-claim",
            Self::AfterClaim => "after-claim",
            Self::BeforeSend => "before-send",
            Self::WhileSending => "while-sending",
            Self::AfterSend => "after-send",
            Self::BeforePersist => "before-persist",
            Self::AfterPersist => "after-persist",
            Self::BeforeRelease => "before-release",
        }
    }
}

/// Kills this process when it reaches a point for the n-th time.
#[derive(Debug)]
pub(super) struct Doom {
    point: Option<Point>,
    left: AtomicU32,
}

impl Doom {
    pub(super) fn new(point: Option<Point>, after: u32) -> Self {
        Self {
            point,
            left: AtomicU32::new(after),
        }
    }

    /// Whether the process dies at this point, this time.
    pub(super) fn is_due(&self, at: Point) -> bool {
        self.point == Some(at) && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Kills the process if this is the point.
    pub(super) fn reach(&self, at: Point) {
        if self.is_due(at) {
            die();
        }
    }
}

/// Ends the process as `kill -9` does: no destructor and no flush.
pub(super) fn die() {
    while kill_process(getpid(), Signal::KILL).is_ok() {
        std::thread::park();
    }
}
