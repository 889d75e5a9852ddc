//! Exit codes, help and colours.

use crate::support::{Ended, revento, run};

const ESCAPE: char = '\u{1b}';

#[test]
fn l13_a_wrong_command_line_is_exit_code_2() {
    let wrong: [&[&str]; 4] = [
        &["no-such-command"],
        &["quickstart", "--no-such-option"],
        &["quickstart", "--json"],
        &["sandbox", "--listen", "nowhere"],
    ];
    for arguments in wrong {
        let Ended { code, stdout, stderr } = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains("--help"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn l13_a_missing_command_is_exit_code_2_with_a_list_of_commands() {
    let Ended { code, stderr, .. } = run(&[]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("quickstart") && stderr.contains("sandbox"),
        "{stderr}"
    );
}

#[test]
fn l13_help_and_version_are_exit_code_0() {
    for argument in ["--help", "--version"] {
        let Ended { code, stdout, .. } = run(&[argument]);
        assert_eq!(code, Some(0));
        assert!(stdout.contains("revento"), "{stdout}");
    }
}

#[test]
fn l8_there_are_no_colours_without_a_terminal() {
    let wrong: [&[&str]; 3] = [&["--help"], &["quickstart", "--json"], &["quickstart", "--help"]];
    for arguments in wrong {
        let Ended { stdout, stderr, .. } = run(arguments);
        assert!(
            !stdout.contains(ESCAPE) && !stderr.contains(ESCAPE),
            "{stdout}{stderr}"
        );
    }
}

#[test]
fn every_command_has_examples_completions_and_a_manual_page() {
    let folder = tempfile::TempDir::new().unwrap();
    let ended = run(&["man", folder.path().to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let bash = run(&["completions", "bash"]).stdout;
    for command in [
        "quickstart",
        "sandbox",
        "export",
        "trigger",
        "deliveries",
        "verify",
        "sign",
    ] {
        assert!(bash.contains(command), "{command}");
        let page = folder.path().join(format!("revento-{command}.1"));
        assert!(page.exists(), "{}", page.display());
    }
    for command in [
        &["quickstart"][..],
        &["sandbox"],
        &["export", "participants"],
        &["listen"],
        &["trigger"],
        &["deliveries", "list"],
        &["deliveries", "show"],
        &["deliveries", "replay"],
        &["doctor"],
        &["doctor", "explain"],
        &["deliveries", "record"],
        &["deliveries", "redrive"],
        &["verify"],
        &["sign"],
        &["ops", "connections", "list"],
        &["ops", "connections", "show"],
        &["ops", "connections", "end"],
        &["ops", "inbox", "stats"],
        &["ops", "inbox", "show"],
        &["ops", "inbox", "dead"],
        &["ops", "inbox", "requeue"],
        &["ops", "inbox", "expunge"],
        &["ops", "deletions", "due"],
        &["ops", "deletions", "settle"],
        &["ops", "keys", "status"],
        &["ops", "keys", "reseal"],
        &["ops", "keys", "retire"],
        &["ops", "check"],
        &["schema"],
        &["completions"],
        &["man"],
    ] {
        let help = run(&[command, &["--help"]].concat()).stdout;
        assert!(
            help.contains("Example") && help.contains(&format!("  revento {}", command.join(" "))),
            "{help}"
        );
    }
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let ended = run(&["man", "no/such/folder"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no/such/folder"), "{}", ended.stderr);
}

#[test]
fn l9_a_manual_page_is_not_written_through_a_link() {
    let folder = tempfile::TempDir::new().unwrap();
    let victim = folder.path().join("victim");
    std::fs::write(&victim, "mine").unwrap();
    let pages = folder.path().join("man1");
    std::fs::create_dir(&pages).unwrap();
    std::os::unix::fs::symlink(&victim, pages.join("revento-verify.1")).unwrap();
    let ended = run(&["man", pages.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("revento-verify.1 is a symbolic link"),
        "{}",
        ended.stderr
    );
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
}

#[test]
fn l7_lines_that_cannot_be_written_are_a_failure_and_a_closed_pipe_is_none() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = revento(&["schema"]).stdout(full).output().unwrap();
    let text = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{text}");
    assert!(text.contains("lines are missing"), "{text}");

    let (reader, writer) = rustix::pipe::pipe().unwrap();
    drop(reader);
    let ended = revento(&["schema"]).stdout(writer).output().unwrap();
    assert_eq!(
        (ended.status.code(), ended.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}

/// A manifest and a seed file can come from anybody.
#[test]
fn h5_text_of_a_file_cannot_act_on_the_terminal() {
    let home = tempfile::tempdir().unwrap();
    let manifest = home.path().join("manifest.toml");
    let hostile = "\u{202e}x\u{9b}2J\\u001b]8;;http://evil.test\\u0007";
    for text in [
        format!("[[integration]]\nname = \"a\"\n\"{hostile}\" = 1\n"),
        format!("[[integration]]\nname = \"a\"\nkind = \"{hostile}\"\nredirect_uris = [\"{hostile}\"]\n"),
        format!("\"{hostile}\" = {hostile}"),
    ] {
        std::fs::write(&manifest, &text).unwrap();
        let path = manifest.to_str().unwrap();
        let Ended { code, stdout, stderr } = run(&["sandbox", "--listen", "127.0.0.1:0", "--manifest", path]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr:?}");
        for acts in [ESCAPE, '\u{9b}', '\u{202e}', '\u{7}'] {
            assert!(!stderr.contains(acts), "{stderr:?}");
        }
    }
}
