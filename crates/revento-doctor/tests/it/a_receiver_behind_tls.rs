//! A receiver with a certificate that nobody has signed, on this machine.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::receiver::examine;

async fn self_signed(listener: TcpListener, router: Router) -> String {
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
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else {
                    return;
                };
                let service = TowerToHyperService::new(router);
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    format!("https://localhost:{port}/webhooks")
}

#[tokio::test]
async fn is_examined_like_any_other() {
    let result = examine(self_signed, StatusCode::UNAUTHORIZED, "signature-good").await;
    assert!(!result.failed(), "{result:?}");
    assert_eq!(result.evidence.last().unwrap().status, Some(204), "{result:?}");
}

#[tokio::test]
async fn that_speaks_no_tls_is_named_as_such() {
    let plain = |listener: TcpListener, router| async move {
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("https://localhost:{port}/webhooks")
    };
    let mut settings = revento_doctor::Settings::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    settings.webhook_url = Some(plain(listener, Router::new()).await.parse().unwrap());
    settings.start_timeout = std::time::Duration::from_millis(200);
    let doctor = revento_doctor::Doctor::new(settings).unwrap();
    let error = doctor.run(&mut ()).await.unwrap_err().to_string();
    assert!(error.contains("no TLS connection to localhost"), "{error}");
}
