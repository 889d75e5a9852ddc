//! Explains why a delivery was refused, for people who read tools and logs.
//!
//! [`Explainer::explain`] undoes the common mistakes one at a time, repeats the verification, and names the mistake whose
//! removal makes the signature valid. Such a cause is [proven](Certainty::Proven). A cause that the bytes only suggest is
//! [likely](Certainty::Likely).

mod body;
mod cause;
mod json;
mod secret;
mod signature;
mod text;
mod time;

use alloc::{string::String, vec::Vec};
use core::fmt;

pub use cause::{Cause, Certainty};

use crate::{
    error::{SecretError, VerifyError},
    header::Header,
    headers::Headers,
    keys::{self, MatchedKey},
    signature::{Key, Signature},
    verify::Verifier,
};

/// Explains refusals, with the secrets that may be involved.
#[derive(Clone)]
pub struct Explainer {
    verifier: Verifier,
    secret: zeroize::Zeroizing<String>,
    current: Key,
    previous: Vec<Key>,
    others: Vec<(&'static str, Key)>,
}

impl Explainer {
    /// Prepares the current signing secret, as the service uses it.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            verifier: Verifier::new(secret)?,
            secret: zeroize::Zeroizing::new(secret.into()),
            current: keys::prepare(secret)?,
            previous: Vec::new(),
            others: Vec::new(),
        })
    }

    /// Adds a rotated secret and the time until which it is accepted (Unix seconds, inclusive).
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    pub fn with_previous(mut self, secret: &str, not_after: Option<i64>) -> Result<Self, SecretError> {
        self.verifier = self.verifier.with_previous(secret, not_after)?;
        self.previous.push(keys::prepare(secret)?);
        Ok(self)
    }

    /// Adds another credential that somebody may have used as the signing secret, with its name ("client secret").
    pub fn with_other_credential(mut self, name: &'static str, credential: &str) -> Self {
        let key = Key::new(credential.as_bytes());
        self.others.extend(key.map(|key| (name, key)));
        self
    }

    /// Verifies a request at `now` (Unix seconds) and names the causes of a refusal, the most certain first.
    pub fn explain(&self, headers: &[(&str, &[u8])], body: &[u8], now: i64) -> Explanation {
        let collected = Headers::collect(headers.iter().map(|(name, value)| (*name, *value)));
        let outcome = collected
            .map_err(VerifyError::from)
            .and_then(|headers| self.verifier.verify(&headers, body, now))
            .map(|verified| verified.matched_key());
        let mut findings = Findings::default();
        if let Err(error) = outcome {
            let request = Request { headers, body, now };
            self.investigate(&request, error, &mut findings);
        }
        findings.0.sort_by_key(|(certainty, _)| *certainty);
        Explanation {
            outcome,
            findings: findings.0,
        }
    }

    fn investigate(&self, request: &Request<'_>, error: VerifyError, findings: &mut Findings) {
        match error {
            VerifyError::Headers(_) if request.has_cgi_names() => {
                findings.proven(Cause::HeaderNames);
            }
            VerifyError::Headers(error) => findings.proven(Cause::Headers(error)),
            VerifyError::MalformedTimestamp => time::format(request, findings),
            VerifyError::MalformedSignature(_) => signature::format(request, findings),
            VerifyError::Stale { .. } | VerifyError::Future { .. } => time::window(self, request, findings),
            VerifyError::EmptyBody | VerifyError::BlankBody | VerifyError::SignatureMismatch => {
                self.mismatch(request, findings);
            }
        }
    }

    fn mismatch(&self, request: &Request<'_>, findings: &mut Findings) {
        let Some(claimed) = request.claimed_signature() else {
            return;
        };
        let keys: Vec<&Key> = self.keys().collect();
        secret::investigate(self, request, &claimed, findings);
        body::investigate(&keys, request, &claimed, findings);
        time::another_attempt(&keys, request, &claimed, findings);
        signature::another_scheme(&self.current, request, &claimed, findings);
        if findings.0.is_empty() {
            findings.likely(Cause::UnknownSecretOrBody);
        }
    }

    /// The current key and the previous keys, also those past their time.
    fn keys(&self) -> impl Iterator<Item = &Key> {
        core::iter::once(&self.current).chain(&self.previous)
    }
}

impl fmt::Debug for Explainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explainer")
            .field("previous", &self.previous.len())
            .field(
                "others",
                &self.others.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}

/// The result of [`Explainer::explain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    outcome: Result<MatchedKey, VerifyError>,
    findings: Vec<(Certainty, Cause)>,
}

impl Explanation {
    /// The result of the verification.
    pub fn outcome(&self) -> Result<MatchedKey, VerifyError> {
        self.outcome
    }

    /// The likeliest cause, or `None` if the delivery verifies.
    pub fn likeliest(&self) -> Option<&Cause> {
        self.findings.first().map(|(_, cause)| cause)
    }

    /// All causes, the most certain first.
    pub fn causes(&self) -> impl Iterator<Item = (Certainty, &Cause)> {
        self.findings.iter().map(|(certainty, cause)| (*certainty, cause))
    }
}

/// One line for the outcome and one for each cause with its hint.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Ok(MatchedKey::Current) => f.write_str("verified"),
            Ok(MatchedKey::Previous(_)) => f.write_str("verified, signed with a previous secret"),
            Err(VerifyError::Headers(error)) => write!(f, "refused: {error}"),
            Err(error @ VerifyError::MalformedSignature(why)) => write!(f, "refused: {error}: {why}"),
            Err(error) => write!(f, "refused: {error}"),
        }?;
        for (certainty, cause) in &self.findings {
            write!(f, "\n- {certainty}: {cause}. {}", cause.hint())?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Findings(Vec<(Certainty, Cause)>);

impl Findings {
    fn proven(&mut self, cause: Cause) {
        self.0.push((Certainty::Proven, cause));
    }

    fn likely(&mut self, cause: Cause) {
        self.0.push((Certainty::Likely, cause));
    }
}

struct Request<'a> {
    headers: &'a [(&'a str, &'a [u8])],
    body: &'a [u8],
    now: i64,
}

impl<'a> Request<'a> {
    fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.headers
            .iter()
            .find(|(candidate, _)| candidate.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    fn timestamp(&self) -> &'a [u8] {
        self.value(Header::Timestamp.name()).unwrap_or_default()
    }

    fn signature(&self) -> &'a [u8] {
        self.value(Header::Signature.name()).unwrap_or_default()
    }

    /// Whether header names have the form of CGI variables: `HTTP_X_REVENTO_EVENT`.
    fn has_cgi_names(&self) -> bool {
        self.headers.iter().any(|(name, _)| {
            let header = name.to_ascii_lowercase().replace('_', "-");
            let header = header.strip_prefix("http-").unwrap_or(&header);
            name.contains('_') && header.starts_with("x-revento-")
        })
    }

    fn claimed_signature(&self) -> Option<Signature> {
        Signature::parse(self.signature()).ok()
    }
}

/// Whether the signature belongs to this key, timestamp and body.
fn matches(key: &Key, timestamp: &[u8], body: &[u8], claimed: &Signature) -> bool {
    key.matches(timestamp, body, claimed).into()
}

#[cfg(test)]
mod tests;
