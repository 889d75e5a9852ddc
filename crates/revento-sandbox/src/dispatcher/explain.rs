//! Why a receiver could not be reached, and what to do about it.

use std::error::Error;
use std::io;

use super::clients;

/// The text for the delivery log.
pub(super) fn explain(error: &reqwest::Error, url: &str) -> String {
    if error.is_timeout() {
        return "no answer within 10 seconds; answer first and do the work later".to_owned();
    }
    if let Some(tls) = tls_error(error) {
        return explain_tls(tls, url);
    }
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    if error.is_connect() {
        format!("could not connect ({cause}); is the integration running at the registered URL?")
    } else {
        format!("the connection failed ({cause})")
    }
}

fn explain_tls(error: &rustls::Error, url: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(_) if clients::is_local(url) => format!(
            "the receiver's certificate is not trusted ({error}); for a self-signed one on this machine, start the \
             sandbox with --insecure-receiver"
        ),
        rustls::Error::InvalidCertificate(_) => format!(
            "the receiver's certificate is not trusted ({error}); use one from an authority that this machine trusts"
        ),
        rustls::Error::InvalidMessage(_) => format!(
            "the receiver does not speak TLS ({error}); register its URL with http instead of https, or let it serve TLS"
        ),
        _ => format!("the TLS handshake failed ({error})"),
    }
}

/// The error of TLS among the causes, if there is one.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // The source of an I/O error is that of the error inside it, and not this error itself.
        let inside = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => cause.source(),
        };
    }
    None
}
