//! Under which names the sandbox answers (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use revento_sandbox::{Sandbox, SandboxBuilder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

/// The status of the answer to a request with this `Host`, as a browser sends it.
async fn status(port: u16, host: &str, path: &str) -> u16 {
    status_at((Ipv4Addr::LOCALHOST, port).into(), host, path).await
}

async fn status_at(address: SocketAddr, host: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn start(settings: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> (World, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = World::start_with(|builder| settings(builder.listener(listener))).await;
    (world, port)
}

const PATHS: [&str; 4] = [
    "/console",
    "/_sandbox/stats",
    "/oauth/authorize",
    "/api/v1/me/profile",
];

#[tokio::test]
async fn h21_a_rebound_name_is_refused_whatever_the_sandbox_listens_on() {
    let everywhere = |port| SocketAddr::from(([0, 0, 0, 0], port));
    let worlds = [
        start(|builder| builder).await,
        start(|builder| builder.public_url("https://dev.example/revento")).await,
        start(|builder| builder.allow_host("sandbox.internal")).await,
    ];
    for (_, port) in &worlds {
        for path in PATHS {
            for host in [
                "rebound.example",
                "127.0.0.1.rebound.example:4010",
                "10.9.8.7",
                "",
            ] {
                assert_eq!(status(*port, host, path).await, 421, "{host} {path}");
            }
            for host in ["localhost", "app.localhost:1", "127.0.0.1", "[::1]:4010"] {
                assert_ne!(status(*port, host, path).await, 421, "{host} {path}");
            }
        }
    }
    let listening = std::net::TcpListener::bind(everywhere(0)).unwrap();
    let port = listening.local_addr().unwrap().port();
    let _open = World::start_with(|builder| builder.listener(listening)).await;
    assert_eq!(status(port, "rebound.example", "/console").await, 421);
    assert_eq!(status(port, "localhost", "/console").await, 200);
}

#[tokio::test]
async fn h21_the_public_host_and_those_that_the_start_allows_are_answered() {
    let (_world, port) = start(|builder| {
        builder
            .public_url("https://dev.example:8443/revento")
            .allow_host("sandbox.internal:4010")
            .allow_host("10.9.8.7")
    })
    .await;
    for host in [
        "dev.example:8443",
        "dev.example",
        "Sandbox.Internal",
        "10.9.8.7:4010",
    ] {
        assert_eq!(status(port, host, "/console").await, 200, "{host}");
    }
    let hostname = gethostname::gethostname().into_string().unwrap();
    assert_eq!(status(port, &hostname, "/console").await, 200, "{hostname}");
    for wrong in ["http://sandbox.internal", "*", ""] {
        let refused = Sandbox::builder().allow_host(wrong).start().await.unwrap_err();
        assert!(refused.to_string().contains("the allowed host"), "{refused}");
    }
}

#[tokio::test]
async fn h21_the_address_at_which_a_request_arrives_is_one_of_this_machine() {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let _world = World::start_with(|builder| builder.listener(listener)).await;
    assert_eq!(status(port, "192.0.2.1", "/console").await, 421);
    let Some(ip) = own_address() else {
        return;
    };
    let host = format!("{ip}:{port}");
    assert_eq!(status_at((ip, port).into(), &host, "/console").await, 200);
    // Through another address, the name is not known.
    assert_eq!(status(port, &host, "/console").await, 421);
}

/// An address of this machine in a network, if it has one. Nothing is sent.
fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(("192.0.2.1", 9)).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}
