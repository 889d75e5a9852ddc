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
