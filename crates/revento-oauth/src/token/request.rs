//! Requests to the token endpoint.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use revento_core::{RefreshToken, RequestId};

use crate::{CodeGrant, Integration};

/// A request to the token endpoint. Send it once. Its body holds secrets, so `Debug` does not show it.
pub struct TokenRequest(http::Request<Bytes>);

impl TokenRequest {
    /// The exchange of a code for a pair of tokens.
    pub fn exchange(integration: &Integration, grant: &CodeGrant, request_id: &RequestId) -> Self {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &grant.code),
            ("redirect_uri", &grant.redirect_uri),
            ("code_verifier", grant.verifier.expose()),
        ];
        Self::new(integration, &fields, request_id)
    }

    /// The exchange of a refresh token for the next pair of tokens.
    pub fn refresh(integration: &Integration, token: &RefreshToken, request_id: &RequestId) -> Self {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
        Self::new(integration, &fields, request_id)
    }

    /// The request, for a transport. Never send it twice.
    pub fn into_http(self) -> http::Request<Bytes> {
        self.0
    }

    fn new(integration: &Integration, fields: &[(&str, &str)], request_id: &RequestId) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        form.append_pair("client_id", integration.client_id.as_str());
        if let Some(secret) = &integration.client_secret {
            form.append_pair("client_secret", secret.expose());
        }
        let mut request = http::Request::new(Bytes::from(form.finish()));
        *request.method_mut() = http::Method::POST;
        // The base was parsed as a URL when the integration was configured, so this is a valid URI.
        *request.uri_mut() = integration.auth_url("/oauth/token").parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        if let Ok(id) = http::HeaderValue::from_str(request_id.as_str()) {
            headers.insert("x-revento-request-id", id);
        }
        Self(request)
    }
}

impl std::fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenRequest")
            .field("uri", self.0.uri())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use revento_core::{Scopes, Timestamp};

    use super::*;
    use crate::{AuthorizationRequest, Endpoints, authorize};

    fn integration() -> Integration {
        let endpoints = Endpoints::sandbox("https://auth").unwrap();
        Integration::new(endpoints, "the client", "https://app/cb").unwrap()
    }

    fn body(request: TokenRequest) -> String {
        String::from_utf8(request.into_http().into_body().to_vec()).unwrap()
    }

    #[test]
    fn an_exchange_sends_the_code_with_its_verifier_and_redirect_uri() {
        let request = AuthorizationRequest {
            event_id: "e".into(),
            scopes: Scopes::parse("event.read"),
        };
        let pending = authorize::begin(&integration(), &request, &[9; 64], Timestamp::UNIX_EPOCH).pending;
        let query = format!("code=a%26b&state={}", pending.state);
        let grant = pending.callback(&query, Timestamp::UNIX_EPOCH).unwrap();
        let verifier = grant.verifier.expose().to_owned();
        let exchange = TokenRequest::exchange(&integration(), &grant, &RequestId::from("r-1"));
        assert_eq!(
            body(exchange),
            format!(
                "grant_type=authorization_code&code=a%26b&redirect_uri=https%3A%2F%2Fapp%2Fcb&code_verifier={verifier}&client_id=the+client"
            )
        );
    }

    #[test]
    fn a_refresh_is_a_form_with_an_id_and_shows_no_secret() {
        let (integration, token) = (
            integration().with_secret("planted secret"),
            RefreshToken::from("planted_token"),
        );
        let refresh = || TokenRequest::refresh(&integration, &token, &RequestId::from("r-1"));
        assert_eq!(
            format!("{:?}", refresh()),
            "TokenRequest { uri: https://auth/oauth/token, .. }"
        );
        let request = refresh().into_http();
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.uri(), "https://auth/oauth/token");
        assert_eq!(
            request.headers()[CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
        assert_eq!(request.headers()[ACCEPT], "application/json");
        assert_eq!(request.headers()["x-revento-request-id"], "r-1");
        assert_eq!(
            body(refresh()),
            "grant_type=refresh_token&refresh_token=planted_token&client_id=the+client&client_secret=planted+secret"
        );
    }
}
