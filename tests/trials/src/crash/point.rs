//! The crash points of a refresh, by name.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};

/// Where a process dies.
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

/// That this process dies when it gets to a point for the so-manieth time.
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

    /// Whether the end comes at this point, this time.
    pub(super) fn is_due(&self, at: Point) -> bool {
        self.point == Some(at) && self.left.fetch_sub(1, Ordering::Relaxed) == 1
    }

    /// Does not return when this is the point.
    pub(super) fn reach(&self, at: Point) {
        if self.is_due(at) {
            die();
        }
    }
}

/// As `kill -9` does it: no destructor, no flush, no goodbye.
pub(super) fn die() {
    while kill_process(getpid(), Signal::KILL).is_ok() {
        std::thread::park();
    }
}
