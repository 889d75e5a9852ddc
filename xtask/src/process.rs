//! Child processes. Each leads its own process group, and dropping its guard ends the group.

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::clock::Stopwatch;
use crate::interrupt;

const GRACE: Duration = Duration::from_secs(8);

/// A signal for a process group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// For PostgreSQL's fast shutdown; other servers use [`Signal::Terminate`].
    Interrupt,
    Terminate,
    Kill,
}

/// A child and its descendants. Dropping it sends the stop signal and, after a grace period, kills them.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
    stop: Signal,
}

impl Group {
    pub(crate) fn spawn(command: &mut Command, stop: Signal) -> Result<Self> {
        own_group(command);
        let child = command
            .spawn()
            .with_context(|| format!("could not start {}", line(command)))?;
        Ok(Self { child, stop })
    }

    /// The id of the process group.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, or `None` while the child runs.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = self.child.id();
        if matches!(self.child.try_wait(), Ok(None)) {
            signal_group(group, self.stop);
            let watch = Stopwatch::start();
            while watch.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        // Also descendants that outlived their parent.
        signal_group(group, Signal::Kill);
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs a command with its output on ours. A failure is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    interrupt::check()?;
    own_group(command.stdin(Stdio::null()));
    let mut child = command
        .spawn()
        .with_context(|| format!("could not start {}", line(command)))?;
    let foreground = interrupt::foreground(child.id());
    let status = child.wait()?;
    drop(foreground);
    interrupt::check()?;
    if !status.success() {
        bail!("{} failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a command and returns its output and status.
pub(crate) fn output(command: &mut Command) -> Result<Output> {
    interrupt::check()?;
    own_group(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let child = command
        .spawn()
        .with_context(|| format!("could not start {}", line(command)))?;
    let foreground = interrupt::foreground(child.id());
    let output = child.wait_with_output()?;
    drop(foreground);
    interrupt::check()?;
    Ok(output)
}

/// Runs a command and returns its standard output. A failure is an error with the end of its output.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        // Some programs complain on their standard output.
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        bail!(
            "{} failed ({}):\n{}",
            line(command),
            output.status,
            tail(&said, 12)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The last `lines` lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    let from = all.len().saturating_sub(lines);
    all.get(from..).unwrap_or_default().join("\n")
}

/// Signals a whole process group. A group that has ended is no error.
#[cfg(unix)]
pub(crate) fn signal_group(group: u32, signal: Signal) {
    use rustix::process::{Pid, kill_process_group};

    let signal = match signal {
        Signal::Interrupt => rustix::process::Signal::INT,
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    if let Some(pid) = i32::try_from(group).ok().and_then(Pid::from_raw) {
        kill_process_group(pid, signal).ok();
    }
}

/// Without Unix signals a guard kills its own child only.
#[cfg(not(unix))]
pub(crate) fn signal_group(_group: u32, _signal: Signal) {}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_command: &mut Command) {}

/// The command line, for messages.
fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_group_leaves_no_descendant() {
        let scratch = tempfile::tempdir().unwrap();
        let pid_file = scratch.path().join("pid");
        let script = format!("sleep 300 & echo $! > {}; wait", pid_file.display());
        let group = Group::spawn(Command::new("sh").args(["-c", &script]), Signal::Terminate).unwrap();
        let watch = Stopwatch::start();
        let descendant = loop {
            let pid = std::fs::read_to_string(&pid_file)
                .unwrap_or_default()
                .trim()
                .to_owned();
            if !pid.is_empty() {
                break pid;
            }
            assert!(
                watch.elapsed() < Duration::from_secs(10),
                "the shell wrote no pid"
            );
            std::thread::sleep(Duration::from_millis(10));
        };

        drop(group);

        let alive = || {
            Command::new("kill")
                .args(["-0", &descendant])
                .stderr(Stdio::null())
                .status()
        };
        let watch = Stopwatch::start();
        while alive().unwrap().success() {
            assert!(
                watch.elapsed() < Duration::from_secs(10),
                "process {descendant} still runs"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_failure_shows_the_command_and_what_it_said() {
        let error = stdout(Command::new("sh").args(["-c", "echo no such luck >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("sh -c") && text.contains("no such luck"), "{text}");
    }
}
