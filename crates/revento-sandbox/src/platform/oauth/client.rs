//! Authenticating a client at the token endpoint: secret from the form or from HTTP Basic (contract section 2.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::machine::secret::Secret;
use crate::machine::time::Time;
use crate::platform::acts::rotation;
use crate::platform::config::{Config, Integration};
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;
use crate::platform::records::SecretKind;
use crate::platform::state::State;

/// Credentials out of an `Authorization: Basic` header.
#[derive(Clone)]
pub(crate) struct Basic {
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

impl Basic {
    /// Reads a header's value; `None` when it is not well-formed Basic.
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

/// RFC 6749 section 2.3.1 form-encodes both halves; clients that do not are told apart by `%` and `+`.
fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("v={}", text.replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// The client that a token request comes from, proven.
pub(crate) fn authenticate<'c>(
    config: &'c Config,
    state: &State,
    now: Time,
    params: &Params,
    basic: Option<&Basic>,
) -> Result<&'c Integration, Fault> {
    let form_id = params.get("client_id");
    let form_secret = params.get("client_secret");
    let (client_id, secret) = match basic {
        Some(basic) => {
            if form_secret.is_some() {
                return Err(Fault::request(
                    "The client secret is sent twice, in the form and by Basic. Send it once.",
                ));
            }
            if form_id.is_some_and(|id| id != basic.client_id) {
                return Err(Fault::client(
                    "The client_id of the form is not the one of the Authorization header.",
                ));
            }
            (basic.client_id.as_str(), Some(basic.secret.as_str()))
        }
        None => (
            form_id.ok_or_else(|| Fault::client("client_id is missing. Send it in the form."))?,
            form_secret,
        ),
    };
    let integration = config
        .integration(client_id)
        .ok_or_else(|| Fault::client(format!("No integration has the client_id '{client_id}'.")))?;
    prove(
        integration,
        &rotation::holding(state, now, integration, SecretKind::Client),
        secret,
    )?;
    Ok(integration)
}

fn prove(integration: &Integration, holding: &[Secret], secret: Option<&str>) -> Result<(), Fault> {
    match (&integration.client_secret, secret) {
        (Some(_), Some(sent)) if holding.iter().any(|known| known.matches(sent)) => Ok(()),
        (Some(_), Some(_)) => Err(Fault::client(
            "The client secret is wrong or retired. Copy it from the developer console.",
        )),
        (Some(_), None) => Err(Fault::client(
            "client_secret is missing. This is a confidential client and has to send it.",
        )),
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Fault::client(
            "This is a public client: it has no secret and must not send one.",
        )),
    }
}
