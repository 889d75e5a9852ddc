//! The proxy: request after request to the next replica. A replica that cannot be reached is passed over.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};

const LARGEST: usize = 16 * 1024 * 1024;
/// What belongs to one connection, or is written anew.
const HOP_BY_HOP: [header::HeaderName; 4] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
];

/// A handle to the running proxy.
#[derive(Clone)]
pub(super) struct Balancer(Arc<Shared>);

struct Shared {
    http: reqwest::Client,
    replicas: Vec<(String, AtomicUsize)>,
    next: AtomicUsize,
}

impl Balancer {
    /// Serves in the background.
    pub(super) fn start(
        listener: tokio::net::TcpListener,
        http: reqwest::Client,
        replicas: Vec<String>,
    ) -> Self {
        let balancer = Self(Arc::new(Shared {
            http,
            replicas: replicas
                .into_iter()
                .map(|base| (base, AtomicUsize::new(0)))
                .collect(),
            next: AtomicUsize::new(0),
        }));
        let router = Router::new().fallback(pass).with_state(balancer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        balancer
    }

    /// How many requests the replica with this address has answered.
    pub(super) fn answered(&self, base: &str) -> usize {
        let mut replicas = self.0.replicas.iter();
        let found = replicas.find(|(replica, _)| replica == base);
        found.map_or(0, |(_, answered)| answered.load(Relaxed))
    }

    async fn forward(&self, base: &str, request: &Parts, body: Bytes) -> Result<Response, reqwest::Error> {
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut headers = request.headers.clone();
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let onward = self
            .0
            .http
            .request(request.method.clone(), format!("{base}{path}"));
        let answer = onward.headers(headers).body(body).send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let mut response = Response::new(Body::from(answer.bytes().await?));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

async fn pass(State(balancer): State<Balancer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let shared = &balancer.0;
    for _ in &shared.replicas {
        let number = shared.next.fetch_add(1, Relaxed) % shared.replicas.len();
        let Some((base, answered)) = shared.replicas.get(number) else {
            continue;
        };
        match balancer.forward(base, &parts, body.clone()).await {
            Ok(response) => {
                answered.fetch_add(1, Relaxed);
                return response;
            }
            // It has not got the request.
            Err(error) if error.is_connect() => {}
            Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    }
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
