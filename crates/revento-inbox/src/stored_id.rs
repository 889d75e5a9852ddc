//! The id under which the inbox keeps a delivery.

use revento_core::EnvelopeId;

/// Begins the id of a delivery whose body is not an envelope, and of no other.
const UNREADABLE: &str = "unreadable/";

/// The id of a body that is not an envelope: the digest of what was signed.
pub(crate) fn of_unreadable(body_digest: [u8; 32]) -> EnvelopeId {
    EnvelopeId::new(format!("{UNREADABLE}{}", hex::encode(body_digest)))
}

/// The id of an envelope: its signed id. A signed id that looks like one of an unreadable body gets a second slash, so that no
/// sender can take the place of such a body.
pub(crate) fn of_envelope(signed: EnvelopeId) -> EnvelopeId {
    match signed.as_str().strip_prefix(UNREADABLE) {
        Some(rest) => EnvelopeId::new(format!("{UNREADABLE}/{rest}")),
        None => signed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h8_no_signed_id_is_that_of_an_unreadable_body() {
        let own = of_unreadable([7; 32]);
        let ids = [
            own.as_str(),
            "unreadable/",
            "unreadable//",
            "unreadable//x",
            "env_1",
            "unreadable",
        ];
        let stored: Vec<_> = ids.iter().map(|id| of_envelope((*id).into())).collect();
        assert!(!stored.contains(&own));
        for (index, id) in stored.iter().enumerate() {
            assert!(!stored[..index].contains(id), "{id} stands for two envelopes");
        }
        assert_eq!(of_envelope("env_1".into()).as_str(), "env_1");
    }
}
