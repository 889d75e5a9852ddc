//! Requests to the token endpoint (contract §2.3).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::Response;
use revento_core::{RefreshToken, RequestId};
use revento_oauth::{CodeGrant, Integration, TokenRequest};
use tracing::Instrument as _;

use crate::{
    error::SendError,
    http::{Call, HttpClient},
    url::TOKEN_ENDPOINT,
};

/// How long to wait for the answer to a code exchange. The transport has a shorter limit of its own, as a rule.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(120);

/// Sends the integration's token requests, each once.
#[derive(Debug)]
pub(crate) struct TokenEndpoint {
    integration: Arc<Integration>,
    http: HttpClient,
}

impl TokenEndpoint {
    pub(crate) fn new(integration: Arc<Integration>, http: HttpClient) -> Self {
        Self { integration, http }
    }

    /// Exchanges a code.
    pub(crate) async fn exchange(
        &self,
        grant: &CodeGrant,
        request_id: &RequestId,
    ) -> Result<Response<Bytes>, SendError> {
        let request = TokenRequest::exchange(&self.integration, grant, request_id);
        self.send("authorization_code", request, request_id, EXCHANGE_TIMEOUT)
            .await
    }

    /// Sends a refresh token.
    pub(crate) async fn refresh(
        &self,
        token: &RefreshToken,
        request_id: &RequestId,
        limit: Duration,
    ) -> Result<Response<Bytes>, SendError> {
        let request = TokenRequest::refresh(&self.integration, token, request_id);
        self.send("refresh_token", request, request_id, limit).await
    }

    async fn send(
        &self,
        grant_type: &'static str,
        request: TokenRequest,
        request_id: &RequestId,
        limit: Duration,
    ) -> Result<Response<Bytes>, SendError> {
        let span = tracing::debug_span!(
            "revento.token_request",
            oauth.grant_type = grant_type,
            oauth.client_id = self.integration.client_id().as_str(),
        );
        let call = Call {
            template: TOKEN_ENDPOINT,
            request_id,
            request: request.into_http(),
            limit,
        };
        self.http.send(call).instrument(span).await
    }
}
