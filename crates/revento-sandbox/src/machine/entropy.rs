//! Random bytes for tokens, codes and delivery ids.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The machine could not give random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes; nothing was issued, try again")]
pub(crate) struct NoEntropy;

#[expect(
    clippy::disallowed_methods,
    reason = "the platform's one source of randomness"
)]
fn fill(bytes: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(bytes).map_err(|_| NoEntropy)
}

/// 256 random bits as 43 URL-safe characters.
pub(crate) fn token() -> Result<String, NoEntropy> {
    let mut bytes = [0_u8; 32];
    fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A random UUID, version 4.
pub(crate) fn uuid() -> Result<String, NoEntropy> {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
