//! The doubles and the adapters.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod doubles;
mod recording;
mod suite;
mod tower;

use bytes::Bytes;
use http::{Request, Response};

fn get(path: &str) -> Request<Bytes> {
    Request::get(format!("http://platform.test{path}"))
        .body(Bytes::new())
        .unwrap()
}

fn says(body: &'static str) -> Response<Bytes> {
    Response::new(Bytes::from_static(body.as_bytes()))
}
