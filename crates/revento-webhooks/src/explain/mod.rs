//! Why a delivery was refused, as far as anybody can tell: for people, in tools and logs.
//!
//! [`Explainer::explain`] repeats the verification with everything that commonly goes wrong undone, one
//! thing at a time, and names what makes the signature hold. A cause found this way is
//! [proven](Certainty::Proven); one that the bytes only suggest is [likely](Certainty::Likely).

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
    headers::{Header, Headers},
    key::MatchedKey,
    mac::{self, Tag},
    verify::Verifier,
};

/// The secrets that may have been involved.
#[derive(Clone)]
pub struct Explainer {
    verifier: Verifier,
    current: zeroize::Zeroizing<String>,
    previous: Vec<mac::Key>,
    others: Vec<(&'static str, mac::Key)>,
}

impl Explainer {
    /// For the current signing secret, as the service uses it.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            verifier: Verifier::new(secret)?,
            current: zeroize::Zeroizing::new(secret.into()),
            previous: Vec::new(),
            others: Vec::new(),
        })
    }

    /// Adds a rotated secret and its end (Unix seconds, inclusive).
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    pub fn with_previous(mut self, secret: &str, not_after: Option<i64>) -> Result<Self, SecretError> {
        self.verifier = self.verifier.with_previous(secret, not_after)?;
        self.previous.push(mac::Key::new(secret.as_bytes()));
        Ok(self)
    }

    /// Adds another credential that may have been taken for the signing secret, by its name
    /// ("client secret").
    pub fn with_other(mut self, name: &'static str, credential: &str) -> Self {
        self.others.push((name, mac::Key::new(credential.as_bytes())));
        self
    }

    /// Names the likeliest causes for what happens to this request at `now` (Unix seconds), the most
    /// certain first.
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
            VerifyError::Headers(_) if request.has_names_of_variables() => {
                findings.proven(Cause::HeaderNames);
            }
            VerifyError::Headers(error) => findings.proven(Cause::Headers(error)),
            VerifyError::BadTimestamp => time::format(request, findings),
            VerifyError::BadSignature => signature::format(request, findings),
            VerifyError::Stale { .. } | VerifyError::Future { .. } => time::window(self, request, findings),
            VerifyError::Mismatch => self.mismatch(request, findings),
        }
    }

    fn mismatch(&self, request: &Request<'_>, findings: &mut Findings) {
        let Some(tag) = request.tag() else { return };
        let current = mac::Key::new(self.current.as_bytes());
        let keys: Vec<&mac::Key> = core::iter::once(&current).chain(&self.previous).collect();
        secret::investigate(self, request, &tag, findings);
        body::investigate(&keys, request, &tag, findings);
        time::another_attempt(&keys, request, &tag, findings);
        signature::another_scheme(&self.current, request, &tag, findings);
        if findings.0.is_empty() {
            findings.likely(Cause::UnknownSecretOrBody);
        }
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

/// What [`Explainer::explain`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    outcome: Result<MatchedKey, VerifyError>,
    findings: Vec<(Certainty, Cause)>,
}

impl Explanation {
    /// What the verifier says.
    pub fn outcome(&self) -> Result<MatchedKey, VerifyError> {
        self.outcome
    }

    /// The likeliest cause; `None` if the delivery verifies.
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
            Ok(MatchedKey::Current) => f.write_str("genuine"),
            Ok(MatchedKey::Previous(_)) => f.write_str("genuine, signed with a previous secret"),
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

    /// Whether names came as CGI and its heirs write them: `HTTP_X_REVENTO_EVENT`.
    fn has_names_of_variables(&self) -> bool {
        self.headers.iter().any(|(name, _)| {
            let header = name.to_ascii_lowercase().replace('_', "-");
            let header = header.strip_prefix("http-").unwrap_or(&header);
            name.contains('_') && header.starts_with("x-revento-")
        })
    }

    fn tag(&self) -> Option<Tag> {
        self.signature().strip_prefix(b"sha256=").and_then(Tag::parse)
    }
}

/// Whether this key, timestamp and body have this signature.
fn holds(key: &mac::Key, timestamp: &[u8], body: &[u8], tag: &Tag) -> bool {
    let message = mac::Message::new(&mac::Prefix::new(timestamp), body);
    key.holds(&message, tag).into()
}

#[cfg(test)]
mod tests;
