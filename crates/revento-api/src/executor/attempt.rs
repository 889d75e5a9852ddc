//! One request of a read.

use std::time::Duration;

use bytes::Bytes;
use http::{
    Request, Response,
    header::{ACCEPT, AUTHORIZATION},
};
use revento_core::RequestId;

use super::context::{Executor, Target};
use crate::{
    auth::Authorization,
    error::{Error, SendError},
    http::Call,
};

/// The header that pins the version of the API (contract §3.1).
const VERSION: &str = "application/vnd.revento.v1+json";

/// One request.
pub(super) struct RequestAttempt<'a> {
    pub(super) executor: &'a Executor,
    pub(super) target: &'a Target,
    pub(super) request_id: &'a RequestId,
    pub(super) limit: Duration,
}

/// No usable answer came.
pub(super) enum Failed {
    /// No request can be made.
    Unmade(Error),
    /// The request was made.
    Send(SendError),
}

impl RequestAttempt<'_> {
    pub(super) async fn run(self, authorization: &Authorization) -> Result<Response<Bytes>, Failed> {
        let request = self.request(authorization).map_err(|problem| {
            Failed::Unmade(Error::InvalidRequest {
                problem,
                endpoint: self.target.template,
            })
        })?;
        let call = Call {
            template: self.target.template,
            request_id: self.request_id,
            request,
            limit: self.limit,
        };
        self.executor.http.send(call).await.map_err(Failed::Send)
    }

    fn request(&self, authorization: &Authorization) -> Result<Request<Bytes>, String> {
        let address = format!("{}{}", self.executor.api_base, self.target.path_and_query);
        Request::get(address)
            .header(AUTHORIZATION, authorization.header()?)
            .header(ACCEPT, VERSION)
            .header("x-revento-request-id", self.request_id.as_str())
            .body(Bytes::new())
            .map_err(|error| error.to_string())
    }
}
