//! The events of Amazon's gateways: API Gateway's REST APIs and HTTP APIs, function URLs, and load balancers.
//!
//! They pass a whole request to a function as JSON, each in a form of its own:
//!
//! | gateway | headers of the request | names of headers | answer |
//! |---|---|---|---|
//! | REST API (payload 1.0) | `multiValueHeaders`, and `headers` with the last value of each | as sent | `multiValueHeaders` |
//! | HTTP API (payload 2.0), function URL | `headers`, several values joined by commas | lower case | `headers` |
//! | load balancer | `headers` with the last value of each | lower case | `headers`, `statusDescription` |
//! | load balancer with multi-value headers | `multiValueHeaders` | lower case | `multiValueHeaders`, `statusDescription` |
//!
//! The body is text or base64, as the gateway decides by the content type and by its settings.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header::CONTENT_ENCODING};
use http_body_util::{BodyExt, Full};
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// A request as a gateway passes it to a function. Fields that the webhook does not need are not read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    http_method: Option<String>,
    /// `None` also if the gateway sends `null`.
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: Context,
}

#[derive(Debug, Deserialize)]
struct Context {
    elb: Option<IgnoredAny>,
    http: Option<HttpContext>,
}

#[derive(Debug, Deserialize)]
struct HttpContext {
    method: String,
}

/// Who sent an event, and how it reads the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// API Gateway, a REST API, or an HTTP API with payload format 1.0.
    RestApi,
    /// API Gateway, an HTTP API with payload format 2.0, or a function URL.
    HttpApi,
    /// An application load balancer.
    LoadBalancer {
        /// Whether its target group has multi-value headers enabled. The answer has to have them, too.
        multi_value_headers: bool,
    },
}

impl Event {
    /// Who sent the event.
    pub fn gateway(&self) -> Gateway {
        match self.request_context {
            Context { elb: Some(_), .. } => Gateway::LoadBalancer {
                multi_value_headers: self.multi_value_headers.is_some(),
            },
            Context { http: Some(_), .. } => Gateway::HttpApi,
            _ => Gateway::RestApi,
        }
    }

    /// The request: the bytes of the body as they were signed, and the headers of the platform.
    ///
    /// # Errors
    /// The body is not base64 although the event says so, or a header or the method is malformed.
    pub fn into_request(self) -> Result<Request<Full<Bytes>>, EventError> {
        let method = match self.request_context.http {
            Some(http) => http.method,
            None => self.http_method.ok_or(EventError)?,
        };
        let body = self.body.unwrap_or_default();
        let body = match self.is_base64_encoded {
            true => STANDARD.decode(body).map_err(|_| EventError)?,
            false => body.into_bytes(),
        };
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| EventError)?;
        // With several values of one header, `headers` has the last one only, or all of them joined. Nobody would notice the others.
        let all = match self.multi_value_headers {
            Some(all) => all,
            None => self
                .headers
                .unwrap_or_default()
                .into_iter()
                .map(|(name, value)| (name, split(&value)))
                .collect(),
        };
        for (name, values) in all {
            let name: HeaderName = name.parse().map_err(|_| EventError)?;
            // The encoding explains a signature that does not match.
            if !name.as_str().starts_with("x-revento-") && name != CONTENT_ENCODING {
                continue;
            }
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| EventError)?;
                request.headers_mut().append(&name, value);
            }
        }
        Ok(request)
    }
}

/// The values that a gateway has joined. None of the platform's headers contains a comma.
fn split(value: &str) -> Vec<String> {
    value.split(',').map(|value| value.trim().to_owned()).collect()
}

/// An event that no gateway sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventError;

/// The answer of a function, as a gateway reads it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The status.
    pub status_code: u16,
    /// The status and its name. A load balancer wants it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_description: Option<String>,
    /// The headers, for a gateway that takes one value of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// The headers, for a gateway that takes several values of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    /// The text.
    pub body: String,
    /// Always `false`.
    pub is_base64_encoded: bool,
}

impl Gateway {
    /// The answer with this status and text.
    pub fn response(self, status: StatusCode, headers: &HeaderMap, body: &str) -> Response {
        let pairs = headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let is_multi_value = matches!(
            self,
            Self::RestApi
                | Self::LoadBalancer {
                    multi_value_headers: true
                }
        );
        let (mut single, mut multi) = (None, None);
        if is_multi_value {
            let mut all = BTreeMap::<String, Vec<String>>::new();
            pairs.for_each(|(name, value)| all.entry(name).or_default().push(value));
            multi = Some(all);
        } else {
            single = Some(pairs.collect());
        }
        Response {
            status_code: status.as_u16(),
            status_description: matches!(self, Self::LoadBalancer { .. }).then(|| status.to_string()),
            headers: single,
            multi_value_headers: multi,
            body: body.to_owned(),
            is_base64_encoded: false,
        }
    }

    /// An HTTP response as the answer to this gateway.
    pub async fn convert(self, response: http::Response<Full<Bytes>>) -> Response {
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        self.response(head.status, &head.headers, &text)
    }
}
