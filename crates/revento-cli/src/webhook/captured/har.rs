//! HTTP Archive 1.2, which browsers and proxies write (<http://www.softwareishard.com/blog/har-12-spec/>).

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::CapturedRequest;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    headers: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    #[serde(default)]
    text: String,
    /// Some programs write bytes that are not UTF-8 as Base64.
    #[serde(default, alias = "_encoding")]
    encoding: Option<String>,
}

/// Reads all requests of an archive that have a header of a webhook.
pub(crate) fn parse(capture: &[u8]) -> Result<Vec<CapturedRequest>> {
    let archive: Archive = serde_json::from_slice(capture)
        .context("the input begins as JSON but is not a HAR file; to verify a body, put its headers and an empty line before it")?;
    let mut requests = Vec::new();
    for Entry { request } in archive.log.entries {
        let request = captured(request)?;
        if request.has_webhook_headers() {
            requests.push(request);
        }
    }
    if requests.is_empty() {
        bail!("no request of the HAR file has an X-Revento header");
    }
    Ok(requests)
}

fn captured(request: Request) -> Result<CapturedRequest> {
    let headers = request.headers.into_iter();
    Ok(CapturedRequest {
        headers: headers
            .map(|header| (header.name, header.value.into_bytes()))
            .collect(),
        body: request.post_data.map(body).transpose()?.unwrap_or_default(),
    })
}

fn body(data: PostData) -> Result<Vec<u8>> {
    match data.encoding.as_deref() {
        Some("base64") => BASE64_STANDARD
            .decode(data.text)
            .context("the body in the HAR file says that it is Base64, and is not"),
        _ => Ok(data.text.into_bytes()),
    }
}
