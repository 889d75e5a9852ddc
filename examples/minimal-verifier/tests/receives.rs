//! The program over a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail loudly, helpers of tests too"
)]

use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use revento_webhooks::Signer;

const SECRET: &str = "whsec_minimal_example";

struct Running {
    child: Child,
    address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn start() -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_revento-example-minimal-verifier"))
        .arg("127.0.0.1:0")
        .env("REVENTO_WEBHOOK_SECRET", SECRET)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().to_owned();
    Running { child, address }
}

fn send(server: &Running, method: &str, signature: &str, now: i64, body: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\nX-Revento-Event: a\r\n\
         X-Revento-Delivery-Id: d\r\nX-Revento-Timestamp: {now}\r\nX-Revento-Signature: {signature}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_accepts_verified_deliveries_only() {
    let server = start();
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
    let signature = Signer::new(SECRET).unwrap().sign(now, b"{}");

    let verified = send(&server, "POST", &signature, now, "{}");
    assert!(
        verified.starts_with("HTTP/1.1 200 OK") && verified.ends_with("2 bytes are verified"),
        "{verified}"
    );
    for (method, time, body, status) in [
        ("GET", now, "{}", 405),
        ("OPTIONS", now, "", 204),
        ("POST", now, "", 401),
        ("POST", now, "{ }", 401),
        ("POST", now - 1, "{}", 401),
        ("POST", now - 1000, "{}", 401),
    ] {
        let answer = send(&server, method, &signature, time, body);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.contains("\r\nallow: OPTIONS, POST\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

/// The timeout is 5 s; the test waits longer only if the client is not cut off.
#[test]
fn h11_a_client_with_a_slow_head_is_cut_off() {
    let server = start();
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\n").unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn it_stays_within_sixty_lines() {
    assert!(include_str!("../src/main.rs").lines().count() <= 60);
}
