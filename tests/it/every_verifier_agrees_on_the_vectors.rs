use std::{path::PathBuf, process::Command};

use revento_tests::vectors::{self, Vector};
use revento_webhooks::{
    EventError, HeaderError, Headers, MatchedKey, VerifiedDelivery, Verifier, VerifyError,
};

use crate::support::engine;

/// The result is the same for the whole body at once and for pieces of several sizes.
#[test]
fn w1_the_crate_verifies_the_vectors() {
    let vectors = vectors::all();
    assert!(vectors.len() >= 150);
    for vector in &vectors {
        for piece in [usize::MAX, 1, 63, 64, 65] {
            assert_eq!(outcome(vector, piece), vector.expected(), "{}", vector.id);
        }
    }
}

fn outcome(vector: &Vector, piece: usize) -> String {
    let verifier = vector.verifier();
    let delivery = Headers::collect(vector.headers.iter().map(|(name, value)| (name.as_str(), value)))
        .map_err(VerifyError::from)
        .and_then(|headers| deliver(&verifier, &headers, vector, piece));
    let delivery = match delivery {
        Ok(delivery) => delivery,
        Err(error) => return name(error).to_owned(),
    };
    match vector.level_is_event().then(|| delivery.envelope()) {
        None | Some(Ok(_)) => match delivery.matched_key() {
            MatchedKey::Current => "current".to_owned(),
            MatchedKey::Previous(index) => format!("previous:{index}"),
        },
        Some(Err(EventError::TypeMismatch)) => "type_mismatch".to_owned(),
        Some(Err(error)) => error.to_string(),
    }
}

fn deliver(
    verifier: &Verifier,
    headers: &Headers<'_>,
    vector: &Vector,
    piece: usize,
) -> Result<VerifiedDelivery, VerifyError> {
    if piece == usize::MAX {
        return verifier.verify(headers, &vector.body, vector.now).map(Into::into);
    }
    let incoming = verifier.verify_stream(headers, vector.body.len(), vector.now)?;
    let pieces = vector.body.chunks(piece);
    pieces
        .fold(incoming, |incoming, chunk| incoming.push(chunk).unwrap())
        .finish()
}

fn name(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Headers(HeaderError::Missing(_)) => "missing_header",
        VerifyError::Headers(HeaderError::Duplicate(_)) => "duplicate_header",
        VerifyError::Headers(HeaderError::NotText(_)) => "header_not_text",
        VerifyError::MalformedTimestamp => "bad_timestamp",
        VerifyError::MalformedSignature(_) => "bad_signature",
        VerifyError::Stale { .. } => "stale",
        VerifyError::Future { .. } => "future",
        VerifyError::SignatureMismatch | VerifyError::EmptyBody | VerifyError::BlankBody => "mismatch",
        _ => "another error",
    }
}

#[test]
fn w1_node_verifies_the_vectors() {
    match engine::path("REVENTO_TEST_NODE") {
        Some(node) => foreign(&node, "verify.mjs"),
        None => engine::skip("Node"),
    }
}

#[test]
fn w1_python_verifies_the_vectors() {
    match engine::path("REVENTO_TEST_PYTHON") {
        Some(python) => foreign(&python, "verify.py"),
        None => engine::skip("Python"),
    }
}

fn foreign(program: &PathBuf, script: &str) {
    let output = Command::new(program)
        .arg(vectors::directory().join(script))
        .arg(vectors::directory().join("webhooks.json"))
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}");
    let all = vectors::all().len();
    assert!(
        stdout.contains(&format!("{all} of {all} vectors agree")),
        "{stdout}"
    );
}

#[test]
fn the_vectors_are_what_the_generator_writes() {
    let Some(python) = engine::path("REVENTO_TEST_PYTHON") else {
        return engine::skip("Python");
    };
    let output = Command::new(python)
        .arg(vectors::directory().join("generate.py"))
        .output()
        .unwrap();
    assert!(output.status.success());
    let file = std::fs::read(vectors::directory().join("webhooks.json")).unwrap();
    assert!(
        output.stdout == file,
        "webhooks.json is out of date: run generate.py again"
    );
}
