//! The integration's process, if the doctor starts it.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

/// A running integration in a process group of its own.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Option<Pid>,
}

impl Process {
    /// Starts a command through `sh -c`. `output` is where its standard output and its standard error go.
    pub(crate) fn start(
        command: &str,
        variables: &[(String, String)],
        output: (Stdio, Stdio),
    ) -> std::io::Result<Self> {
        let child = Command::new("sh")
            .arg("-c")
            .arg(command)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.0)
            .stderr(output.1)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// The exit status, if the process has ended.
    pub(crate) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills the whole process group with SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.signal();
        let _ = self.child.wait().await;
    }

    fn signal(&self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal();
    }
}
