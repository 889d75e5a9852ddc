//! `revento export` of records that are odd, and for Excel.

use std::fs;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::export::World;

/// A platform whose every answer is this body.
async fn platform(body: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body).await.unwrap();
        }
    });
    base
}

const PAGE: &[u8] = b"{\"data\":[
    {\"id\":\"ptp_1\",\"application_status\":\"approved\",\"name\":\"Zo\\ud83d\",\"x\":1e999,\"email\":NaN},
    {\"id\":\"ptp_\\u001b[2J2\",\"name\":\"planted\"},
    {\"id\":\"ptp_3\",\"application_status\":\"pending\",\"name\":\"A;=1\",\"name\":\"\xff\",\"custom_form_fields\":{\"a\":
        \"b\"}}
],\"next_cursor\":null,\"has_more\":false}";

#[tokio::test(flavor = "multi_thread")]
async fn h2_one_odd_value_does_not_stop_an_export() {
    let world = World::start().await;
    let base = platform(PAGE).await;
    for format in ["csv", "jsonl"] {
        let ended = world.export(&["--format", format, "--json", "--api-base", &base]);
        assert_eq!(ended.code, Some(1), "a participant is missing: {}", ended.stderr);
        let warning = ended.stderr.lines().next().unwrap();
        assert!(
            warning.starts_with("warning: a participant is left out: data[1]")
                && warning.contains("application_status")
                && warning.contains(r"ptp_\u{1b}[2J2"),
            "{warning}"
        );
        assert!(ended.stderr.contains("1 participants are not in ") && !ended.stderr.contains("planted"));
        assert!(
            ended.stdout.contains(r#""items":2,"left_out":1"#),
            "{}",
            ended.stdout
        );
        let written = fs::read_to_string(world.out()).unwrap();
        let lines = if format == "csv" { 3 } else { 2 };
        assert_eq!(written.lines().count(), lines, "{written}");
        for id in ["ptp_1", "ptp_3", "Zo\u{fffd}"] {
            assert!(written.contains(id), "{written}");
        }
        fs::remove_file(world.out()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h6_an_export_for_excel_is_continued_in_its_own_layout_only() {
    let world = World::start().await;
    let ended = world.export(&["--format", "csv", "--excel", "--separator", "semicolon"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let written = fs::read_to_string(world.out()).unwrap();
    assert!(written.starts_with("\u{feff}\"id\";\"application_status\";"));
    assert_eq!(written.matches("\r\n").count(), world.people.len() + 1);
    let ended = world.export(&["--format", "jsonl", "--excel"]);
    assert_eq!(ended.code, Some(2), "l13: {}", ended.stderr);
    assert!(ended.stderr.contains("--format csv"), "{}", ended.stderr);
}
