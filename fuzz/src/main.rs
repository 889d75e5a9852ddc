//! `revento-fuzz <seconds per target> [target]`: mutates the corpus of each target for that long.
#![allow(clippy::print_stdout, reason = "a program talks to the person who runs it")]

use std::{
    error::Error,
    path::Path,
    time::{Duration, SystemTime},
};

use revento_fuzz::{TARGETS, driver};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let within = Duration::from_secs(arguments.next().ok_or("for how many seconds?")?.parse()?);
    let only = arguments.next();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A crash is reported with its input; the panic's own message goes to standard error.
    let mut crashed = false;
    for target in TARGETS {
        if only.as_deref().is_some_and(|name| name != target.name) {
            continue;
        }
        let corpus = driver::corpus(&here.join("corpus").join(target.name))?;
        let start = SystemTime::UNIX_EPOCH.elapsed()?;
        let elapsed = || {
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::MAX);
            now.saturating_sub(start)
        };
        let seed = u64::try_from(start.as_nanos() % u128::from(u64::MAX))?;
        let outcome = driver::run(*target, &corpus, seed, within, elapsed);
        println!("{}: {} inputs from seed {seed}", target.name, outcome.tried);
        if let Some(input) = outcome.crash {
            crashed = true;
            println!("{} panics at \"{}\"", target.name, input.escape_ascii());
        }
    }
    if crashed {
        return Err("a target panicked".into());
    }
    Ok(())
}
