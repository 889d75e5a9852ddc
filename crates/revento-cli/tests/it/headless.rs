//! `quickstart --headless`: output and exit codes, which scripts rely on.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    export_terminal::{Terminal, has_setsid},
    json::lines_of,
    support::{self, Ended, Running, all_of, revento},
};

#[test]
fn l7_headless_as_json_is_a_line_per_step_and_a_summary() {
    let Ended { code, stdout, stderr } = support::run(&["quickstart", "--headless", "--json"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    lines_of("quickstart-headless", &stdout);
    let shape: Vec<String> = stdout.lines().map(shape).collect();
    insta::assert_snapshot!(shape.join("\n"));
}

/// A line with its fields sorted and without values that differ between runs: durations and the number of requests.
fn shape(line: &str) -> String {
    let mut fields: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
    let ms = fields.insert("ms".into(), "…".into());
    assert!(ms.is_some_and(|ms| ms.is_u64()), "{line}");
    let Some(stats) = fields.remove("stats") else {
        return serde_json::to_string(&fields).unwrap();
    };
    let mut stats: BTreeMap<String, u64> = serde_json::from_value(stats).unwrap();
    assert!(stats.remove("requests").is_some_and(|count| count > 0), "{line}");
    format!("{} stats {stats:?}", serde_json::to_string(&fields).unwrap())
}

#[test]
fn l8_headless_for_people_is_a_tick_per_step() {
    // Even the log has no colour.
    let output = revento(&["quickstart", "--headless"])
        .env("RUST_LOG", "info")
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    let (last, steps) = stdout
        .lines()
        .collect::<Vec<_>>()
        .split_last()
        .map(|(l, s)| (*l, s.to_vec()))
        .unwrap();
    assert_eq!(steps.len(), 11, "{stdout}");
    assert!(
        steps
            .iter()
            .all(|line| line.starts_with("✓ ") && line.ends_with(" ms)")),
        "{stdout}"
    );
    assert!(last.starts_with("All steps passed in "), "{stdout}");
    let output = stdout + &String::from_utf8(output.stderr).unwrap();
    assert!(!output.contains('\u{1b}'), "{output}");
}

/// `cargo xtask screenshots` names the folder for what the terminal has shown.
#[test]
fn the_documents_show_a_terminal() {
    if !has_setsid() {
        return;
    }
    let arguments = ["quickstart", "--headless"].map(str::to_owned);
    let (code, shown) = Terminal::start(&arguments, &[]).end();
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(shown.contains("All steps passed in "), "{shown:?}");
    if let Some(folder) = std::env::var_os("REVENTO_TEST_TERMINAL") {
        let file = Path::new(&folder).join("quickstart-terminal");
        fs::write(file, format!("$ revento quickstart --headless\n{shown}")).unwrap();
    }
}

#[test]
fn l7_a_closed_pipe_is_not_an_error() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let output = revento(&["quickstart", "--headless"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

/// A proxy would see every token, so the program uses none that the user has not configured.
#[test]
fn a28_proxy_variables_of_the_environment_are_ignored() {
    let mut command = revento(&["quickstart", "--headless"]);
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env(name, "http://127.0.0.1:9");
    }
    let output = command
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The test replaces the sealing key while the program waits for the first line to be read. The restart step then finds
/// a file that is not a key.
#[test]
fn l13_a_failing_step_is_1_and_says_why() {
    let home = tempfile::tempdir().unwrap();
    let (mut reader, writer) = pipe_for_one_line();
    let mut child = in_home(home.path(), &["quickstart", "--headless", "--json"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = all_of(child.stderr.take().unwrap());
    wait_until(|| rustix::io::ioctl_fionread(&reader).unwrap() > FILLING);
    let data = fs::read_dir(home.path()).unwrap().next().unwrap().unwrap().path();
    fs::write(data.join("sealing.key"), "bm90IGEga2V5").unwrap();

    let mut stdout = String::new();
    reader.read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{stdout}");
    let lines: Vec<Value> = stdout
        .trim_start()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (summary, steps) = lines.split_last().unwrap();
    let (failed, passed) = steps.split_last().unwrap();
    assert!(passed.iter().all(|step| step["ok"] == true), "{stdout}");
    assert_eq!(
        (&failed["ok"], &summary["ok"]),
        (&Value::Bool(false), &Value::Bool(false)),
        "{stdout}"
    );
    assert_eq!(failed["step"], "restart: still connected, without a new consent");
    assert!(
        failed["reason"]
            .as_str()
            .unwrap()
            .contains("does not hold a sealing key"),
        "{stdout}"
    );
    let stderr = stderr.join().unwrap();
    assert!(
        stderr.starts_with("error: the step \"restart: still connected, without a new consent\" failed: "),
        "{stderr}"
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "the temporary directory still exists"
    );
}

#[test]
fn ctrl_c_stops_the_steps_and_removes_the_temporary_directory() {
    let home = tempfile::tempdir().unwrap();
    let (mut reader, writer) = pipe_for_one_line();
    let mut command = in_home(home.path(), &["quickstart", "--headless", "--json"]);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    // Only the child holds the writing end now, so that reading ends with the child.
    drop(command);
    wait_until(|| rustix::io::ioctl_fionread(&reader).unwrap() > FILLING);
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    // The signal arrives before the program can continue.
    let drained = thread::spawn(move || io::copy(&mut reader, &mut io::sink()).unwrap());
    let output = child.wait_with_output().unwrap();
    drained.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: stopped before the last step\n"
    );
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "the temporary directory still exists"
    );
}

#[test]
fn l13_a_start_that_fails_is_1() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = in_home(&file.path().join("below"), &["quickstart", "--headless"]);
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    drop(Running::start(&["--version"]));
}

fn in_home(home: &Path, arguments: &[&str]) -> Command {
    let mut command = revento(arguments);
    command.env("TMPDIR", home);
    command
}

const PAGE: usize = 4096;
/// How many blanks are in the pipe at the start. JSON allows them.
const FILLING: u64 = PAGE as u64 - 64;

/// A pipe with space for one line of the output but not for two.
fn pipe_for_one_line() -> (io::PipeReader, io::PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    assert_eq!(rustix::pipe::fcntl_setpipe_size(&writer, PAGE).unwrap(), PAGE);
    let blanks = [b' '; FILLING as usize];
    io::Write::write_all(&mut writer, &blanks).unwrap();
    (reader, writer)
}

#[allow(clippy::disallowed_methods, reason = "limits how long a failing test runs")]
fn wait_until(mut met: impl FnMut() -> bool) {
    let began = Instant::now();
    while !met() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the condition was not met within 60 s"
        );
        thread::sleep(Duration::from_millis(5));
    }
}
