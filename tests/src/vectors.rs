//! The conformance vectors of `tests/conformance/webhooks.json`.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use revento_webhooks::Verifier;
use serde::Deserialize;

/// The folder of the vectors and of the verifiers in other languages.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}

/// All vectors.
///
/// # Panics
/// If the file does not have the documented format.
pub fn all() -> Vec<Vector> {
    let text = include_str!("../conformance/webhooks.json");
    let file: File = serde_json::from_str(text).expect("the file does not have the documented format");
    file.vectors.into_iter().map(Vector::from).collect()
}

/// One vector, decoded.
#[derive(Debug)]
pub struct Vector {
    /// Its name.
    pub id: String,
    /// Whether it can be sent over HTTP as it is.
    pub http: bool,
    /// `now`, in Unix seconds.
    pub now: i64,
    /// Names and values, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The raw body.
    pub body: Vec<u8>,
    wire: Wire,
}

impl Vector {
    /// The matched secret, or the kind of the error.
    pub fn expected(&self) -> &str {
        self.wire
            .matched
            .as_deref()
            .or(self.wire.error.as_deref())
            .unwrap_or("nothing")
    }

    /// Whether a verifier accepts it.
    pub fn accepted(&self) -> bool {
        self.wire.expect == "accept"
    }

    /// Whether the verifier has to read the envelope, too.
    pub fn level_is_event(&self) -> bool {
        self.wire.level == "event"
    }

    /// The settings of its verifier as text. Vectors with the same text can share a verifier.
    pub fn settings(&self) -> String {
        format!(
            "{:?}",
            (&self.wire.secret, &self.wire.previous, self.wire.tolerance)
        )
    }

    /// A verifier with the vector's secrets and tolerance.
    ///
    /// # Panics
    /// If a secret or the tolerance of the vector is invalid.
    pub fn verifier(&self) -> Verifier {
        let verifier = Verifier::new(&self.wire.secret)
            .expect("a valid secret")
            .with_tolerance(std::time::Duration::from_secs(self.wire.tolerance))
            .expect("a valid tolerance");
        self.wire.previous.iter().fold(verifier, |verifier, old| {
            verifier
                .with_previous(&old.secret, old.not_after)
                .expect("a valid secret")
        })
    }
}

#[derive(Deserialize)]
struct File {
    vectors: Vec<Wire>,
}

#[derive(Debug, Deserialize)]
struct Wire {
    id: String,
    level: String,
    http: bool,
    secret: String,
    previous: Vec<Previous>,
    tolerance: u64,
    now: i64,
    headers: Vec<Header>,
    body: Option<String>,
    body_base64: Option<String>,
    expect: String,
    matched: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Previous {
    secret: String,
    not_after: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: Option<String>,
    value_base64: Option<String>,
}

impl From<Wire> for Vector {
    fn from(mut wire: Wire) -> Self {
        Self {
            id: std::mem::take(&mut wire.id),
            http: wire.http,
            now: wire.now,
            headers: std::mem::take(&mut wire.headers)
                .into_iter()
                .map(|header| (header.name, octets(header.value, header.value_base64)))
                .collect(),
            body: octets(wire.body.take(), wire.body_base64.take()),
            wire,
        }
    }
}

fn octets(text: Option<String>, base64: Option<String>) -> Vec<u8> {
    match (text, base64) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(base64)) => STANDARD.decode(base64).expect("base64"),
        (None, None) => Vec::new(),
    }
}
