//! Receivers with TLS: their certificates, and what the delivery log says about them.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::world::World;

/// A receiver with a self-signed certificate for `localhost`. Returns its URL.
async fn self_signed() -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    format!("https://localhost:{port}/webhooks")
}

/// The delivery to this receiver, after its first attempt.
async fn attempted(url: &str, insecure: bool) -> Value {
    let world = World::start_with(|builder| {
        let builder = builder.webhook_url(url);
        if insecure {
            builder.insecure_receivers()
        } else {
            builder
        }
    })
    .await;
    world.connect().await;
    world.approve("app_published_0002").await;
    let id = world.control("/deliveries").await["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .delivery(&id, |row| !row["attempts"].as_array().unwrap().is_empty())
        .await
}

fn error(row: &Value) -> &str {
    row["attempts"][0]["error"].as_str().unwrap()
}

#[tokio::test]
async fn h22_a_self_signed_receiver_is_named_and_can_be_accepted() {
    let url = self_signed().await;
    let refused = attempted(&url, false).await;
    assert_eq!(refused["status"], "pending");
    let text = error(&refused);
    assert!(
        text.contains("certificate is not trusted") && text.contains("--insecure-receiver"),
        "{text}"
    );
    let accepted = attempted(&url, true).await;
    assert_eq!(accepted["status"], "delivered", "{accepted}");
}

#[tokio::test]
async fn h22_a_receiver_without_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let row = attempted(&format!("https://127.0.0.1:{port}/"), true).await;
    assert!(error(&row).contains("does not speak TLS"), "{row}");
}
