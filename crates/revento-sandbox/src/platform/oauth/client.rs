//! Authenticating a client, with the secret from the form or from HTTP Basic (contract §2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::queries::secrets;
use crate::platform::records::SecretKind;
use crate::platform::state::State;
use crate::primitives::secret::Secret;

/// Credentials of an `Authorization: Basic` header.
#[derive(Clone)]
pub(crate) struct BasicCredentials {
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

impl BasicCredentials {
    /// Reads the header's value; `None` if it is not well-formed.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (client_id, secret) = text.split_once(':')?;
        Some(Self {
            client_id: decoded(client_id),
            secret: decoded(secret),
        })
    }
}

/// Decodes half of the credentials: RFC 6749 §2.3.1 form-encodes both. Credentials of a client that does not encode are
/// unchanged unless they contain `%` or `+`.
fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("v={}", text.replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// The authenticated client of a token request.
pub(crate) fn authenticate<'c>(
    state: &State,
    context: Context<'c>,
    params: &Params,
    basic: Option<&BasicCredentials>,
) -> Result<&'c Integration, OAuthError> {
    let form_id = params.get("client_id");
    let form_secret = params.get("client_secret");
    let (client_id, secret) = match basic {
        Some(basic) => {
            if form_secret.is_some() {
                return Err(OAuthError::invalid_request(
                    "The client secret is sent twice, in the form and in the Authorization header. Send it once.",
                ));
            }
            if form_id.is_some_and(|id| id != basic.client_id) {
                return Err(OAuthError::invalid_client(
                    "The client_id of the form differs from the one in the Authorization header.",
                ));
            }
            // A public client that sends HTTP Basic sends an empty secret (RFC 6749 §2.3.1).
            let secret = Some(basic.secret.as_str()).filter(|secret| !secret.is_empty());
            (basic.client_id.as_str(), secret)
        }
        None => (
            form_id
                .ok_or_else(|| OAuthError::invalid_client("client_id is missing. Send it in the form."))?,
            form_secret,
        ),
    };
    let integration = context.config.integration(client_id).ok_or_else(|| {
        OAuthError::invalid_client(format!("No integration has the client_id '{client_id}'."))
    })?;
    check_secret(
        integration,
        &secrets::valid(state, context.now, integration, SecretKind::Client),
        secret,
    )?;
    Ok(integration)
}

fn check_secret(integration: &Integration, valid: &[Secret], secret: Option<&str>) -> Result<(), OAuthError> {
    match (&integration.client_secret, secret) {
        (Some(_), Some(sent)) if valid.iter().any(|known| known.matches(sent)) => Ok(()),
        (Some(_), Some(_)) => Err(OAuthError::invalid_client(
            "The client secret is wrong or retired. Copy it from the developer console.",
        )),
        (Some(_), None) => Err(OAuthError::invalid_client(
            "client_secret is missing. This is a confidential client, so it must send its secret.",
        )),
        (None, None) => Ok(()),
        (None, Some(_)) => Err(OAuthError::invalid_client(
            "This is a public client: it has no secret and must not send one.",
        )),
    }
}
