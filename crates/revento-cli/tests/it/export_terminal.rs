//! `revento export` on a pseudo-terminal.

#![allow(clippy::print_stdout, reason = "a skipped test prints why")]

use std::{
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    process::{Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use serde_json::json;

use crate::export::{World, ids, wait_for_pages};

const ESCAPE: char = '\u{1b}';

/// Whether the `setsid` of util-linux is installed. A child process needs it to get a controlling terminal.
pub(crate) fn has_setsid() -> bool {
    let asked = Command::new("setsid").arg("--version").output();
    let has = asked.is_ok_and(|asked| asked.status.success());
    if !has {
        println!("skipped: no setsid of util-linux");
    }
    has
}

/// The keyboard and screen of a terminal on which `revento` runs.
pub(crate) struct Terminal {
    keyboard: File,
    shown: Receiver<Vec<u8>>,
    child: std::process::Child,
}

impl Terminal {
    /// Runs `revento` in its own session with the terminal as standard input, output and error, as a shell does.
    pub(crate) fn start(arguments: &[String], environment: &[(&str, &str)]) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 100,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&controller, size).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let user_end = || -> OwnedFd {
            rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
        };
        // `setsid --ctty` makes it the controlling terminal, which needs a system call between fork and exec.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_revento")])
            .args(arguments)
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .envs(environment.iter().copied())
            .stdin(Stdio::from(user_end()))
            .stdout(Stdio::from(user_end()))
            .stderr(Stdio::from(user_end()))
            .spawn()
            .unwrap();
        let keyboard = File::from(controller);
        let mut screen = keyboard.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Reading fails when the other end closes.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        Self {
            keyboard,
            shown,
            child,
        }
    }

    pub(crate) fn type_line(&mut self, text: &str) {
        self.keyboard.write_all(format!("{text}\n").as_bytes()).unwrap();
    }

    pub(crate) fn press_ctrl_c(&mut self) {
        self.keyboard.write_all(&[3]).unwrap();
    }

    /// Waits until `enough` accepts the text that the terminal has shown.
    pub(crate) fn until(&self, enough: impl Fn(&str) -> bool) -> String {
        let mut all = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&all).into_owned();
            if enough(&text) {
                return text;
            }
            match self.shown.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => all.extend(bytes),
                Err(why) => panic!("{why}, after {text:?}"),
            }
        }
    }

    /// Waits for the end. Returns the exit code and the rest of the text.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let mut all = Vec::new();
        while let Ok(bytes) = self.shown.recv_timeout(Duration::from_secs(5)) {
            all.extend(bytes);
        }
        (code, String::from_utf8_lossy(&all).into_owned())
    }
}

#[tokio::test]
async fn on_a_terminal_there_is_a_progress_bar_and_ctrl_c_can_be_continued() {
    if !has_setsid() {
        return;
    }
    let world = World::start().await;
    let slow = json!({ "fault": "slow_answer", "endpoint": "participants", "after": 3, "delay_ms": 600_000 });
    world.control("/faults", slow).await;
    let expect = world.people.len().to_string();
    let options = ["--format", "jsonl", "--page-size", "4", "--expect", &expect];
    let mut terminal = Terminal::start(&world.arguments(&options), &[]);
    let whole = format!("/{expect} participants");
    let shown = terminal.until(|shown| shown.contains(&format!("12{whole}")) && shown.contains("at least"));
    assert!(
        shown.contains(ESCAPE),
        "the bar is not redrawn in place: {shown:?}"
    );
    wait_for_pages(&world.out(), 3);
    terminal.press_ctrl_c();
    let (code, rest) = terminal.end();
    assert_eq!(code, Some(1), "{rest:?}");
    let message = "stopped after 12 participants (3 pages); run the same command again to continue";
    assert!(rest.contains(message), "{rest:?}");

    let terminal = Terminal::start(&world.arguments(&options), &[]);
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(
        shown.contains(&format!("12{whole}")),
        "the bar does not start at the checkpoint: {shown:?}"
    );
    let last = shown.trim_end().rsplit(['\r', '\n']).next().unwrap();
    assert!(
        last.contains(&format!("{expect} participants written to ")),
        "the bar is still there: {shown:?}"
    );
    assert_eq!(ids(&world.out()), world.people);
}

#[tokio::test]
async fn l8_without_colours_or_a_terminal_it_is_plain() {
    if !has_setsid() {
        return;
    }
    let world = World::start().await;
    let options = ["--format", "jsonl", "--page-size", "50"];
    // A colour is an escape sequence that ends with `m`. The bar uses others.
    let (code, shown) = Terminal::start(&world.arguments(&options), &[("NO_COLOR", "1")]).end();
    assert_eq!(code, Some(0), "{shown:?}");
    let coloured = shown.split(ESCAPE).skip(1).any(|escape| {
        let end = escape.find(|letter: char| letter.is_ascii_alphabetic());
        end.is_some_and(|end| escape[end..].starts_with('m'))
    });
    assert!(!coloured, "{shown:?}");
    // A terminal that cannot move its cursor gets no bar.
    std::fs::remove_file(world.out()).unwrap();
    let (code, shown) = Terminal::start(&world.arguments(&options), &[("TERM", "dumb")]).end();
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(!shown.contains(ESCAPE), "{shown:?}");
    // A pipe gets the result only.
    std::fs::remove_file(world.out()).unwrap();
    let ended = world.export(&options);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(!ended.stdout.contains(ESCAPE) && ended.stdout.lines().count() == 1);
}
