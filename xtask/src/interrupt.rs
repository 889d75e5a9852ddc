//! Ctrl-C, termination and hang-up end the running command; the engines then end by unwinding.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::process::{Signal, signal_group};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static FOREGROUND: Mutex<Option<u32>> = Mutex::new(None);

/// Starts to listen. Called once, by `main`.
#[cfg(unix)]
pub(crate) fn listen() -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            let again = INTERRUPTED.swap(true, Ordering::SeqCst);
            let foreground = *FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(group) = foreground {
                signal_group(group, if again { Signal::Kill } else { Signal::Terminate });
            }
        }
    });
    Ok(())
}

/// Without Unix signals the console ends the whole process tree by itself.
#[cfg(not(unix))]
pub(crate) fn listen() -> Result<()> {
    Ok(())
}

/// An error once somebody has asked to stop; every waiting loop calls it.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Names the process group that an interruption ends; the guard takes the name back.
pub(crate) fn foreground(group: u32) -> Foreground {
    *FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner) = Some(group);
    Foreground
}

/// See [`foreground`].
#[derive(Debug)]
pub(crate) struct Foreground;

impl Drop for Foreground {
    fn drop(&mut self) {
        *FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
