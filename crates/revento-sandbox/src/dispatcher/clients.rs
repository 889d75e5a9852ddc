//! The HTTP clients of the dispatcher.

use std::time::Duration;

use url::Url;

use crate::platform::rules;

/// How long a receiver may take to answer (contract §4.1).
const TIMEOUT: Duration = Duration::from_secs(10);

/// The clients. They follow no redirects, use no proxy, and have the contract's timeout.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    verifying: reqwest::Client,
    /// For receivers on this machine, if their certificates are not verified.
    trusting: Option<reqwest::Client>,
}

impl Clients {
    pub(crate) fn build(insecure_receivers: bool) -> Result<Self, reqwest::Error> {
        let trusting = insecure_receivers.then(|| builder(true).build());
        Ok(Self {
            verifying: builder(false).build()?,
            trusting: trusting.transpose()?,
        })
    }

    /// The client for a receiver.
    pub(super) fn for_receiver(&self, url: &str) -> &reqwest::Client {
        let trusting = self.trusting.as_ref().filter(|_| is_local(url));
        trusting.unwrap_or(&self.verifying)
    }

    /// A client for a receiver that writes header names in title case.
    pub(super) fn in_title_case(&self, url: &str) -> Result<reqwest::Client, reqwest::Error> {
        builder(self.trusting.is_some() && is_local(url))
            .http1_title_case_headers()
            .build()
    }
}

/// Whether a receiver is on this machine.
pub(super) fn is_local(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| rules::is_loopback(&url))
}

fn builder(trusting: bool) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(TIMEOUT)
        .tls_danger_accept_invalid_certs(trusting)
        .user_agent(concat!("Revento-Sandbox/", env!("CARGO_PKG_VERSION")))
}
