//! TLS on both transports: trusted certificates, and the error for others.

use std::{net::SocketAddr, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use revento_core::error::chain;
use revento_transport::Transport;
use revento_transport_hyper::{HttpConfig, HyperTransport};
use revento_transport_reqwest::ReqwestTransport;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

use crate::get;

/// A private authority (PEM), and an acceptor with its certificate for `name`.
pub(crate) fn acceptor(name: &str, protocols: &[&str]) -> (String, TlsAcceptor) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// A server that gives one answer to each connection.
async fn serve(name: &str) -> (String, SocketAddr) {
    let (pem, acceptor) = acceptor(name, &["http/1.1"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let stream = listener.accept().await.unwrap().0;
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (pem, address)
}

/// Both transports, with one more trusted authority.
pub(crate) fn trusting(pem: Option<&str>) -> [(&'static str, Box<dyn Transport>); 2] {
    both(
        pem.into_iter()
            .fold(HttpConfig::new(), HttpConfig::root_certificate_pem),
    )
}

/// Both transports with the same settings.
pub(crate) fn both(config: HttpConfig) -> [(&'static str, Box<dyn Transport>); 2] {
    let hyper = HyperTransport::with_config(config.clone()).unwrap();
    let reqwest = ReqwestTransport::with_config(config).unwrap();
    [("hyper", Box::new(hyper)), ("reqwest", Box::new(reqwest))]
}

#[tokio::test]
async fn a28_a_private_authority_is_trusted_when_it_is_configured() {
    let (pem, address) = serve("127.0.0.1").await;
    for (name, transport) in trusting(Some(&pem)) {
        let answer = transport.send(get(&format!("https://{address}/"))).await;
        assert_eq!(answer.unwrap().into_body(), "secret", "{name}");
    }
}

#[tokio::test]
async fn t7_a_request_to_an_untrusted_peer_is_never_sent() {
    let (_, address) = serve("127.0.0.1").await;
    let (pem, elsewhere) = serve("elsewhere.test").await;
    let url = format!("https://{address}/?token=planted");
    for (name, transport) in trusting(None) {
        let error = transport.send(get(&url)).await.unwrap_err();
        assert!(!error.may_have_taken_effect(), "{name}: {error}");
        let text = chain(&error).to_string();
        assert!(text.contains("certificate"), "{name}: {text}");
        assert!(!text.contains("planted"), "{name}: {text}");
    }
    let url = format!("https://{elsewhere}/");
    for (name, transport) in trusting(Some(&pem)) {
        let error = transport.send(get(&url)).await.unwrap_err();
        assert!(
            !error.may_have_taken_effect(),
            "{name}: the certificate has another name: {error}"
        );
    }
}

#[test]
fn a_text_without_a_certificate_is_refused() {
    for text in [
        "",
        "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n",
    ] {
        let error = HyperTransport::with_config(HttpConfig::new().root_certificate_pem(text)).unwrap_err();
        assert!(error.to_string().contains("give it as PEM"), "{error}");
    }
}
