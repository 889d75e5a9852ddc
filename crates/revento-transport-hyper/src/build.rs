//! From settings to a transport.

use std::{path::Path, sync::Arc, time::Duration};

use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use revento_transport::{BuildError, BuildErrorReason, HttpConfig};
use rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use crate::{
    HyperTransport,
    connect::{Connect, Route},
    proxy::Proxy,
};

/// How long an unused connection stays open. Servers usually keep theirs longer: a request that meets the server's
/// close may have taken effect.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

impl HyperTransport {
    /// A transport with the [default settings](HttpConfig::default). Opens no connection.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, BuildError> {
        Self::with_config(HttpConfig::new())
    }

    /// A transport with these settings. Opens no connection.
    ///
    /// # Errors
    /// When TLS, the proxy's URL, a certificate or the user agent cannot be used.
    pub fn with_config(config: HttpConfig) -> Result<Self, BuildError> {
        let tls = Arc::new(tls(&config)?);
        let proxy = config.proxy.as_ref().map(Proxy::parse).transpose()?;
        let proxy_authorization = proxy.as_ref().and_then(|proxy| proxy.authorization.clone());
        let route = match proxy {
            Some(proxy) => Route::Proxy(proxy, HttpsConnector::from((tcp(), Arc::clone(&tls)))),
            None => Route::Direct(tcp()),
        };
        Ok(Self {
            proxy_authorization,
            ..Self::build(&config, route, tls)?
        })
    }

    /// A transport that makes every connection to this Unix socket, whatever host a URL names, for example to a
    /// sidecar that does the TLS. It ignores the proxy. Opens no connection.
    ///
    /// # Errors
    /// When TLS, a certificate or the user agent cannot be used.
    #[cfg(unix)]
    pub fn over_unix_socket(path: impl AsRef<Path>, config: HttpConfig) -> Result<Self, BuildError> {
        let tls = Arc::new(tls(&config)?);
        Self::build(&config, Route::Unix(path.as_ref().into()), tls)
    }

    fn build(config: &HttpConfig, route: Route, tls: Arc<ClientConfig>) -> Result<Self, BuildError> {
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(Connect::new(route, tls, config.connect_timeout));
        Ok(Self {
            client,
            timeout: config.timeout,
            max_response_bytes: config.max_response_bytes,
            user_agent: config.user_agent_header()?,
            proxy_authorization: None,
        })
    }
}

fn tls(config: &HttpConfig) -> Result<ClientConfig, BuildError> {
    let mut roots: Vec<CertificateDer<'static>> = Vec::new();
    for pem in &config.root_certificates_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(
                certificate.map_err(|error| BuildError::new(BuildErrorReason::RootCertificate, error))?,
            );
        }
        if roots.len() == before {
            let reason = BuildErrorReason::RootCertificate;
            return Err(BuildError::new(reason, "the text contains no certificate"));
        }
    }
    // Named explicitly: the process-wide default provider depends on other crates.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let failed = |error| BuildError::new(BuildErrorReason::Tls, error);
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(failed)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}
