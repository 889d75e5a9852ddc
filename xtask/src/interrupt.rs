//! Ctrl-C, termination and hang-up end the running command. The engines then end by their guards.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

use crate::process::{Signal, signal_group};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static FOREGROUND: Mutex<Option<u32>> = Mutex::new(None);

/// Starts to listen for signals. `main` calls it once.
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

/// Without Unix signals the console ends the whole process tree.
#[cfg(not(unix))]
pub(crate) fn listen() -> Result<()> {
    Ok(())
}

/// An error after an interruption. Each waiting loop calls it.
pub(crate) fn check() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Sets the process group that an interruption ends, until the guard is dropped.
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
