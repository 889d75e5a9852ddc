//! Exit codes, lines and signals of an examination.

#![allow(clippy::disallowed_methods, reason = "a test waits for a process to end")]

use std::{path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, test_kill_process};

use super::receiver::Receiver;
use crate::{
    export_terminal::{Terminal, has_setsid},
    support::{Ended, Running, revento},
};

const ESCAPE: char = '\u{1b}';

/// Runs the doctor in an empty folder, so that no file is read.
pub(super) async fn doctor(arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    doctor_in(folder.path(), arguments, &[]).await
}

pub(super) async fn doctor_in(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = revento(&[&["doctor"], arguments].concat());
    command
        .current_dir(folder)
        .env_remove("GITHUB_STEP_SUMMARY")
        .envs(environment.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The options that examine a receiver by two checks, on any port.
pub(super) fn two_checks(receiver: &Receiver) -> Vec<&str> {
    vec![
        "--webhook-url",
        &receiver.url,
        "--only",
        "signature-good,signature-wrong-secret",
        "--listen",
        "0",
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_a_good_integration_is_exit_code_0() {
    let receiver = Receiver::good().await;
    let Ended { code, stdout, stderr } = doctor(&two_checks(&receiver)).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains("\npassed      signature-good "), "{stdout}");
    assert!(stdout.contains("PASSED: 2 of 2 checks in "), "{stdout}");
    assert!(!stdout.contains(ESCAPE), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_l15_a_failed_check_is_exit_code_1_with_what_was_expected_and_got() {
    let receiver = Receiver::careless().await;
    let Ended { code, stdout, .. } = doctor(&two_checks(&receiver)).await;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(
        stdout.contains("\nfailed      signature-wrong-secret "),
        "{stdout}"
    );
    for field in [
        "expected  a refusal",
        "got       201",
        "mend      Refuse",
        "repeat    curl -i -X POST 'http://127.0.0.1:",
    ] {
        assert!(stdout.contains(&format!("\n    {field}")), "{field}: {stdout}");
    }
    assert!(stdout.contains("failed: signature-wrong-secret\n"), "{stdout}");
    assert!(
        stdout.contains("next: revento doctor explain signature-wrong-secret"),
        "{stdout}"
    );
    assert!(stdout.contains("FAILED: 1 of 2 checks"), "{stdout}");
    // What the integration answered is shown and does not act.
    assert!(
        !stdout.contains(ESCAPE) && !stdout.contains("\n::error"),
        "{stdout:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_told_is_said_at_the_begin_and_in_the_summary() {
    let receiver = Receiver::good().await;
    let arguments = [
        "--webhook-url",
        &receiver.url,
        "--only",
        "signature-good,tokens",
        "--listen",
        "0",
    ];
    let Ended { code, stdout, .. } = doctor(&arguments).await;
    assert_eq!(code, Some(0), "{stdout}");
    let told = stdout
        .lines()
        .find(|line| line.starts_with("not told: "))
        .unwrap();
    assert!(
        told.contains("--connect-url (") && told.contains("--read-url ("),
        "{told}"
    );
    // One line for all checks of a family that lack the same options.
    let undone: Vec<&str> = stdout
        .lines()
        .filter(|line| line.starts_with("not checked "))
        .collect();
    assert!(
        undone
            .iter()
            .any(|line| line.starts_with("not checked tokens: ") && line.contains("--connect-url")),
        "{stdout}"
    );
    assert!(undone.len() < 6, "{undone:#?}");
    let summary = stdout
        .lines()
        .find(|line| line.contains("not done: give "))
        .unwrap();
    assert!(summary.contains("--connect-url ("), "{summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_check_says_because() {
    let receiver = Receiver::careless().await;
    let mut arguments = two_checks(&receiver);
    arguments.extend([
        "--skip",
        "signature-wrong-secret",
        "--because",
        "it is a demonstration",
    ]);
    let Ended { code, stdout, .. } = doctor(&arguments).await;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("skipped: it is a demonstration"), "{stdout}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_an_integration_that_cannot_be_tested_is_exit_code_3() {
    // Nobody listens on port 1.
    let unreachable = [
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--start-timeout",
        "200ms",
        "--listen",
        "0",
    ];
    let Ended { code, stderr, .. } = doctor(&unreachable).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains("does not answer at http://127.0.0.1:1/"),
        "{stderr}"
    );
    assert!(stderr.contains("--start"), "{stderr}");
    let broken = [
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--start",
        "echo 'no \u{1b}[2Jsecret'; exit 7",
    ];
    let Ended { code, stderr, .. } = doctor(&broken).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains("exit status: 7") && stderr.contains("secret"),
        "{stderr}"
    );
    assert!(!stderr.contains(ESCAPE), "{stderr:?}");
    // Of a backtrace the first lines say most.
    let talkative = [
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--start",
        "echo 'no such folder'; seq 1 99; echo 'the end'; exit 7",
    ];
    let Ended { stderr, .. } = doctor(&talkative).await;
    assert!(
        stderr.contains("no such folder") && stderr.contains("the end") && stderr.contains("[85 lines]"),
        "{stderr}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let Ended { code, stderr, .. } =
        doctor(&["--webhook-url", "http://127.0.0.1:1/", "--listen", &address]).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains(&address) && stderr.contains("--listen"),
        "{stderr}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_kills_the_integration() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let start = format!("echo $$ > '{}'; exec sleep 600", pid_file.display());
    // Nobody answers, so the doctor waits.
    let running = Running::start(&[
        "doctor",
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--start",
        &start,
    ]);
    let pid = loop {
        let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
        if text.ends_with('\n') {
            break Pid::from_raw(text.trim().parse().unwrap()).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(test_kill_process(pid).is_ok(), "the integration runs");
    let Ended { code, stderr, .. } = tokio::task::spawn_blocking(|| running.interrupt()).await.unwrap();
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains("interrupted") && stderr.contains("nothing is certified"),
        "{stderr}"
    );
    // Who takes care of orphans may need a moment.
    for _ in 0..500 {
        if test_kill_process(pid).is_err() || is_zombie(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the integration still runs");
}

/// Whether the process has ended, and its parent has not noticed.
fn is_zombie(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_a_report_that_cannot_be_written_is_exit_code_3() {
    let receiver = Receiver::good().await;
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        return;
    };
    let mut command = revento(&[&["doctor", "--json"][..], &two_checks(&receiver)].concat());
    command.stdout(full).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("standard output cannot be written"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l7_a_closed_pipe_is_no_error() {
    let receiver = Receiver::good().await;
    let mut command = revento(&[&["doctor"][..], &two_checks(&receiver)].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = tokio::task::spawn_blocking(move || child.wait_with_output())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn l8_on_a_terminal_there_are_colours_and_progress_and_without_it_there_are_not() {
    if !has_setsid() {
        return;
    }
    let receiver = Receiver::careless().await;
    let arguments: Vec<String> = ["doctor"]
        .into_iter()
        .chain(two_checks(&receiver))
        .map(str::to_owned)
        .collect();
    let shown = |environment: &'static [(&'static str, &'static str)]| {
        let arguments = arguments.clone();
        tokio::task::spawn_blocking(move || Terminal::start(&arguments, environment).end())
    };
    let (code, text) = shown(&[]).await.unwrap();
    assert_eq!(code, Some(1), "{text:?}");
    assert!(text.contains("\u{1b}[32m✓") && text.contains("✗"), "{text:?}");
    // The summary fits a screen.
    let summary = text.split("family ").nth(1).unwrap();
    assert!(summary.lines().count() < 24, "{summary}");
    let (_, text) = shown(&[("NO_COLOR", "1")]).await.unwrap();
    assert!(text.contains('✓') && !text.contains("\u{1b}[32m"), "{text:?}");
    let (_, text) = shown(&[("TERM", "dumb")]).await.unwrap();
    assert!(!text.contains(ESCAPE), "{text:?}");
}

/// Writes what a terminal shows to the file of `REVENTO_TEST_TERMINAL`, for the picture in docs/doctor.md.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_show_a_terminal() {
    if !has_setsid() {
        return;
    }
    let receiver = Receiver::reserialising().await;
    let checks = "signature-good,signature-wrong-secret,signature-missing-signature,signature-stale,signature-future,\
        signature-body-changed,signature-raw-bytes,signature-unicode,signature-chunked,delivery-get,delivery-every-type,\
        delivery-unknown-type,delivery-handled,delivery-duplicate,storage-tokens";
    let known: Vec<&str> = revento_doctor::catalogue().map(|check| check.id).collect();
    let checks: Vec<&str> = checks
        .split(',')
        .map(str::trim)
        .filter(|id| known.contains(id))
        .collect();
    let checks = checks.join(",");
    let arguments = [
        "doctor",
        "--webhook-url",
        &receiver.url,
        "--listen",
        "0",
        "--only",
        &checks,
    ];
    let arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    let (code, shown) = tokio::task::spawn_blocking(move || Terminal::start(&arguments, &[]).end())
        .await
        .unwrap();
    assert_eq!(code, Some(1), "{shown:?}");
    assert!(shown.contains("FAILED: "), "{shown:?}");
    if let Some(folder) = std::env::var_os("REVENTO_TEST_TERMINAL") {
        std::fs::write(Path::new(&folder).join("doctor-terminal"), shown).unwrap();
    }
}
