//! Raw HTTP/1.1: an optional request line, headers, an empty line, the body.

use anyhow::{Context, Result, bail};

use super::CapturedRequest;

const MAX_HEADERS: usize = 256;

/// Reads a request. Lines may end with LF alone, as editors write them.
pub(crate) fn parse(capture: &[u8]) -> Result<CapturedRequest> {
    let head = without_request_line(capture);
    let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let parsed = httparse::parse_headers(head, &mut slots)
        .context("the input is not an HTTP request: expected header lines, an empty line and the body")?;
    let httparse::Status::Complete((begin, headers)) = parsed else {
        bail!("the headers have no end: put an empty line between the headers and the body");
    };
    let headers: Vec<_> = headers
        .iter()
        .map(|header| (header.name.to_owned(), header.value.to_vec()))
        .collect();
    let mut request = CapturedRequest {
        headers,
        body: head.get(begin..).unwrap_or_default().to_vec(),
    };
    if request.header("transfer-encoding").is_some() {
        bail!("the body is chunked: save the request with its body decoded and without Transfer-Encoding");
    }
    let length = request
        .header("content-length")
        .and_then(|text| text.trim().parse().ok());
    if let Some(length) = length {
        // What follows belongs to the file and not to the request, such as an editor's line break.
        request.body.truncate(length);
    }
    Ok(request)
}

/// The input behind a line such as `POST /webhooks HTTP/1.1`.
fn without_request_line(capture: &[u8]) -> &[u8] {
    let end = capture.iter().position(|byte| *byte == b'\n');
    let (line, rest) = capture.split_at(end.map_or(0, |end| end + 1));
    let is_request_line = line
        .trim_ascii_end()
        .rsplit(|byte| *byte == b' ')
        .next()
        .is_some_and(|version| version.starts_with(b"HTTP/"));
    if is_request_line { rest } else { capture }
}
