//! CPU time, user and system together, which is independent of the load of the machine. Linux only, as is `taskset`.

use std::fs;

use anyhow::{Context as _, Result};

/// The unit of `/proc` on every Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds of the processes of a group so far.
pub(super) fn of_group(group: u32) -> Result<f64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").context("CPU time is read from /proc")? {
        // A process may end meanwhile.
        let stat = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        if let Some([.., of, own, _]) = numbers(&stat)
            && of == u64::from(group)
        {
            ticks += own;
        }
    }
    Ok(seconds(ticks))
}

/// CPU seconds of this process's children that have ended, and of their children.
pub(super) fn of_ended_children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("CPU time is read from /proc")?;
    let [_, _, children] =
        numbers(&stat).context("/proc/self/stat has another format than proc(5) describes")?;
    Ok(seconds(children))
}

/// The process group, the ticks of the process, and the ticks of its children that have ended.
fn numbers(stat: &str) -> Option<[u64; 3]> {
    // The name in parentheses may have any characters.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some([field(5)?, field(14)? + field(15)?, field(16)? + field(17)?])
}

fn seconds(ticks: u64) -> f64 {
    ticks as f64 / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a ) b (c) S 1 42 7 0 -1 4194304 1 0 0 0 30 4 5 6 20 0 1 0";
        assert_eq!(numbers(stat), Some([42, 34, 11]));
    }
}
