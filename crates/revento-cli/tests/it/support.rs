//! Runs the program, and has a browser for its pages.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread::{self, JoinHandle},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

// The modules of `quickstart --headless`, so that they exist once.
#[allow(dead_code, reason = "the program uses more of it")]
#[path = "../../src/quickstart/headless/browser.rs"]
pub(crate) mod browser;
#[path = "../../src/quickstart/headless/form.rs"]
pub(crate) mod form;

/// Longer than any step takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The output and exit code of a program.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The command `revento` with these arguments.
pub(crate) fn revento(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_revento"));
    command
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

/// Runs the program until it ends.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    let output = revento(arguments).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A running program. Dropping it kills the program.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: JoinHandle<String>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = revento(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        let errors = all_of(child.stderr.take().unwrap());
        Self { child, lines, errors }
    }

    /// Starts the quickstart in `data`, on free ports unless `more` chooses ports.
    pub(crate) fn quickstart(data: &Path, more: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let mut arguments = vec!["quickstart", "--data", data];
        arguments.extend(more);
        for option in ["--port", "--sandbox-port"] {
            if !more.contains(&option) {
                arguments.extend([option, "0"]);
            }
        }
        Self::start(&arguments)
    }

    /// Waits for the next line of standard output.
    pub(crate) fn line(&mut self) -> String {
        match self.lines.recv_timeout(TIMEOUT) {
            Ok(line) => line,
            Err(why) => panic!("no further line of output ({why})"),
        }
    }

    /// Waits for the line that starts with `name` and returns the rest of it.
    pub(crate) fn value_of(&mut self, name: &str) -> String {
        loop {
            let line = self.line();
            if let Some(rest) = line.strip_prefix(name) {
                return rest.trim().to_owned();
            }
        }
    }

    /// Presses Ctrl-C and waits for the end.
    pub(crate) fn interrupt(self) -> Ended {
        kill_process(self.pid(), Signal::INT).unwrap();
        self.end()
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        // Standard output closes when the program ends.
        let mut stdout = String::new();
        loop {
            match self.lines.recv_timeout(TIMEOUT) {
                Ok(line) => stdout += &format!("{line}\n"),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    panic!("the program does not end; its output:\n{stdout}")
                }
            }
        }
        let status = self.child.wait().unwrap();
        let errors = std::mem::replace(&mut self.errors, thread::spawn(String::new));
        Ended {
            code: status.code(),
            stdout,
            stderr: errors.join().unwrap(),
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads standard error in a thread, so that a full pipe does not block the program.
pub(crate) fn all_of(mut stderr: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    })
}
