//! `revento-doctor.toml`, `--print-env` and wrong usage.

use std::fs;

use serde_json::Value;

use super::{
    examination::{doctor, doctor_in, two_checks},
    receiver::Receiver,
};
use crate::support::Ended;

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_the_folder_is_read_and_a_flag_wins() {
    let folder = tempfile::tempdir().unwrap();
    let (good, careless) = (Receiver::good().await, Receiver::careless().await);
    let file = format!(
        "webhook-url = \"{}\"\nonly = [\"signature-wrong-secret\"]\nlisten = \"127.0.0.1:0\"\nseed = 7\n",
        careless.url
    );
    fs::write(folder.path().join("revento-doctor.toml"), &file).unwrap();
    let Ended { code, stdout, .. } = doctor_in(folder.path(), &[], &[]).await;
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("seed 7"), "{stdout}");
    let flags = ["--webhook-url", &good.url, "--seed", "8"];
    let Ended { code, stdout, .. } = doctor_in(folder.path(), &flags, &[]).await;
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.contains("seed 8"), "{stdout}");
    // Another file, from another folder.
    let other = tempfile::tempdir().unwrap();
    let path = folder.path().join("revento-doctor.toml");
    let config = ["--config", path.to_str().unwrap()];
    assert_eq!(doctor_in(other.path(), &config, &[]).await.code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn l13_a_mistake_in_the_file_is_exit_code_2_with_its_position() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("revento-doctor.toml");
    for (source, position, advice) in [
        (
            "conect-url = 1\n",
            "line 1, column 1",
            "did you mean `connect-url`?",
        ),
        (
            "\nconnect-url = \"localhost\"\n",
            "line 2, column 15",
            "http://localhost:3000/connect",
        ),
        (
            "only = [\"signatur\"]\n",
            "line 1, column 9",
            "did you mean `signature`",
        ),
        ("seed = \n", "line 1, column 8", "seed"),
    ] {
        fs::write(&path, source).unwrap();
        let Ended { code, stdout, stderr } = doctor_in(folder.path(), &[], &[]).await;
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.starts_with("error: revento-doctor.toml, "), "{stderr}");
        assert!(
            stderr.contains(position) && (stderr.contains(advice) || advice == "seed"),
            "{stderr}"
        );
    }
    let missing = ["--config", "no/such/file.toml"];
    let Ended { code, stderr, .. } = doctor(&missing).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no/such/file.toml"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn l12_l13_wrong_usage_is_exit_code_2_with_advice() {
    let receiver = "http://127.0.0.1:1/";
    for (arguments, advice) in [
        (vec![], "--webhook-url"),
        (vec!["--webhook-url", "localhost:3000"], "http://localhost:3000"),
        (
            vec!["--webhook-url", receiver, "--only", "signature-wrong"],
            "did you mean `signature-wrong-secret`",
        ),
        (vec!["--webhook-url", receiver, "--skip", "oauth"], "--because"),
        (
            vec![
                "--webhook-url",
                receiver,
                "--skip",
                "oauth",
                "--skip",
                "tokens",
                "--because",
                "x",
            ],
            "2 --skip and 1 --because",
        ),
        (
            vec!["--webhook-url", receiver, "--skip", "oauth", "--because", " "],
            "say why",
        ),
        (vec!["--webhook-url", receiver, "--patience", "10"], "10s"),
        (
            vec!["--webhook-url", receiver, "--html", "no/such/folder/report.html"],
            "folder does not exist",
        ),
        (
            vec!["explain", "signature-wrong"],
            "did you mean `signature-wrong-secret`",
        ),
        (vec!["--start", "true", "--print-env"], "--listen 4040"),
    ] {
        let Ended { code, stdout, stderr } = doctor(&arguments).await;
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(advice), "{arguments:?}: {stderr}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_variables_are_those_of_a_later_examination() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let printed = doctor(&["--print-env=json", "--listen", &port]).await;
    assert_eq!(printed.code, Some(0), "{}", printed.stderr);
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(printed["REVENTO_AUTH_BASE"], format!("http://127.0.0.1:{port}"));

    let receiver = Receiver::good().await;
    let mut arguments = two_checks(&receiver);
    let listen = arguments.len() - 1;
    arguments[listen] = &port;
    arguments.extend(["--start", "env > started; exec sleep 600"]);
    let Ended { code, stdout, stderr } = doctor_in(folder.path(), &arguments, &[]).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let started = fs::read_to_string(folder.path().join("started")).unwrap();
    for (name, value) in printed.as_object().unwrap() {
        let line = format!("{name}={}", value.as_str().unwrap());
        assert!(
            started.lines().any(|found| found == line),
            "{line} is not in\n{started}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_are_printed_for_a_shell_and_for_a_file() {
    let shell = doctor(&["--print-env"]).await.stdout;
    assert!(
        shell.contains("export REVENTO_AUTH_BASE=http://127.0.0.1:4040\n"),
        "{shell}"
    );
    let ran = std::process::Command::new("sh")
        .args(["-c", &format!("{shell}printf %s \"$REVENTO_WEBHOOK_SECRET\"")])
        .output()
        .unwrap();
    let secret = String::from_utf8(ran.stdout).unwrap();
    let dotenv = doctor(&["--print-env=dotenv"]).await.stdout;
    assert!(
        dotenv.contains(&format!("\nREVENTO_WEBHOOK_SECRET={secret}\n")),
        "{dotenv}"
    );
    // A container reaches this machine by another name.
    let public = [
        "--print-env=dotenv",
        "--public-url",
        "http://host.docker.internal:4040",
    ];
    let dotenv = doctor(&public).await.stdout;
    assert!(
        dotenv.contains("REVENTO_API_BASE=http://host.docker.internal:4040/api"),
        "{dotenv}"
    );
}

fn free_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}
